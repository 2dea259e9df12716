/// The header of an IVF file: 32 bytes, little-endian.
struct IVFHeader: Equatable, Sendable {
    var fourCC: String
    var width: Int
    var height: Int
    var timebaseNumerator: Int
    var timebaseDenominator: Int
    var frameCount: Int?

    /// Offset of the frame count, which a writer knows last.
    static let frameCountOffset = 24

    /// Reads the header and leaves `source` at the first frame.
    init(from source: inout FileSource) throws(MediaFileError) {
        let magic = try source.read(upTo: 4)
        guard magic.spells("DKIF") else { throw source.failure("not an IVF file: it does not begin with DKIF", at: 0) }
        let what = "the IVF header"

        let version: UInt16 = try source.readLittleEndian(of: what)
        guard version == 0 else { throw source.failure("IVF version \(version), only 0 is known", at: 4) }
        let headerBytes: UInt16 = try source.readLittleEndian(of: what)
        guard (32...1024).contains(headerBytes) else {
            throw source.failure("IVF header of \(headerBytes) bytes, not 32 to 1024", at: 6)
        }

        let name = try source.read(exactly: 4, of: what)
        guard name.allSatisfy({ (0x20...0x7E).contains($0) }) else {
            throw source.failure("the codec's name is not four ASCII characters", at: 8)
        }
        fourCC = String(decoding: name, as: UTF8.self)

        width = Int(try source.readLittleEndian(UInt16.self, of: what))
        height = Int(try source.readLittleEndian(UInt16.self, of: what))
        let sides = 1...MediaFileLimits.pictureSide
        guard sides.contains(width), sides.contains(height) else {
            throw source.failure("picture of \(width)x\(height), the limit is 1 to \(sides.upperBound) a side", at: 12)
        }

        timebaseDenominator = Int(try source.readLittleEndian(UInt32.self, of: what))
        timebaseNumerator = Int(try source.readLittleEndian(UInt32.self, of: what))
        guard timebaseDenominator > 0, timebaseNumerator > 0 else {
            throw source.failure("time base of \(timebaseNumerator)/\(timebaseDenominator) s", at: 16)
        }

        let frames: UInt32 = try source.readLittleEndian(of: what)
        frameCount = frames == 0 || frames == .max ? nil : Int(frames)
        _ = try source.read(exactly: Int(headerBytes) - 28, of: what)
    }
}

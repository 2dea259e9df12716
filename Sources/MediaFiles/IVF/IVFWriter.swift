/// Writes IVF. Create, `write` …, `finish`; the frame count is put into the header by `finish`.
public struct IVFWriter: ~Copyable, Sendable {
    /// Frames written so far.
    public private(set) var frameCount = 0
    private var sink: FileSink

    /// Creates the file, or empties it. `fourCC` is four ASCII characters ("VP80"); a timestamp counts units of
    /// `timebaseNumerator` / `timebaseDenominator` seconds. Throws if a value does not fit its field.
    public init(
        path: String, fourCC: String, width: Int, height: Int, timebaseDenominator: Int, timebaseNumerator: Int
    ) throws(MediaFileError) {
        let name = Array(fourCC.utf8)
        guard name.count == 4, name.allSatisfy({ (0x20...0x7E).contains($0) }) else {
            throw MediaFileError(path: path, what: "the codec's name \"\(fourCC)\" is not four ASCII characters")
        }
        let sides = 1...MediaFileLimits.pictureSide
        guard sides.contains(width), sides.contains(height) else {
            throw MediaFileError(
                path: path, what: "picture of \(width)x\(height), the limit is 1 to \(sides.upperBound) a side")
        }
        let units = 1...Int(UInt32.max)
        guard units.contains(timebaseDenominator), units.contains(timebaseNumerator) else {
            throw MediaFileError(path: path, what: "time base of \(timebaseNumerator)/\(timebaseDenominator) s")
        }

        var header: [UInt8] = []
        header.append(ascii: "DKIF")
        header.appendLittleEndian(UInt16(0))
        header.appendLittleEndian(UInt16(32))
        header += name
        header.appendLittleEndian(UInt16(width))
        header.appendLittleEndian(UInt16(height))
        header.appendLittleEndian(UInt32(timebaseDenominator))
        header.appendLittleEndian(UInt32(timebaseNumerator))
        header.appendLittleEndian(UInt64(0))
        var sink = try FileSink(path: path)
        try sink.write(header)
        self.sink = sink
    }

    /// Appends a frame. Throws if it is over `MediaFileLimits.frameBytes` or the disk refuses.
    public mutating func write(_ data: [UInt8], timestamp: UInt64) throws(MediaFileError) {
        guard data.count <= MediaFileLimits.frameBytes else {
            throw sink.failure("frame of \(data.count) bytes, more than the limit of \(MediaFileLimits.frameBytes)")
        }
        var header: [UInt8] = []
        header.appendLittleEndian(UInt32(data.count))
        header.appendLittleEndian(timestamp)
        try sink.write(header)
        try sink.write(data)
        frameCount += 1
    }

    /// Puts the frame count into the header and closes the file. Throws if the disk refuses.
    public mutating func finish() throws(MediaFileError) {
        var count: [UInt8] = []
        count.appendLittleEndian(UInt32(clamping: frameCount))
        try sink.patch(count, at: IVFHeader.frameCountOffset)
        try sink.finish()
    }
}

/// Cuts VP8 frames into RTP payloads (RFC 7741 section 4): a descriptor with a 15-bit picture id, S on the first
/// payload.
///
/// All payloads of a frame but the last have the same size, so that the kernel can send them as one segmented run.
/// Partition borders are not looked for: every payload says partition 0.
public struct VP8Packetizer: Sendable {
    /// Bytes that a payload may have, descriptor included.
    public let maximumPayloadSize: Int
    /// The id that the next frame gets, 0 ... 32767.
    public private(set) var nextPictureID: UInt16

    /// Descriptor with X, I and a 15-bit picture id.
    static let descriptorLength = 4

    /// - Parameters:
    ///   - maximumPayloadSize: at least 16 bytes; smaller values count as 16.
    ///   - initialPictureID: random by the RFC; the low 15 bits count.
    public init(maximumPayloadSize: Int = 1100, initialPictureID: UInt16) {
        self.maximumPayloadSize = max(16, maximumPayloadSize)
        nextPictureID = initialPictureID & 0x7FFF
    }

    /// The payloads of one encoded frame, in order; the last one's packet carries the marker. Empty for an empty frame.
    ///
    /// - Parameter nonReference: sets N: no other frame refers to this one.
    public mutating func packetize(_ frame: [UInt8], nonReference: Bool = false) -> [[UInt8]] {
        guard !frame.isEmpty else { return [] }
        var descriptor = VP8PayloadDescriptor(
            nonReference: nonReference, startOfPartition: true, pictureID: nextPictureID)
        nextPictureID = (nextPictureID &+ 1) & 0x7FFF
        let size = Self.chunkSize(of: frame.count, capacity: maximumPayloadSize - Self.descriptorLength)
        var payloads: [[UInt8]] = []
        payloads.reserveCapacity((frame.count + size - 1) / size)
        for start in stride(from: 0, to: frame.count, by: size) {
            let end = min(start + size, frame.count)
            var writer = ByteWriter(reservingCapacity: Self.descriptorLength + end - start)
            descriptor.write(to: &writer)
            writer.write(frame[start..<end])
            payloads.append(writer.bytes)
            descriptor.startOfPartition = false
        }
        return payloads
    }

    /// The size of every chunk but the last: as few chunks as possible, as even as possible.
    static func chunkSize(of total: Int, capacity: Int) -> Int {
        let count = (total + capacity - 1) / capacity
        return (total + count - 1) / count
    }
}

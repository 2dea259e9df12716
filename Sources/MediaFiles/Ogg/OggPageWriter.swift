/// Writes the pages of one Ogg stream, numbered in order.
struct OggPageWriter: ~Copyable, Sendable {
    private let serial: UInt32
    private var sequence: UInt32 = 0
    private var sink: FileSink

    /// Creates the file, or empties it.
    init(path: String, serial: UInt32) throws(MediaFileError) {
        sink = try FileSink(path: path)
        self.serial = serial
    }

    func failure(_ what: String) -> MediaFileError { sink.failure(what) }

    /// Appends a page of whole packets. `lacing` has at most `OggPage.maximumSegments` entries.
    mutating func write(
        lacing: [UInt8], body: [UInt8], granule: Int64, isFirst: Bool = false, isLast: Bool = false
    ) throws(MediaFileError) {
        let page = OggPage(
            isFirst: isFirst, isLast: isLast, granulePosition: granule, serial: serial, sequence: sequence,
            lacing: lacing, body: body)
        try sink.write(page.serialized())
        sequence &+= 1
    }

    mutating func finish() throws(MediaFileError) { try sink.finish() }
}

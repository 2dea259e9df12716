/// Puts the packets of an Ogg file with one logical stream together (RFC 3533 §5, §6). Strict: a gap in the page
/// numbers, a second stream, a packet cut short or a missing last page is an error.
struct OggPacketReader: ~Copyable, Sendable {
    /// The packets that end on one page.
    struct PageContent {
        /// Each packet with the offset of the page that it begins on.
        var packets: [(bytes: [UInt8], offset: Int)] = []
        var granulePosition: Int64?
        var isLast = false
        /// Offset of the page.
        var offset = 0
        /// Whether a packet goes on after this page.
        var hasOpenPacket = false
    }

    /// A place between two pages to come back to.
    struct Bookmark {
        fileprivate let offset: Int
        fileprivate let sequence: UInt32
    }

    private(set) var source: FileSource
    private var serial: UInt32?
    private var sequence: UInt32 = 0
    private var open: (bytes: [UInt8], offset: Int)?
    private var isFinished = false

    init(path: String) throws(MediaFileError) {
        source = try FileSource(path: path)
    }

    /// The next page, or nil after the last. `packetLimit` in bytes.
    mutating func nextPage(packetLimit: Int) throws(MediaFileError) -> PageContent? {
        let start = source.offset
        guard let page = try source.readOggPage() else {
            guard serial != nil else { throw source.failure("an empty file") }
            guard isFinished else { throw source.failure("the file ends without the stream's last page") }
            return nil
        }
        try check(page, at: start)

        var content = PageContent(granulePosition: page.granulePosition, isLast: page.isLast, offset: start)
        var position = 0
        for segment in page.lacing {
            var packet = open ?? (bytes: [], offset: start)
            // The segments add up to the body: the body was read by their sum.
            packet.bytes += page.body[position..<position + Int(segment)]
            position += Int(segment)
            guard packet.bytes.count <= packetLimit else {
                throw source.failure("packet of over \(packetLimit) bytes, the limit", at: packet.offset)
            }
            if segment == 255 {
                open = packet
            } else {
                content.packets.append(packet)
                open = nil
            }
        }
        content.hasOpenPacket = open != nil

        guard content.packets.isEmpty || page.granulePosition != nil else {
            throw source.failure("packets end on the page, but it tells no position", at: start)
        }
        guard !page.isLast || open == nil else { throw source.failure("the last page ends inside a packet", at: start) }
        isFinished = page.isLast
        return content
    }

    /// Here, between two pages. Taken where no packet is open.
    var bookmark: Bookmark { Bookmark(offset: source.offset, sequence: sequence) }

    mutating func go(to bookmark: Bookmark) throws(MediaFileError) {
        try source.seek(to: bookmark.offset)
        sequence = bookmark.sequence
        open = nil
        isFinished = false
    }

    private mutating func check(_ page: OggPage, at start: Int) throws(MediaFileError) {
        if let serial {
            guard page.serial == serial, !page.isFirst else {
                throw source.failure("a second stream begins; only files with one stream are supported", at: start)
            }
            guard !isFinished else { throw source.failure("the stream goes on after its last page", at: start) }
            guard page.sequence == sequence else {
                throw source.failure("page \(page.sequence) where page \(sequence) must be", at: start)
            }
        } else {
            guard page.isFirst else { throw source.failure("the stream's first page is missing", at: start) }
            serial = page.serial
        }
        guard page.isContinued == (open != nil) else {
            throw source.failure(
                page.isContinued ? "a packet goes on that never began" : "a packet is cut short", at: start)
        }
        sequence = page.sequence &+ 1
    }
}

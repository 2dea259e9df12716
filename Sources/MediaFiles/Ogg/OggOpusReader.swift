/// Reads Ogg Opus (RFC 7845) with one stream, mono or stereo. One page is in memory at a time.
///
/// To play: decode every packet, keep `packet.keep` of its samples. After an error only `rewind()` makes sense.
public struct OggOpusReader: ~Copyable, Sendable {
    /// 1 or 2.
    public var channels: Int { head.channels }
    /// Samples at 48 kHz to drop at the start; `OggOpusPacket.keep` has them left out already.
    public var preSkip: Int { head.preSkip }
    /// Hz of what went into the encoder, for information; 0 where not known. Packets are always at 48 kHz.
    public var inputSampleRate: Int { head.inputSampleRate }
    /// In 1/256 dB, to be applied after decoding.
    public var outputGain: Int { head.outputGain }

    private let head: OpusHead
    private let firstAudio: OggPacketReader.Bookmark
    private var pages: OggPacketReader
    private var queue: [OggOpusPacket] = []
    private var nextInQueue = 0
    private var lastGranule: Int64?
    private var samplesToSkip: Int

    /// Opens the file and reads both headers. Throws if it is not Ogg Opus, or in a form that is not supported.
    public init(path: String) throws(MediaFileError) {
        var pages = try OggPacketReader(path: path)
        head = try Self.readHeaders(of: &pages)
        firstAudio = pages.bookmark
        samplesToSkip = head.preSkip
        self.pages = pages
    }

    /// The next packet, or nil after the last. Throws where the file is broken.
    public mutating func next() throws(MediaFileError) -> OggOpusPacket? {
        while nextInQueue == queue.count {
            guard let page = try pages.nextPage(packetLimit: MediaFileLimits.opusPacketBytes) else { return nil }
            queue = try packets(of: page)
            nextInQueue = 0
        }
        defer { nextInQueue += 1 }
        return queue[nextInQueue]
    }

    /// Goes back to the first audio packet. Throws if the file is a pipe.
    public mutating func rewind() throws(MediaFileError) {
        try pages.go(to: firstAudio)
        queue = []
        nextInQueue = 0
        lastGranule = nil
        samplesToSkip = head.preSkip
    }

    /// Takes OpusHead, alone on its page, and OpusTags, which ends the page where it ends (RFC 7845 §3).
    private static func readHeaders(of pages: inout OggPacketReader) throws(MediaFileError) -> OpusHead {
        let first = try headerPage(of: &pages, limit: MediaFileLimits.opusPacketBytes)
        guard first.packets.count == 1, let packet = first.packets.first, !first.hasOpenPacket, !first.isLast else {
            throw pages.source.failure("the first page must hold OpusHead and nothing else", at: first.offset)
        }
        // The packet begins after the page's header and its one table entry.
        let head = try OpusHead(packet: packet.bytes, path: pages.source.path, offset: OggPage.headerBytes + 1)

        var tags = try headerPage(of: &pages, limit: MediaFileLimits.frameBytes)
        while tags.packets.isEmpty { tags = try headerPage(of: &pages, limit: MediaFileLimits.frameBytes) }
        guard tags.packets.count == 1, let comment = tags.packets.first, comment.bytes.spells("OpusTags"),
            !tags.hasOpenPacket
        else {
            throw pages.source.failure("the second packet must be OpusTags and end its page", at: tags.offset)
        }
        guard !tags.isLast else {
            throw pages.source.failure("the stream ends before its first audio packet", at: tags.offset)
        }
        return head
    }

    private static func headerPage(
        of pages: inout OggPacketReader, limit: Int
    ) throws(MediaFileError) -> OggPacketReader.PageContent {
        guard let page = try pages.nextPage(packetLimit: limit) else {
            throw pages.source.failure("the stream ends inside its headers")
        }
        return page
    }

    /// Gives each packet of a page its length and the part of it to keep.
    private mutating func packets(of page: OggPacketReader.PageContent) throws(MediaFileError) -> [OggOpusPacket] {
        var result: [OggOpusPacket] = []
        var pageSamples = 0
        for packet in page.packets {
            guard let samples = OpusDuration.samples(of: packet.bytes) else {
                throw pages.source.failure(
                    "an Opus packet of \(packet.bytes.count) bytes is malformed", at: packet.offset)
            }
            let skipped = min(samplesToSkip, samples)
            samplesToSkip -= skipped
            pageSamples += samples
            result.append(OggOpusPacket(data: packet.bytes, samples: samples, keep: skipped..<samples))
        }
        guard let granule = page.granulePosition else { return result }
        try trimEnd(of: &result, page: page, granule: granule, pageSamples: pageSamples)
        if !result.isEmpty { result[result.count - 1].granulePosition = granule }
        lastGranule = granule
        return result
    }

    /// Checks the page's position. It may be ahead of the samples (a recording with a gap); behind them only on the
    /// last page, where it cuts the end (RFC 7845 §4.4, §4.5).
    private func trimEnd(
        of packets: inout [OggOpusPacket], page: OggPacketReader.PageContent, granule: Int64, pageSamples: Int
    ) throws(MediaFileError) {
        guard granule >= lastGranule ?? 0 else {
            throw pages.source.failure("the position goes back from \(lastGranule ?? 0) to \(granule)", at: page.offset)
        }
        // Both are at least 0 here, so that the difference is in range.
        let advance = granule - (lastGranule ?? 0)
        guard advance < Int64(pageSamples) else { return }
        guard page.isLast else {
            throw pages.source.failure(
                "the position advances by \(advance) samples, the page's packets by \(pageSamples)", at: page.offset)
        }
        var surplus = pageSamples - Int(advance)
        for index in packets.indices.reversed() {
            let cut = min(surplus, packets[index].samples)
            surplus -= cut
            let end = packets[index].samples - cut
            packets[index].keep = min(packets[index].keep.lowerBound, end)..<end
        }
    }
}

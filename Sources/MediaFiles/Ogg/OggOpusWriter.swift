/// Writes Ogg Opus (RFC 7845), mono or stereo, a page a second. Create, `write` …, `finish`.
public struct OggOpusWriter: ~Copyable, Sendable {
    /// Samples at 48 kHz written so far, pre-skip included.
    public private(set) var samplesWritten: Int64 = 0
    private var lacing: [UInt8] = []
    private var body: [UInt8] = []
    private var pageStart: Int64 = 0
    private var lastTOC: UInt8?
    private var pages: OggPageWriter

    private static let samplesPerPage: Int64 = 48_000

    /// Creates the file, or empties it. `preSkip` is the encoder's lookahead in samples at 48 kHz; `serial` tells
    /// streams apart and should be random; `inputSampleRate` in Hz is for information. Throws if a value does not fit
    /// its field.
    public init(
        path: String, channels: Int, preSkip: Int, serial: UInt32, inputSampleRate: Int = 48_000
    ) throws(MediaFileError) {
        guard (1...2).contains(channels) else {
            throw MediaFileError(path: path, what: "\(channels) channels, only 1 and 2 are supported")
        }
        guard (0...Int(UInt16.max)).contains(preSkip), (0...Int(UInt32.max)).contains(inputSampleRate) else {
            throw MediaFileError(
                path: path, what: "pre-skip of \(preSkip) samples at \(inputSampleRate) Hz does not fit")
        }
        var pages = try OggPageWriter(path: path, serial: serial)
        let head = OpusHead(channels: channels, preSkip: preSkip, inputSampleRate: inputSampleRate).packet
        try pages.write(lacing: OggPage.lacing(ofPacket: head.count), body: head, granule: 0, isFirst: true)
        let tags = Self.tags
        try pages.write(lacing: OggPage.lacing(ofPacket: tags.count), body: tags, granule: 0)
        self.pages = pages
    }

    /// Appends a packet that lasts `samples48k` samples at 48 kHz. Throws if the packet is malformed, says another
    /// length, or is over `MediaFileLimits.opusPacketBytes`, or the disk refuses.
    public mutating func write(_ packet: [UInt8], samples48k: Int) throws(MediaFileError) {
        guard let samples = OpusDuration.samples(of: packet), packet.count <= MediaFileLimits.opusPacketBytes else {
            throw pages.failure("an Opus packet of \(packet.count) bytes is malformed")
        }
        guard samples == samples48k else {
            throw pages.failure("an Opus packet lasts \(samples) samples, not \(samples48k)")
        }
        let segments = OggPage.lacing(ofPacket: packet.count)
        // One packet always stays behind, for the page that ends the stream.
        let isFull = lacing.count + segments.count > OggPage.maximumSegments
        if !lacing.isEmpty, isFull || samplesWritten - pageStart >= Self.samplesPerPage { try flushPage() }
        lacing += segments
        body += packet
        samplesWritten += Int64(samples)
        lastTOC = packet.first
    }

    /// Keeps the time of packets that never arrived: writes packets that ask the decoder to conceal (RFC 7845 §4.1).
    /// Throws unless `samples48k` is a multiple of 120, at most one minute.
    public mutating func writeLoss(samples48k: Int) throws(MediaFileError) {
        guard (0...2_880_000).contains(samples48k), samples48k % 120 == 0 else {
            throw pages.failure("a loss of \(samples48k) samples, not a multiple of 120 up to one minute")
        }
        var left = samples48k
        // An empty frame in the last packet's own mode conceals best; what is left over goes in CELT frames of 2.5 ms.
        let sameMode = (lastTOC ?? 0xF8) & 0xFC
        for toc in [sameMode, 0xE0 | sameMode & 4] {
            let frame = OpusDuration.frameSamples(toc: toc)
            while left >= frame {
                try write([toc], samples48k: frame)
                left -= frame
            }
        }
    }

    /// Writes the last page and closes the file. `trimmingEnd` is the number of samples at the end that are only the
    /// encoder's filling. Throws if the disk refuses.
    public mutating func finish(trimmingEnd: Int = 0) throws(MediaFileError) {
        samplesWritten -= Int64(min(max(0, trimmingEnd), Int(samplesWritten - pageStart)))
        try flushPage(isLast: true)
        try pages.finish()
    }

    private mutating func flushPage(isLast: Bool = false) throws(MediaFileError) {
        try pages.write(lacing: lacing, body: body, granule: samplesWritten, isLast: isLast)
        lacing.removeAll(keepingCapacity: true)
        body.removeAll(keepingCapacity: true)
        pageStart = samplesWritten
    }

    /// The comment header (RFC 7845 §5.2) with our name and no comments.
    private static var tags: [UInt8] {
        let vendor = Array("Lens Relay".utf8)
        var bytes: [UInt8] = []
        bytes.append(ascii: "OpusTags")
        bytes.appendLittleEndian(UInt32(vendor.count))
        bytes += vendor
        bytes.appendLittleEndian(UInt32(0))
        return bytes
    }
}

import MediaWire

// The parsers over arrays, because a span cannot be captured by `#expect` and `#require`.

extension DatagramKind { init(_ bytes: [UInt8]) { self.init(bytes.rawSpan) } }

extension RTPHeader {
    init?(_ bytes: [UInt8]) { self.init(bytes.rawSpan) }
    func payloadRange(in bytes: [UInt8]) -> Range<Int>? { payloadRange(in: bytes.rawSpan) }
    func extensionElement(_ id: UInt8, in bytes: [UInt8]) -> Range<Int>? { extensionElement(id, in: bytes.rawSpan) }
}

extension RTPPacket { init?(_ bytes: [UInt8]) { self.init(bytes.rawSpan) } }
extension AbsoluteCaptureTime { init?(_ bytes: [UInt8]) { self.init(bytes.rawSpan) } }
extension ReportBlock { init?(_ bytes: [UInt8], at offset: Int) { self.init(bytes.rawSpan, at: offset) } }
extension SenderInfo { init?(_ bytes: [UInt8], at offset: Int) { self.init(bytes.rawSpan, at: offset) } }

extension RTCPHeaderView {
    func senderSSRC(in bytes: [UInt8]) -> SSRC? { senderSSRC(in: bytes.rawSpan) }
    func mediaSSRC(in bytes: [UInt8]) -> SSRC? { mediaSSRC(in: bytes.rawSpan) }
    func senderInfo(in bytes: [UInt8]) -> SenderInfo? { senderInfo(in: bytes.rawSpan) }
    func reportBlock(_ index: Int, in bytes: [UInt8]) -> ReportBlock? { reportBlock(index, in: bytes.rawSpan) }
    func nackEntry(_ index: Int, in bytes: [UInt8]) -> NACKEntry? { nackEntry(index, in: bytes.rawSpan) }
    func goodbyeSource(_ index: Int, in bytes: [UInt8]) -> SSRC? { goodbyeSource(index, in: bytes.rawSpan) }
    func fullIntraEntry(_ index: Int, in bytes: [UInt8]) -> FullIntraRequest.Entry? {
        fullIntraEntry(index, in: bytes.rawSpan)
    }
}

extension RTCPPacket {
    static func parseCompound(_ bytes: [UInt8], allowReducedSize: Bool) -> [RTCPPacket]? {
        parseCompound(bytes.rawSpan, allowReducedSize: allowReducedSize)
    }
}

extension VP8PayloadDescriptor {
    init?(_ bytes: [UInt8]) { self.init(bytes.rawSpan) }
    func startsKeyframe(in bytes: [UInt8]) -> Bool { startsKeyframe(in: bytes.rawSpan) }
    func frameHeader(in bytes: [UInt8]) -> VP8FrameHeader? { frameHeader(in: bytes.rawSpan) }
}

extension VP8FrameHeader { init?(_ bytes: [UInt8]) { self.init(bytes.rawSpan) } }
extension VP8Depacketizer {
    static func startsKeyframe(_ bytes: [UInt8]) -> Bool { startsKeyframe(bytes.rawSpan) }
}

extension OpusPacket {
    static func duration(_ bytes: [UInt8]) -> Int? { duration(bytes.rawSpan) }
    static func channelCount(_ bytes: [UInt8]) -> Int? { channelCount(bytes.rawSpan) }
    static func frameCount(_ bytes: [UInt8]) -> Int? { frameCount(bytes.rawSpan) }
    static func frames(_ bytes: [UInt8]) -> [Range<Int>]? { frames(bytes.rawSpan) }
}

import MediaWire

/// RTP packets with their extensions, and the payloads of VP8 and Opus.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzRTP(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    let span = bytes.rawSpan
    _ = DatagramKind(span)
    guard let header = RTPHeader(span) else { return 0 }
    for id in 1...14 {
        guard let range = header.extensionElement(UInt8(id), in: span) else { continue }
        precondition(range.lowerBound >= RTPHeader.fixedLength && range.upperBound <= count)
    }
    guard let payload = header.payloadRange(in: span) else { return 0 }
    precondition(payload.lowerBound >= RTPHeader.fixedLength && payload.upperBound <= count)
    let content = Array(bytes[payload])
    if let descriptor = VP8PayloadDescriptor(content.rawSpan) {
        precondition(descriptor.byteCount <= content.count)
        _ = descriptor.startsKeyframe(in: content.rawSpan)
    }
    _ = OpusPacket.duration(content.rawSpan)
    for frame in OpusPacket.frames(content.rawSpan) ?? [] { precondition(frame.upperBound <= content.count) }
    return 0
}

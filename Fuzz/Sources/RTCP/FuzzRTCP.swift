import MediaWire

/// Compound RTCP packets, in both of the ways that they are read.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzRTCP(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    for isReduced in [false, true] {
        if let packets = RTCPPacket.parseCompound(bytes.rawSpan, allowReducedSize: isReduced) {
            precondition(!packets.isEmpty)
        }
        guard var reader = RTCPReader(bytes.rawSpan, allowReducedSize: isReduced) else { continue }
        while let view = reader.next() { _ = view.senderSSRC(in: bytes.rawSpan) }
    }
    return 0
}

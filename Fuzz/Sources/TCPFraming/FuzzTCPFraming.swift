import MediaWire

/// A TCP stream cut anywhere: the frames are the same however its bytes come, and no more is held than one frame.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzTCPFraming(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    guard let first = bytes.first else { return 0 }
    let limit = 300
    func frames(_ step: Int) -> ([[UInt8]], Bool) {
        var stream = FramedStream(limit: limit)
        var found: [[UInt8]] = []
        var offset = 0
        while offset < bytes.count {
            let end = min(offset + step, bytes.count)
            let part = Array(bytes[offset..<end])
            stream.receive(part.rawSpan) { frame in found.append(frame.withUnsafeBytes { Array($0) }) }
            precondition(stream.pendingCount <= limit + 2)
            offset = end
        }
        return (found, stream.isBroken)
    }
    let whole = frames(bytes.count)
    precondition(whole == frames(max(1, Int(first))) && whole == frames(1))
    precondition(whole.0.allSatisfy { !$0.isEmpty && $0.count <= limit })
    return 0
}

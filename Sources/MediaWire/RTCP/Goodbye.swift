/// BYE: sources that leave, with an optional reason (RFC 3550 section 6.6).
public struct Goodbye: RTCPWritable, Sendable, Hashable {
    public var sources: [SSRC]
    /// Written up to the last whole character within 255 bytes of UTF-8.
    public var reason: String?

    public init(sources: [SSRC], reason: String? = nil) {
        self.sources = sources
        self.reason = reason
    }

    /// Nil if the packet is of another type, shorter than its count says, or its reason does not fill the rest.
    public init?(_ header: RTCPHeaderView, in datagram: RawSpan) {
        guard header.type == .goodbye, let body = datagram.slice(header.body) else { return nil }
        var reader = ByteReader(body)
        var sources: [SSRC] = []
        for _ in 0..<header.count {
            guard let source = reader.readUInt32() else { return nil }
            sources.append(SSRC(source))
        }
        var reason: String?
        if let length = reader.readUInt8() {
            guard let text = reader.readSpan(Int(length)), reader.remaining < 4 else { return nil }
            reason = String(decoding: text.toArray(), as: UTF8.self)
        }
        self.init(sources: sources, reason: reason)
    }

    /// More than 31 sources go on in further packets, each with the reason.
    public func write(to writer: inout ByteWriter) {
        var rest = sources[...]
        repeat {
            let some = rest.prefix(RTCPLimits.count)
            rest = rest.dropFirst(RTCPLimits.count)
            writer.writeRTCP(.goodbye, count: some.count) { writer in
                for source in some { writer.write(source.rawValue) }
                guard let reason else { return }
                let text = RTCPLimits.textBytes(reason)
                writer.write(UInt8(truncatingIfNeeded: text.count))
                writer.write(text)
            }
        } while !rest.isEmpty
    }
}

/// Synchronisation source: names one RTP stream within a session (RFC 3550 section 3).
@frozen
public struct SSRC: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    public var rawValue: UInt32
    @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }
    @inlinable public init(_ value: UInt32) { rawValue = value }
    public var description: String { "0x" + String(rawValue, radix: 16) }
}

/// What a datagram on the media port claims to be, by its first bytes (RFC 7983 section 7; RTCP by RFC 5761 section 4).
@frozen
public enum DatagramKind: Sendable {
    case stun
    case dtls
    case rtp
    case rtcp
    case unknown

    @inlinable
    public init(_ bytes: RawSpan) {
        guard let first = bytes.uint8(at: 0) else { self = .unknown; return }
        switch first {
        case 0...3: self = .stun
        case 20...63: self = .dtls
        case 128...191:
            guard let second = bytes.uint8(at: 1) else { self = .unknown; return }
            self = 192...223 ~= second ? .rtcp : .rtp
        default: self = .unknown
        }
    }
}

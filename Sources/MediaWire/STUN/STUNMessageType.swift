/// Method and class of a STUN message (RFC 8489 section 5, figure 3).
public struct STUNMessageType: Hashable, Sendable {
    /// What a message is in its exchange.
    public enum Class: UInt8, Sendable, CaseIterable {
        case request
        case indication
        case successResponse
        case errorResponse
    }

    /// 12 bits.
    public var method: UInt16
    public var messageClass: Class

    /// The one method of ICE (RFC 8489 section 18.2).
    public static let binding: UInt16 = 1

    public init(method: UInt16, _ messageClass: Class) {
        self.method = method & 0xFFF
        self.messageClass = messageClass
    }

    /// Nil if one of the two highest bits is set: then it is no STUN.
    public init?(rawValue: UInt16) {
        guard rawValue < 0x4000 else { return nil }
        // The bits of the class stand between those of the method: M11-M7, C1, M6-M4, C0, M3-M0.
        let bits = UInt8(truncatingIfNeeded: (rawValue >> 7 & 2) | (rawValue >> 4 & 1))
        guard let messageClass = Class(rawValue: bits) else { return nil }
        self.messageClass = messageClass
        method = rawValue & 0xF | rawValue >> 1 & 0x70 | rawValue >> 2 & 0xF80
    }

    public var rawValue: UInt16 {
        let bits = UInt16(messageClass.rawValue)
        return method & 0xF | (method & 0x70) << 1 | (method & 0xF80) << 2 | (bits & 1) << 4 | (bits & 2) << 7
    }
}

/// A STUN message where it stands in a datagram (RFC 8489 section 5): checked as a whole, read by offset, never copied.
///
/// Who sent it is not known: nothing may be done before MESSAGE-INTEGRITY has been checked (`integrity`).
public struct STUNMessage: ~Escapable {
    public let type: STUNMessageType
    public let transaction: STUNTransactionID
    public let bytes: RawSpan
    /// Where MESSAGE-INTEGRITY stands, its head of four bytes included.
    private let integrityOffset: Int?
    /// The attributes that count end here: those behind MESSAGE-INTEGRITY are ignored, FINGERPRINT excepted (section 14.5).
    private let attributesEnd: Int
    /// True if the last attribute is a FINGERPRINT, which fits.
    public let hasFingerprint: Bool

    public static let magicCookie: UInt32 = 0x2112_A442
    public static let headLength = 20
    static let fingerprintMask: UInt32 = 0x5354_554E
    /// A message with more attributes than this is refused.
    public static let maximumAttributes = 32
    /// Bytes of a message at most: none of ICE is as long.
    public static let maximumLength = 2_048

    /// Nil unless the whole datagram is one message: magic cookie, lengths that add up exactly, a first MESSAGE-INTEGRITY, if there is
    /// one, of 20 bytes, and a FINGERPRINT, if there is one, that is last and fits.
    @_lifetime(copy datagram)
    public init?(_ datagram: RawSpan) {
        guard datagram.byteCount <= Self.maximumLength, let word = datagram.uint16(at: 0),
            let type = STUNMessageType(rawValue: word), let length = datagram.uint16(at: 2),
            datagram.uint32(at: 4) == Self.magicCookie, let high = datagram.uint32(at: 8),
            let low = datagram.uint64(at: 12), Int(length) == datagram.byteCount &- Self.headLength, length % 4 == 0
        else { return nil }
        var offset = Self.headLength
        var integrity: Int?
        var hasFingerprint = false
        var count = 0
        while offset < datagram.byteCount {
            guard !hasFingerprint, count < Self.maximumAttributes, let attribute = Attribute(datagram, at: offset)
            else {
                return nil
            }
            switch attribute.type {
            case .messageIntegrity where integrity == nil:
                guard attribute.value.count == 20 else { return nil }
                integrity = offset
            case .fingerprint:
                let checksum = CRC32.checksum(datagram, count: offset) ^ Self.fingerprintMask
                guard attribute.value.count == 4, datagram.uint32(at: offset &+ 4) == checksum else { return nil }
                hasFingerprint = true
            default: break
            }
            offset = attribute.end
            count &+= 1
        }
        self.type = type
        transaction = STUNTransactionID(high: high, low: low)
        bytes = datagram
        integrityOffset = integrity
        attributesEnd = integrity ?? (hasFingerprint ? datagram.byteCount &- 8 : datagram.byteCount)
        self.hasFingerprint = hasFingerprint
    }

    /// One attribute's type and where its value lies.
    private struct Attribute {
        let type: STUNAttributeType
        let value: Range<Int>
        /// Behind the padding.
        let end: Int

        init?(_ datagram: RawSpan, at offset: Int) {
            guard let type = datagram.uint16(at: offset), let length = datagram.uint16(at: offset &+ 2) else {
                return nil
            }
            let start = offset &+ 4
            let end = start &+ (Int(length) &+ 3) & ~3
            guard end <= datagram.byteCount else { return nil }
            self.type = STUNAttributeType(rawValue: type)
            value = start..<(start &+ Int(length))
            self.end = end
        }
    }

    /// The value of the first attribute of this type in front of MESSAGE-INTEGRITY; nil if there is none.
    @_lifetime(copy self)
    public func value(of type: STUNAttributeType) -> RawSpan? {
        var offset = Self.headLength
        while offset < attributesEnd, let attribute = Attribute(bytes, at: offset) {
            if attribute.type == type { return bytes.slice(attribute.value) }
            offset = attribute.end
        }
        return nil
    }

    public func has(_ type: STUNAttributeType) -> Bool { value(of: type) != nil }

    /// Types of attributes that must be understood and are not among `known`, in their order.
    public func unknownAttributes(besides known: (STUNAttributeType) -> Bool) -> [STUNAttributeType] {
        var unknown: [STUNAttributeType] = []
        var offset = Self.headLength
        while offset < attributesEnd, let attribute = Attribute(bytes, at: offset) {
            if attribute.type.isComprehensionRequired, !known(attribute.type), !unknown.contains(attribute.type) {
                unknown.append(attribute.type)
            }
            offset = attribute.end
        }
        return unknown
    }

    /// USERNAME's two halves around the first colon (RFC 8445 section 7.2.2): the receiver's fragment and the sender's.
    public var usernameFragments: (receiver: [UInt8], sender: [UInt8])? {
        guard let name = value(of: .username), name.byteCount <= 513 else { return nil }
        let bytes = name.toArray()
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")) else { return nil }
        return (Array(bytes[..<colon]), Array(bytes[(colon + 1)...]))
    }

    public var priority: UInt32? { exactly(4, .priority)?.uint32(at: 0) }
    /// The tie-breaker of a controlled sender (RFC 8445 section 7.3.1.1).
    public var controlledTieBreaker: UInt64? { exactly(8, .iceControlled)?.uint64(at: 0) }
    public var controllingTieBreaker: UInt64? { exactly(8, .iceControlling)?.uint64(at: 0) }
    /// Class times 100 and number, as in 487.
    public var errorCode: Int? {
        guard let value = value(of: .errorCode), let high = value.uint8(at: 2), let low = value.uint8(at: 3),
            (3...6).contains(high & 7), low < 100
        else { return nil }
        return Int(high & 7) * 100 + Int(low)
    }

    /// XOR-MAPPED-ADDRESS (section 14.2).
    public var xorMappedAddress: SocketAddress? {
        guard let value = value(of: .xorMappedAddress), let family = value.uint8(at: 1), let port = value.uint16(at: 2)
        else {
            return nil
        }
        let plainPort = port ^ UInt16(truncatingIfNeeded: Self.magicCookie >> 16)
        switch (family, value.byteCount) {
        case (1, 8):
            return value.uint32(at: 4).map {
                SocketAddress(IPAddress(v4: $0 ^ Self.magicCookie), port: plainPort)
            }
        case (2, 20):
            guard let high = value.uint64(at: 4), let low = value.uint64(at: 12) else { return nil }
            let mask = UInt64(Self.magicCookie) << 32 | UInt64(transaction.high)
            return SocketAddress(IPAddress(v6High: high ^ mask, low: low ^ transaction.low), port: plainPort)
        default: return nil
        }
    }

    @_lifetime(copy self)
    private func exactly(_ count: Int, _ type: STUNAttributeType) -> RawSpan? {
        guard let value = value(of: type), value.byteCount == count else { return nil }
        return value
    }

    /// What MESSAGE-INTEGRITY is made over (section 14.5), and the 20 bytes that came: the message up to the attribute, whose head then
    /// names a length that ends with it. Nil without the attribute.
    public var integrity: (covered: [UInt8], code: [UInt8])? {
        guard let offset = integrityOffset, var covered = bytes.slice(0..<offset)?.toArray(),
            let code = bytes.slice(at: offset &+ 4, count: 20)?.toArray()
        else { return nil }
        let length = offset &+ 24 &- Self.headLength
        covered[2] = UInt8(truncatingIfNeeded: length >> 8)
        covered[3] = UInt8(truncatingIfNeeded: length)
        return (covered, code)
    }
}

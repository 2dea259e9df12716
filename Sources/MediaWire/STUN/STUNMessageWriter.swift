/// Writes a STUN message (RFC 8489): attributes in the order of the calls, then MESSAGE-INTEGRITY and FINGERPRINT.
public struct STUNMessageWriter {
    private var writer: ByteWriter
    private let transaction: STUNTransactionID

    public init(_ type: STUNMessageType, _ transaction: STUNTransactionID) {
        writer = ByteWriter(reservingCapacity: 128)
        self.transaction = transaction
        writer.write(type.rawValue)
        writer.write(UInt16(0))
        writer.write(STUNMessage.magicCookie)
        writer.write(transaction.high)
        writer.write(transaction.low)
    }

    /// - Parameter value: at most 65,535 bytes; what is longer is cut.
    public mutating func write(_ type: STUNAttributeType, _ value: some Collection<UInt8>) {
        let value = value.prefix(0xFFFF)
        writer.write(type.rawValue)
        writer.write(UInt16(truncatingIfNeeded: value.count))
        writer.write(value)
        writer.pad(toMultipleOf: 4)
    }

    public mutating func write(_ type: STUNAttributeType, _ value: UInt32) {
        writer.write(type.rawValue)
        writer.write(UInt16(4))
        writer.write(value)
    }

    public mutating func write(_ type: STUNAttributeType, _ value: UInt64) {
        writer.write(type.rawValue)
        writer.write(UInt16(8))
        writer.write(value)
    }

    /// An attribute that says all by being there.
    public mutating func writeFlag(_ type: STUNAttributeType) {
        writer.write(type.rawValue)
        writer.write(UInt16(0))
    }

    public mutating func writeXORMappedAddress(_ address: SocketAddress) {
        let plain = address.address.unmapped
        writer.write(STUNAttributeType.xorMappedAddress.rawValue)
        writer.write(UInt16(plain.isIPv6 ? 20 : 8))
        writer.write(UInt16(plain.isIPv6 ? 2 : 1))
        writer.write(address.port ^ UInt16(truncatingIfNeeded: STUNMessage.magicCookie >> 16))
        if plain.isIPv6 {
            writer.write(plain.high ^ (UInt64(STUNMessage.magicCookie) << 32 | UInt64(transaction.high)))
            writer.write(plain.low ^ transaction.low)
        } else {
            writer.write(UInt32(truncatingIfNeeded: plain.low) ^ STUNMessage.magicCookie)
        }
    }

    /// ERROR-CODE (section 14.8), such as 487 and "Role Conflict".
    public mutating func writeError(_ code: Int, _ reason: String) {
        let head = [0, 0, UInt8(truncatingIfNeeded: code / 100), UInt8(truncatingIfNeeded: code % 100)]
        write(.errorCode, head + Array(reason.utf8))
    }

    public mutating func writeUnknownAttributes(_ types: [STUNAttributeType]) {
        write(
            .unknownAttributes,
            types.flatMap { [UInt8(truncatingIfNeeded: $0.rawValue >> 8), UInt8(truncatingIfNeeded: $0.rawValue)] })
    }

    /// The finished message.
    /// - Parameter authenticate: makes the HMAC-SHA1 of the bytes given, 20 bytes; nil for a message without MESSAGE-INTEGRITY.
    public consuming func finish(authenticate: (([UInt8]) -> [UInt8]?)? = nil) -> [UInt8]? {
        if let authenticate {
            setLength(writer.count &+ 24)
            guard let code = authenticate(writer.bytes), code.count == 20 else { return nil }
            write(.messageIntegrity, code)
        }
        setLength(writer.count &+ 8)
        let checksum = CRC32.checksum(writer.bytes.rawSpan, count: writer.count) ^ STUNMessage.fingerprintMask
        write(.fingerprint, checksum)
        return writer.bytes
    }

    private mutating func setLength(_ end: Int) {
        writer.patch(UInt16(truncatingIfNeeded: end &- STUNMessage.headLength), at: 2)
    }
}

/// The 96 bits that join a response to its request (RFC 8489 section 5).
@frozen
public struct STUNTransactionID: Hashable, Sendable {
    /// The first four bytes and the other eight, in host order.
    public var high: UInt32
    public var low: UInt64

    @inlinable
    public init(high: UInt32, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// A random one. Whoever can guess it can forge a response, so the generator has to be a cryptographic one.
    public init(using generator: inout some RandomNumberGenerator) {
        high = .random(in: .min ... .max, using: &generator)
        low = .random(in: .min ... .max, using: &generator)
    }
}

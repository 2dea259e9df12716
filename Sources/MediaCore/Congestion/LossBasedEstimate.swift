internal import MediaWire

/// How much a publisher may send by what of it gets lost: the loss-based half of Google's congestion control
/// (draft-ietf-rmcat-gcc-02 section 6), for publishers that ask their receiver.
struct LossBasedEstimate {
    /// In bit/s.
    static let first: Int64 = 2_000_000
    static let range: ClosedRange<Int64> = 100_000...20_000_000

    private(set) var bitrate = first
    private var bytes: UInt64 = 0
    private var since: Instant?

    /// - Parameters:
    ///   - fractionLost: of the last interval, in 1/256.
    ///   - bytes: received so far.
    mutating func update(fractionLost: UInt8, bytes: UInt64, at now: Instant) {
        defer {
            self.bytes = bytes
            since = now
        }
        // A stream that begins anew counts from nothing.
        guard let since, bytes >= self.bytes else { return }
        let milliseconds = max(1, now.nanoseconds(since: since) / 1_000_000)
        let received = min(Int64(clamping: bytes &- self.bytes), 1 << 40) * 8_000 / milliseconds
        // A tenth of 256 is 25.6, a fiftieth 5.1.
        if fractionLost > 25 {
            bitrate -= bitrate * Int64(fractionLost) / 512
        } else if fractionLost <= 5, bitrate < received * 3 / 2 {
            // Only who makes use of what it may send learns whether there is more.
            bitrate += bitrate / 20 + 1_000
        }
        bitrate = min(max(bitrate, Self.range.lowerBound), Self.range.upperBound)
    }
}

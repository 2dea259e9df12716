internal import MediaCore
internal import MediaWire

/// The protected packets that one stream sent last, to answer NACKs with the very same bytes: a sequence number is
/// never protected twice, so no nonce is ever used twice.
struct RetransmissionCache {
    private struct Entry {
        var sequence: SequenceNumber
        var bytes: [UInt8]
        var sent: Instant
        var lastSent: Instant
    }

    private let settings: RetransmissionSettings
    /// A ring by sequence number; its length is a power of two, so that the wrap of the numbers leaves no seam.
    private var entries: [Entry?]

    init(_ settings: RetransmissionSettings) {
        self.settings = settings
        var size = 1
        while size < min(max(settings.packets, 1), 32_768) { size *= 2 }
        entries = Array(repeating: nil, count: size)
    }

    private func slot(of sequence: SequenceNumber) -> Int { Int(sequence.rawValue) & (entries.count - 1) }

    mutating func store(_ bytes: [UInt8], sequence: SequenceNumber, at now: Instant) {
        entries[slot(of: sequence)] = Entry(sequence: sequence, bytes: bytes, sent: now, lastSent: now)
    }

    /// The bytes to send again, or nil if the packet is unknown, too old, or was sent a moment ago.
    mutating func take(_ sequence: SequenceNumber, at now: Instant) -> [UInt8]? {
        let slot = slot(of: sequence)
        guard var entry = entries[slot], entry.sequence == sequence,
            now.nanoseconds(since: entry.sent) <= settings.ageMilliseconds &* 1_000_000
        else { return nil }
        guard now.nanoseconds(since: entry.lastSent) >= settings.spacingMilliseconds &* 1_000_000 else { return nil }
        entry.lastSent = now
        entries[slot] = entry
        return entry.bytes
    }
}

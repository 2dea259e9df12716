internal import MediaWire

/// Gives a slot its own continuous sequence numbers and timestamps, whatever feeds it.
///
/// A *segment* is a run from one source; each new segment (first packet, another source, gate opened again) is joined to what
/// was sent before: the next sequence number, and a timestamp moved on by the time in between.
struct RTPRewriter {
    private var sequenceOffset: UInt16 = 0
    private(set) var timestampOffset: UInt32 = 0
    /// The first extended sequence number of the segment: older packets belong to what came before it.
    private var firstExtended: Int64 = 0
    private var newestExtended: Int64 = 0
    private var lastSequence: SequenceNumber
    private var lastTimestamp: RTPTimestamp
    private var lastSentAt: Instant?
    /// The next packet begins a segment.
    private(set) var needsAnchor = true

    /// - Parameters: where the slot's own numbers begin; random (RFC 3550 section 5.1).
    init(firstSequence: SequenceNumber, firstTimestamp: RTPTimestamp) {
        lastSequence = firstSequence.advanced(by: -1)
        lastTimestamp = firstTimestamp
    }

    /// Ends the segment: the next packet begins another.
    mutating func endSegment() { needsAnchor = true }

    /// The outgoing numbers of a packet. Nil for a packet older than the segment.
    mutating func rewrite(
        _ header: RTPHeader, extended: Int64, clockRate: UInt32, at now: Instant
    ) -> (sequence: SequenceNumber, timestamp: RTPTimestamp)? {
        if needsAnchor { anchor(header, extended: extended, clockRate: clockRate, at: now) }
        guard let numbers = existing(header, extended: extended) else { return nil }
        if extended >= newestExtended {
            newestExtended = extended
            lastSequence = numbers.sequence
            lastTimestamp = numbers.timestamp
            lastSentAt = now
        }
        return numbers
    }

    /// The outgoing numbers of a packet of this segment, for sending it again. Changes nothing.
    func existing(_ header: RTPHeader, extended: Int64) -> (sequence: SequenceNumber, timestamp: RTPTimestamp)? {
        guard !needsAnchor, extended >= firstExtended else { return nil }
        return (
            SequenceNumber(header.sequenceNumber.rawValue &+ sequenceOffset),
            RTPTimestamp(header.timestamp.rawValue &+ timestampOffset)
        )
    }

    /// The source's sequence number behind one that the slot sent.
    func sourceSequence(of sent: SequenceNumber) -> SequenceNumber {
        SequenceNumber(sent.rawValue &- sequenceOffset)
    }

    private mutating func anchor(_ header: RTPHeader, extended: Int64, clockRate: UInt32, at now: Instant) {
        var timestamp = lastTimestamp
        if let lastSentAt {
            let elapsed = max(0, now.nanoseconds(since: lastSentAt))
            let ticks = Int64(clockRate) &* (elapsed / 1_000_000) / 1000
            timestamp = timestamp.advanced(by: Int(truncatingIfNeeded: max(1, ticks)))
        }
        sequenceOffset = lastSequence.rawValue &+ 1 &- header.sequenceNumber.rawValue
        timestampOffset = timestamp.rawValue &- header.timestamp.rawValue
        firstExtended = extended
        newestExtended = extended
        needsAnchor = false
    }
}

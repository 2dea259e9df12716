public import MediaWire

/// What was received of one RTP stream, and the report block that tells its sender (RFC 3550 sections 6.4.1, A.3, A.8).
///
/// Fed with packets that SRTP has authenticated and found new, which lets it be simpler than RFC 3550 A.1: there is no
/// probation, and a jump of up to 32,767 numbers is loss and never a restart. Repeats must not be recorded.
/// Allocates nothing.
public struct ReceptionStatistics: Sendable {
    public let ssrc: SSRC

    /// Packets recorded, late and retransmitted ones included.
    public private(set) var packetsReceived: UInt64 = 0
    /// Bytes recorded, as the caller counts them.
    public private(set) var bytesReceived: UInt64 = 0
    /// Packets older than the newest one when they came.
    public private(set) var packetsOutOfOrder: UInt64 = 0

    /// First and newest packet, numbered without wrap. A first packet overtaken by earlier ones hands its place on to
    /// them.
    private var base: Int64 = 0
    private var unwrapper = SequenceUnwrapper()

    /// A late packet further behind the first one than this does not move the start of the count.
    private static let latestBase: Int64 = 128

    // Figures at the last report.
    private var expectedPrior: Int64 = 0
    private var receivedPrior: Int64 = 0

    // A.8: jitter in 1/16 of a timestamp unit; the transit of the newest packet in timestamp units, both modulo 2^32.
    private var jitterQ4: UInt32 = 0
    private var transit: UInt32?
    private var clockRate: UInt32 = 0

    private var senderReport: (compact: UInt32, arrival: Instant)?

    public init(ssrc: SSRC) { self.ssrc = ssrc }

    /// Counts one packet.
    ///
    /// Interarrival jitter follows packets in order only: a retransmission says nothing about the network's jitter.
    /// - Parameters:
    ///   - clockRate: of the packet's payload type, in Hz; a change starts the next jitter interval anew.
    ///   - bytes: what the caller wants summed up in `bytesReceived`.
    public mutating func record(
        sequence: SequenceNumber, timestamp: RTPTimestamp, arrival: Instant, clockRate: UInt32, bytes: Int
    ) {
        packetsReceived &+= 1
        bytesReceived &+= UInt64(clamping: bytes)
        guard let newest = unwrapper.newest else {
            base = unwrapper.unwrap(sequence)
            noteTransit(timestamp, arrival, clockRate)
            return
        }
        let extended = unwrapper.unwrap(sequence)
        if extended > newest {
            noteTransit(timestamp, arrival, clockRate)
        } else {
            packetsOutOfOrder &+= 1
            if extended < base, base &- extended <= Self.latestBase { base = extended }
        }
    }

    private mutating func noteTransit(_ timestamp: RTPTimestamp, _ arrival: Instant, _ rate: UInt32) {
        let seconds = arrival.nanoseconds / 1_000_000_000
        let rest = arrival.nanoseconds % 1_000_000_000
        let ticks = seconds &* UInt64(rate) &+ rest &* UInt64(rate) / 1_000_000_000
        let now = UInt32(truncatingIfNeeded: ticks) &- timestamp.rawValue
        if let transit, rate == clockRate {
            let difference = Int32(bitPattern: now &- transit).magnitude
            // The unsigned form of A.8; the average never falls below zero since the subtracted part is at most itself.
            jitterQ4 = jitterQ4 &- (jitterQ4 &+ 8) >> 4 &+ difference
        }
        transit = now
        clockRate = rate
    }

    /// Remembers a sender report of this stream for LSR and DLSR.
    public mutating func recordSenderReport(_ time: NTPTimestamp, arrival: Instant) {
        senderReport = (time.compact, arrival)
    }

    /// True once there is something to report and something came since the last report (RFC 3550 section 6.4).
    public var isReportDue: Bool { packetsReceived != 0 && Int64(clamping: packetsReceived) != receivedPrior }

    /// The newest sequence number, with the count of wraps in the high half; 0 before the first packet.
    public var extendedHighestSequence: UInt32 { UInt32(truncatingIfNeeded: unwrapper.newest ?? 0) }

    /// Packets from the first to the newest, whether they came or not.
    public var packetsExpected: Int64 { unwrapper.newest.map { $0 &- base &+ 1 } ?? 0 }

    /// Packets that never came, so far. Falls when a late or retransmitted one fills its gap.
    public var packetsLost: Int64 { packetsExpected &- Int64(clamping: packetsReceived) }

    /// Smoothed interarrival jitter in timestamp units (RFC 3550 A.8).
    public var jitter: UInt32 { jitterQ4 >> 4 }

    /// Smoothed interarrival jitter in nanoseconds.
    public var jitterNanoseconds: Int64 {
        clockRate == 0 ? 0 : Int64(jitterQ4) &* 1_000_000_000 / (16 &* Int64(clockRate))
    }

    /// The block for the next report; `fractionLost` covers the time since the previous call.
    public mutating func reportBlock(at now: Instant) -> ReportBlock {
        let received = Int64(clamping: packetsReceived)
        let expectedInterval = packetsExpected &- expectedPrior
        let lostInterval = expectedInterval &- (received &- receivedPrior)
        expectedPrior = packetsExpected
        receivedPrior = received
        let fraction = expectedInterval > 0 && lostInterval > 0 ? min(255, lostInterval &* 256 / expectedInterval) : 0
        return ReportBlock(
            ssrc: ssrc,
            fractionLost: UInt8(truncatingIfNeeded: fraction),
            cumulativeLost: Int32(truncatingIfNeeded: min(max(packetsLost, -0x80_0000), 0x7F_FFFF)),
            extendedHighestSequence: extendedHighestSequence,
            jitter: jitter,
            lastSenderReport: senderReport?.compact ?? 0,
            delaySinceLastSenderReport: senderReport.map { Self.delay(since: $0.arrival, at: now) } ?? 0)
    }

    /// Units of 1/65536 s, at most what 32 bits hold (about 18 hours).
    private static func delay(since arrival: Instant, at now: Instant) -> UInt32 {
        let nanoseconds = max(0, now.nanoseconds(since: arrival))
        let seconds = nanoseconds / 1_000_000_000
        guard seconds < 0x1_0000 else { return .max }
        return UInt32(truncatingIfNeeded: seconds << 16 | (nanoseconds % 1_000_000_000) << 16 / 1_000_000_000)
    }
}

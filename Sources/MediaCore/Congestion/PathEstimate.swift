internal import MediaWire

/// What a peer's transport-wide feedback tells of the path to it: what arrives, what is lost, and how long queues hold it up.
///
/// An observer only; what is done about it is decided elsewhere.
struct PathEstimate {
    /// Packets that feedback has told of, once each.
    private(set) var packetsArrived: UInt64 = 0
    private(set) var packetsLost: UInt64 = 0
    /// Payload that arrived in the last second or so, in bit/s.
    private(set) var arrivingBitrate: Int64 = 0
    /// Smoothed share of packets lost, 0 ... 1.
    private(set) var lossFraction = 0.0
    /// Smoothed time that packets took longer than the fastest of the last seconds, in ns.
    private(set) var queueingDelay: Int64 = 0

    /// The peer's clock less ours: least of this window and of the one before, in ns.
    private var least = Int64.max
    private var leastBefore = Int64.max
    private var windowBegan: Instant?
    private var rateBegan: Instant?
    private var rateBytes: Int64 = 0
    private var lastReference: Int32?
    /// Of the peer's reference times, which wrap after 24 bits.
    private var references: Int64 = 0

    /// The fastest packet is one of the last one or two windows, in ns.
    private static let window: Int64 = 10_000_000_000
    private static let rateInterval: Int64 = 500_000_000

    /// Takes in one feedback packet. What it says of packets that nobody sent is not heard.
    mutating func note(
        _ feedback: inout TransportWideFeedbackReader, of history: inout DepartureHistory, at now: Instant
    ) {
        begin(at: now)
        var number = history.extended(feedback.baseSequence)
        var arrival = reference(feedback.referenceTime) &* TransportWideFeedback.referenceUnit
        var arrived = 0
        var lost = 0
        while let packet = feedback.next() {
            switch packet {
            case .received(let delta):
                arrival &+= Int64(delta) &* TransportWideFeedback.deltaUnit
                if let departure = history.take(number) {
                    arrived &+= 1
                    rateBytes &+= Int64(departure.bytes)
                    noteTransit(arrival &- Int64(truncatingIfNeeded: departure.time.nanoseconds))
                }
            // Told as lost now, it may yet be told as arrived: its departure stays.
            case .lost: lost &+= 1
            }
            number &+= 1
        }
        packetsArrived &+= UInt64(arrived)
        packetsLost &+= UInt64(lost)
        guard arrived &+ lost > 0 else { return }
        lossFraction += (Double(lost) / Double(arrived &+ lost) - lossFraction) / 8
    }

    private mutating func noteTransit(_ transit: Int64) {
        least = min(least, transit)
        let delay = transit &- min(least, leastBefore)
        queueingDelay &+= (delay &- queueingDelay) / 16
    }

    private mutating func begin(at now: Instant) {
        if windowBegan.map({ now.nanoseconds(since: $0) >= Self.window }) ?? true {
            windowBegan = now
            leastBefore = least
            least = .max
        }
        guard let began = rateBegan else { return rateBegan = now }
        let elapsed = now.nanoseconds(since: began)
        guard elapsed >= Self.rateInterval else { return }
        arrivingBitrate = rateBytes &* 8 &* 1_000 / max(1, elapsed / 1_000_000)
        rateBytes = 0
        rateBegan = now
    }

    /// A reference time counted on beyond its 24 bits.
    private mutating func reference(_ time: Int32) -> Int64 {
        defer { lastReference = time }
        guard let lastReference else {
            references = Int64(time)
            return references
        }
        // The difference modulo 2^24, as a signed number.
        references &+= Int64(((time &- lastReference) << 8) >> 8)
        return references
    }
}

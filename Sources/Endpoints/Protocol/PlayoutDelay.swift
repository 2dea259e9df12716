internal import MediaCore

/// How long audio packets must wait so that nearly all of them come in time: a quantile of how much later than the
/// fastest packet they arrive, with older packets forgotten bit by bit.
struct PlayoutDelay {
    private static let bucketNanoseconds: Int64 = 4_000_000
    private static let buckets = 64
    /// One packet in twenty may come too late.
    private static let quantile: Float = 0.95
    /// A packet's weight halves over about three seconds of 20 ms packets.
    private static let forgetting: Float = 0.995
    /// The fastest packet is looked for over one to two windows, so that the delay follows drifting clocks.
    private static let windowNanoseconds: Int64 = 5_000_000_000
    /// A jump of the sender's timestamps, not of the network.
    private static let discontinuity: Int64 = 2_000_000_000

    private let minimum: Int64
    private let maximum: Int64
    private var weights = [Float](repeating: 0, count: PlayoutDelay.buckets)
    private var fastest: (current: Int64, previous: Int64)?
    private var windowEnd = Instant(nanoseconds: 0)
    /// Delay beyond the fastest packet, in nanoseconds.
    private(set) var target: Int64

    init(minimumMilliseconds: Int64, maximumMilliseconds: Int64) {
        minimum = max(0, minimumMilliseconds) &* 1_000_000
        maximum = max(minimum, maximumMilliseconds &* 1_000_000)
        target = minimum
    }

    /// Notes a packet.
    /// - Parameter mediaTime: its timestamp in nanoseconds from any origin.
    mutating func record(mediaTime: Int64, arrival: Instant) {
        let transit = Int64(bitPattern: arrival.nanoseconds) &- mediaTime
        guard let known = fastest, abs(transit &- min(known.current, known.previous)) < Self.discontinuity else {
            fastest = (transit, transit)
            windowEnd = arrival.advanced(byNanoseconds: Self.windowNanoseconds)
            weights = Array(repeating: 0, count: Self.buckets)
            target = minimum
            return
        }
        fastest?.current = min(known.current, transit)
        let late = transit &- (fastest.map { min($0.current, $0.previous) } ?? transit)
        if arrival >= windowEnd {
            fastest = (transit, fastest?.current ?? transit)
            windowEnd = arrival.advanced(byNanoseconds: Self.windowNanoseconds)
        }
        update(late)
    }

    private mutating func update(_ late: Int64) {
        let bucket = Int(min(Int64(Self.buckets - 1), max(0, late) / Self.bucketNanoseconds))
        var total: Float = 0
        for index in weights.indices {
            weights[index] *= Self.forgetting
            if index == bucket { weights[index] += 1 - Self.forgetting }
            total += weights[index]
        }
        var sum: Float = 0
        var chosen = weights.count - 1
        for index in weights.indices {
            sum += weights[index]
            if sum >= Self.quantile * total {
                chosen = index
                break
            }
        }
        // The bucket's upper edge, and the least delay on top for the scheduling of both ends.
        let wanted = chosen == 0 ? minimum : Int64(chosen + 1) &* Self.bucketNanoseconds &+ minimum / 2
        target = min(maximum, max(minimum, wanted))
    }

    /// When sound of `mediaTime` is due; nil before the first packet.
    func playout(of mediaTime: Int64) -> Instant? {
        fastest.map {
            // A timestamp from nowhere may lie before the clock began.
            Instant(nanoseconds: UInt64(max(0, min($0.current, $0.previous) &+ mediaTime &+ target)))
        }
    }
}

internal import MediaWire

/// The bond between a sender's wall clock and its RTP clock, from sender reports (RFC 3550 section 6.4.1).
struct MediaClock {
    let rate: UInt32
    private var bond: (ntp: NTPTimestamp, rtp: RTPTimestamp)?

    init(rate: UInt32) { self.rate = max(1, rate) }

    mutating func record(ntp: NTPTimestamp, rtp: RTPTimestamp) { bond = (ntp, rtp) }

    /// The wall-clock time of `timestamp`, or nil before the first report. Good for half the timestamp's range around
    /// the last report (about 12 hours at 48 kHz).
    func time(of timestamp: RTPTimestamp) -> NTPTimestamp? {
        bond.map { $0.ntp.advanced(byNanoseconds: nanoseconds(timestamp.distance(from: $0.rtp))) }
    }

    /// Ticks as nanoseconds.
    func nanoseconds(_ ticks: Int) -> Int64 {
        let seconds = Int64(ticks) / Int64(rate)
        let rest = Int64(ticks) % Int64(rate)
        return seconds &* 1_000_000_000 &+ rest &* 1_000_000_000 / Int64(rate)
    }

    /// Nanoseconds as ticks, rounded.
    func ticks(_ nanoseconds: Int64) -> Int {
        let seconds = nanoseconds / 1_000_000_000
        let rest = nanoseconds % 1_000_000_000
        let fraction = rest &* Int64(rate)
        let half: Int64 = fraction < 0 ? -500_000_000 : 500_000_000
        return Int(seconds &* Int64(rate) &+ (fraction &+ half) / 1_000_000_000)
    }
}

/// Decides how much video is dropped unread when datagrams come faster than they can be forwarded.
///
/// Measures by the time that datagrams wait in the socket. A wait that stays above the limit raises the *level*: the share of
/// video tracks, in 1/256, whose frames are dropped before they are decrypted. Whole tracks are shed rather than frames of all,
/// since a VP8 stream with a frame missing is worthless until its next keyframe: the others stay whole.
struct LoadShedder {
    /// A wait longer than this, in ns, is backlog.
    static let longWait: Int64 = 5_000_000
    /// It has to last this long, so that one stall of the machine sheds nothing.
    static let patience: Int64 = 10_000_000
    /// Below this wait the level may fall, after this time.
    static let shortWait: Int64 = 2_500_000
    static let calm: Int64 = 200_000_000
    /// Levels a millisecond, up while the backlog lasts and down when it is gone.
    static let rise: Int64 = 12
    static let fallDivisor: Int64 = 2
    static let highest: Int64 = 256
    /// New sessions are refused for this long after the last shed.
    static let aftermath: Int64 = 1_000_000_000

    /// Share of video tracks that are shed, 0 ... 256.
    private(set) var level: Int64 = 0
    private var longSince: Instant?
    private var shortSince: Instant?
    private var changedAt = Instant(nanoseconds: 0)
    private var overloadedAt: Instant?
    /// Another set of tracks is shed each time.
    private(set) var round: UInt32 = 0

    var isShedding: Bool { level > 0 }

    func isOverloaded(at now: Instant) -> Bool {
        overloadedAt.map { now.nanoseconds(since: $0) < Self.aftermath } ?? false
    }

    mutating func note(queueDelay: Int64, at now: Instant) {
        if queueDelay > Self.longWait {
            shortSince = nil
            guard let since = longSince else {
                longSince = now
                return
            }
            guard now.nanoseconds(since: since) >= Self.patience else {
                changedAt = now
                return
            }
            if level == 0 { round &+= 1 }
            overloadedAt = now
            move(by: Self.rise &* max(0, now.nanoseconds(since: changedAt)) / 1_000_000, at: now)
        } else {
            longSince = nil
            guard level > 0 else { return }
            overloadedAt = now
            guard queueDelay < Self.shortWait else {
                shortSince = nil
                return
            }
            guard let since = shortSince else {
                shortSince = now
                return
            }
            guard now.nanoseconds(since: since) >= Self.calm else {
                changedAt = now
                return
            }
            move(by: -max(0, now.nanoseconds(since: changedAt)) / 1_000_000 / Self.fallDivisor, at: now)
        }
    }

    private mutating func move(by step: Int64, at now: Instant) {
        guard step != 0 else { return }
        level = min(max(level &+ step, 0), Self.highest)
        changedAt = now
    }

    /// True if the track with this number is among those shed now.
    func sheds(_ track: Int) -> Bool {
        var mixed = UInt32(truncatingIfNeeded: track) &+ round &* 0x9E37_79B9
        mixed = (mixed ^ mixed >> 16) &* 0x7FEB_352D
        mixed = (mixed ^ mixed >> 15) &* 0x846C_A68B
        return Int64((mixed ^ mixed >> 16) & 0xFF) < level
    }
}

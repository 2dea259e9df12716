/// Decides how much video is dropped unread when datagrams come faster than they can be forwarded.
///
/// Measures by how full the socket's buffer is and how long datagrams wait in it. While that is too much, the *level* rises: the
/// share of video tracks, in 1/256, whose frames are dropped before they are decrypted. Whole tracks are shed rather than frames
/// of all, since a VP8 stream with a frame missing is worthless until its next keyframe: the others stay whole.
struct LoadShedder {
    /// More of the buffer taken than this, in 1/256, or a longer wait, in ns, is too much. The fill is what counts: what does not
    /// fit is lost. A wait alone may be a stall of the machine.
    static let highFill = 154
    static let longWait: Int64 = 100_000_000
    /// It has to last this long, so that one stall of the machine sheds nothing.
    static let patience: Int64 = 5_000_000
    /// Below both of these the level may fall, after some time.
    static let lowFill = 64
    static let shortWait: Int64 = 50_000_000
    static let calm: Int64 = 200_000_000
    /// Nanoseconds for one level, up while it is too much and down when it is over.
    static let riseInterval: Int64 = 80_000
    static let fallInterval: Int64 = 2_000_000
    static let highest: Int64 = 256
    /// Levels at one look.
    static let mostSteps: Int64 = 32
    /// New sessions are refused for this long after the last shed.
    static let aftermath: Int64 = 1_000_000_000

    /// Share of video tracks that are shed, 0 ... 256.
    private(set) var level: Int64 = 0
    private var highSince: Instant?
    private var lowSince: Instant?
    private var changedAt = Instant(nanoseconds: 0)
    private var overloadedAt: Instant?
    /// Another set of tracks is shed each time.
    private var round: UInt32 = 0

    var isShedding: Bool { level > 0 }

    func isOverloaded(at now: Instant) -> Bool {
        overloadedAt.map { now.nanoseconds(since: $0) < Self.aftermath } ?? false
    }

    /// - Parameters:
    ///   - wait: of the oldest datagram in the socket, in ns.
    ///   - fill: of the socket's buffer, 0 ... 256.
    mutating func note(wait: Int64, fill: Int, at now: Instant) {
        if wait > Self.longWait || fill > Self.highFill {
            lowSince = nil
            guard Self.hasLasted(Self.patience, since: &highSince, at: now) else {
                changedAt = now
                return
            }
            if level == 0 { round &+= 1 }
            overloadedAt = now
            change(by: 1, each: Self.riseInterval, at: now)
            return
        }
        highSince = nil
        guard level > 0 else { return }
        overloadedAt = now
        guard wait < Self.shortWait, fill < Self.lowFill else {
            lowSince = nil
            return
        }
        guard Self.hasLasted(Self.calm, since: &lowSince, at: now) else {
            changedAt = now
            return
        }
        change(by: -1, each: Self.fallInterval, at: now)
    }

    /// Whether a state has lasted, which begins now if it has not begun before.
    private static func hasLasted(_ duration: Int64, since began: inout Instant?, at now: Instant) -> Bool {
        let start = began ?? now
        began = start
        return now.nanoseconds(since: start) >= duration
    }

    private mutating func change(by step: Int64, each interval: Int64, at now: Instant) {
        let steps = max(0, now.nanoseconds(since: changedAt)) / interval
        guard steps > 0 else { return }
        // A long time between two looks may have been a stall.
        level = min(max(level &+ step &* min(steps, Self.mostSteps), 0), Self.highest)
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

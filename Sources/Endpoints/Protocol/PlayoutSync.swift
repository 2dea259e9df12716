internal import MediaCore
internal import MediaWire

/// Keeps the sound and the picture of one publisher together: both are played the same time after their capture.
///
/// Sound leads, since its delay must stay even; it is held back when pictures regularly come later, a little with every
/// packet so that nobody hears it.
struct PlayoutSync {
    private let maximum: Int64
    /// From capture to playout of sound without hold; the clocks differ, so only differences mean anything.
    private var audio: Int64?
    /// From capture to readiness of pictures, smoothed.
    private var video: Int64?
    /// What sound is held back, in nanoseconds.
    private(set) var hold: Int64 = 0

    /// Change of the hold per packet of sound: 2 % of 20 ms.
    private static let step: Int64 = 400_000
    /// Clocks further apart than this do not belong together.
    private static let plausible: Int64 = 10_000_000_000

    init(maximumMilliseconds: Int64) { maximum = max(0, maximumMilliseconds) &* 1_000_000 }

    private static func offset(_ time: Instant, _ capture: NTPTimestamp) -> Int64 {
        Int64(bitPattern: time.nanoseconds) &- Int64(bitPattern: capture.unixNanoseconds)
    }

    /// - Parameter due: the packet's playout time without hold.
    mutating func recordAudio(captureTime: NTPTimestamp, due: Instant) {
        let offset = Self.offset(due, captureTime)
        audio = offset
        guard let video, abs(video &- offset) < Self.plausible else {
            hold = max(0, hold &- Self.step)
            return
        }
        let wanted = min(maximum, max(0, video &- offset))
        hold &+= min(Self.step, max(-Self.step, wanted &- hold))
    }

    /// When to show the picture that has become ready: with its sound, but neither before it is ready nor much later.
    mutating func playout(captureTime: NTPTimestamp?, ready: Instant) -> Instant {
        guard let captureTime else { return ready }
        let offset = Self.offset(ready, captureTime)
        if let known = video, abs(offset &- known) < Self.plausible {
            video = known &+ (offset &- known) / 16
        } else {
            video = offset
        }
        guard let audio, abs(audio &- offset) < Self.plausible else { return ready }
        let wait = min(maximum, max(0, audio &+ hold &- offset))
        return ready.advanced(byNanoseconds: wait)
    }
}

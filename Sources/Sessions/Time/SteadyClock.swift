/// Wall time that neither jumps nor goes back, whatever is done to the machine's clock: waiting customers are not timed out, and PINs not
/// expired, because somebody set it.
///
/// It goes by a monotonic clock and follows the wall clock by a twentieth of the time that passes: three seconds in each minute. Pure:
/// both readings come in.
public struct SteadyClock: Sendable {
    /// What was told last, and the monotonic reading then; both in ms.
    private var last: (told: Int64, monotonic: Int64)

    /// How far the wall clock is ahead of what was told last, in ms.
    public private(set) var difference: Int64 = 0

    private static let share: Int64 = 20

    /// Both clocks as they are now, in ms; the wall clock is believed once.
    public init(wall: Int64, monotonic: Int64) { last = (wall, monotonic) }

    /// - Returns: the time to go by, in ms; never less than before.
    public mutating func time(wall: Int64, monotonic: Int64) -> Int64 {
        let passed = max(0, monotonic &- last.monotonic)
        let straight = last.told &+ passed
        let most = passed / Self.share
        let step = min(max(wall &- straight, -most), most)
        let told = straight &+ step
        // What is too short for a step is kept, so that many readings at once do not lose it.
        if passed >= Self.share || passed == 0 { last = (told, max(monotonic, last.monotonic)) }
        difference = wall &- told
        return told
    }
}

/// A clock that does not jump, and how to wait by it. Tests bring one of their own, so that no test waits.
public struct WaitingClock: Sendable {
    /// Since any fixed moment, in ms.
    public let milliseconds: @Sendable () -> Int64
    /// Comes back after so many ms, or at once if the task is cancelled.
    public let pause: @Sendable (Int64) async -> Void

    public init(
        milliseconds: @escaping @Sendable () -> Int64, pause: @escaping @Sendable (Int64) async -> Void
    ) {
        self.milliseconds = milliseconds
        self.pause = pause
    }
}

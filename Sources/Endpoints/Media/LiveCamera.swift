public import MediaCore

/// When a live camera captures, as a pure machine: frame n is captured at start + n / rate, whatever the encoder does.
///
/// The camera never waits. It holds at most `backlog` captured frames for an encoder that is still busy; when the next one comes,
/// the oldest is dropped and counted.
public struct LiveCamera: Sendable {
    public struct Frame: Hashable, Sendable {
        /// Frames of the camera before this one, dropped ones included.
        public var number: Int
        /// The moment of capture, which is never later than when the frame is taken.
        public var capturedAt: Instant
    }

    public let start: Instant
    public let rate: FrameRate
    /// Captured frames that may wait for the encoder.
    public let backlog: Int
    public private(set) var framesDropped = 0
    /// The frame that is taken next, unless it is dropped.
    private var next = 0

    public init(start: Instant, rate: FrameRate, backlog: Int = 2) {
        self.start = start
        self.rate = rate
        self.backlog = max(1, backlog)
    }

    /// When the next frame is there; it may be in the past.
    public var nextCapture: Instant { moment(of: next) }

    /// Frames captured so far, taken or dropped.
    public var framesTakenOrDropped: Int { next }

    /// The encoder is free: the oldest frame that still waits, or nil if none has been captured since the last.
    public mutating func take(at now: Instant) -> Frame? {
        guard moment(of: next) <= now else { return nil }
        // The newest frame there is.
        let elapsed = Double(now.nanoseconds(since: start)) / 1e9
        var newest = max(next, Int(elapsed * rate.framesPerSecond) - 1)
        while moment(of: newest + 1) <= now { newest += 1 }
        while newest > next, moment(of: newest) > now { newest -= 1 }
        let oldest = max(next, newest - (backlog - 1))
        framesDropped += oldest - next
        next = oldest + 1
        return Frame(number: oldest, capturedAt: moment(of: oldest))
    }

    private func moment(of frame: Int) -> Instant { start.advanced(byNanoseconds: rate.nanoseconds(toFrame: frame)) }
}

import Synchronization
public import MediaWire

/// What a customer's camera and microphone captured and when: how a receiver finds the source of each frame.
///
/// Shared by the threads of one process. Keeps the newest `limit` frames and forgets older ones.
public final class CaptureLog: Sendable {
    /// The microphone's first sample: sample n was captured n / `sampleRate` seconds later.
    public struct AudioStart: Hashable, Sendable {
        public var time: NTPTimestamp
        public var sampleRate: Int

        public init(time: NTPTimestamp, sampleRate: Int) {
            self.time = time
            self.sampleRate = sampleRate
        }
    }

    /// Totals, known when the capture has ended.
    public struct Totals: Codable, Hashable, Sendable {
        public var framesCaptured: Int
        public var framesSent: Int
        /// Samples per channel.
        public var samplesCaptured: Int

        public init(framesCaptured: Int, framesSent: Int, samplesCaptured: Int) {
            self.framesCaptured = framesCaptured
            self.framesSent = framesSent
            self.samplesCaptured = samplesCaptured
        }
    }

    private struct State {
        /// In order of time, oldest first.
        var times: [NTPTimestamp] = []
        var frames: [Int] = []
        var audioStart: AudioStart?
        var totals: Totals?
    }

    private let limit: Int
    private let state = Mutex(State())

    /// - Parameter limit: frames kept; an hour at 30 frames/s unless told.
    public init(limit: Int = 108_000) { self.limit = max(2, limit) }

    /// Frame `index` of the source was captured at this time. Times must grow; one that does not is ignored.
    public func recordFrame(_ index: Int, at time: NTPTimestamp) {
        state.withLock { state in
            if let last = state.times.last, time <= last { return }
            if state.times.count >= limit {
                // Halved at once, so that the cost of forgetting spreads over many frames.
                state.times.removeFirst(limit / 2)
                state.frames.removeFirst(limit / 2)
            }
            state.times.append(time)
            state.frames.append(index)
        }
    }

    public func recordAudioStart(_ start: AudioStart) { state.withLock { $0.audioStart = start } }
    public func recordTotals(_ totals: Totals) { state.withLock { $0.totals = totals } }

    public var audioStart: AudioStart? { state.withLock { $0.audioStart } }
    public var totals: Totals? { state.withLock { $0.totals } }
    public var frameCount: Int { state.withLock { $0.times.count } }

    /// Frames captured after this time, among those kept.
    public func frames(after time: NTPTimestamp) -> Int {
        state.withLock { state in state.times.reversed().prefix { $0 > time }.count }
    }

    /// The source frame captured nearest to this time.
    /// - Parameter toleranceNanoseconds: the farthest a frame may be; more than this away is no match.
    public func frame(at time: NTPTimestamp, toleranceNanoseconds: Int64 = 5_000_000) -> Int? {
        state.withLock { state in
            var (low, high) = (0, state.times.count)
            while low < high {
                let middle = (low + high) / 2
                if state.times[middle] < time { low = middle + 1 } else { high = middle }
            }
            var best: (distance: Int64, frame: Int)?
            for index in [low - 1, low] where state.times.indices.contains(index) {
                let difference = state.times[index].nanoseconds(since: time)
                let distance = difference < 0 ? 0 &- difference : difference
                if distance >= 0, distance <= toleranceNanoseconds, distance < best?.distance ?? .max {
                    best = (distance, state.frames[index])
                }
            }
            return best?.frame
        }
    }
}

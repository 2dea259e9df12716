import MediaCore
import Synchronization

/// What the network thread tells the task that looks after a call.
final class CallSignals: Sendable {
    struct Media: Sendable {
        var first: Instant?
        var last: Instant?

        /// Seconds from the first to the last media.
        var seconds: Double? {
            guard let first, let last else { return nil }
            return Double(last.nanoseconds(since: first)) / 1e9
        }
    }

    private let keyframeRequested = Atomic(false)
    private let goodbye = Atomic(false)
    private let times = Mutex(Media())

    /// The other side wants to see something: the session has started.
    var wasKeyframeRequested: Bool { keyframeRequested.load(ordering: .relaxed) }
    /// The sender of something played has left.
    var hasGoodbye: Bool { goodbye.load(ordering: .relaxed) }
    var media: Media { times.withLock { $0 } }

    func noteKeyframeRequest() { keyframeRequested.store(true, ordering: .relaxed) }
    func noteGoodbye() { goodbye.store(true, ordering: .relaxed) }

    func noteMedia(at now: Instant) {
        times.withLock { media in
            if media.first == nil { media.first = now }
            media.last = now
        }
    }
}

/// Decides when a keyframe is asked of a publisher: requests that come close together become one, and an unanswered one is
/// repeated a few times.
struct KeyframeRequester {
    /// At most one request goes out in this time.
    static let minimumIntervalNanoseconds: Int64 = 250_000_000
    /// A request without a keyframe after it is repeated after this time.
    static let retryIntervalNanoseconds: Int64 = 500_000_000
    static let maximumAttempts = 10

    private var isPending = false
    private var lastSent: Instant?
    private var attempts = 0

    /// Requests sent so far.
    private(set) var sent: UInt64 = 0
    /// A keyframe is being waited for.
    var isWaiting: Bool { isPending }

    /// When to call `handleTimeout`; nil while nothing is asked for.
    var nextTimeout: Instant? {
        guard isPending else { return nil }
        guard let lastSent else { return Instant(nanoseconds: 0) }
        let wait = attempts == 0 ? Self.minimumIntervalNanoseconds : Self.retryIntervalNanoseconds
        return lastSent.advanced(byNanoseconds: wait)
    }

    /// Somebody needs a keyframe: ask for it at `nextTimeout`, which may be over already.
    mutating func want() {
        // While a request that went out is unanswered, its keyframe will serve this one too.
        guard !isPending else { return }
        isPending = true
        attempts = 0
    }

    /// True: send the request now.
    mutating func handleTimeout(at now: Instant) -> Bool {
        guard isPending, let due = nextTimeout, due <= now else { return false }
        guard attempts < Self.maximumAttempts else {
            isPending = false
            return false
        }
        lastSent = now
        attempts += 1
        sent &+= 1
        return true
    }

    /// The first packet of a keyframe has come and goes to whoever wanted one, whether or not a request had gone out yet.
    mutating func keyframeArrived() {
        isPending = false
        attempts = 0
    }
}

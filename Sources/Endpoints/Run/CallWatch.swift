import MediaCore

/// Looks after a call from outside the network thread: the session's state, the server's life, the time.
struct CallWatch {
    enum End: Hashable, Sendable, CustomStringConvertible {
        /// The time was over.
        case duration
        /// The session ended at the server; its status.
        case over(String)
        /// What was sent has come to its end, or a worker thread has stopped.
        case finished
        /// This task was cancelled.
        case cancelled

        var description: String {
            switch self {
            case .duration: "the time is over"
            case .over(let status): "the session is over (\(status))"
            case .finished: "all was sent"
            case .cancelled: "interrupted"
            }
        }
    }

    /// Without anything from the network for this long, the server is gone if it does not answer HTTP either.
    private static let silenceLimit: Int64 = 5_000_000_000
    private static let pollInterval: Int64 = 2_000_000_000
    private static let tick = Duration.milliseconds(50)

    let connection: CallConnection
    let signals: CallSignals
    let clock: CallClock
    private var client: LensClient
    private var lastPoll: Instant?
    private var nextProgress: Instant
    private var isHTTPGone = false
    private var pollsForGoodbye = 0

    init(connection: CallConnection, signals: CallSignals, clock: CallClock) {
        self.connection = connection
        self.signals = signals
        self.clock = clock
        client = connection.client
        client.timeoutSeconds = 2
        nextProgress = clock.now
    }

    /// Waits until the session is under way, or has started to ask for pictures.
    /// - Throws: `EndpointError.sessionOver`, `serverGone`, `CancellationError`.
    mutating func untilStarted() async throws {
        while !signals.wasKeyframeRequested {
            try Task.checkCancellation()
            switch try await status(every: 500_000_000) {
            case "Active": return
            case let status? where Self.isOver(status): throw EndpointError.sessionOver(status: status)
            default: break
            }
            try? await Task.sleep(for: Self.tick)
        }
    }

    /// Waits for the end of the call.
    /// - Parameters:
    ///   - deadline: nil for none.
    ///   - isFinished: asked often; true ends the call.
    ///   - progress: called each second.
    /// - Throws: `EndpointError.serverGone`.
    mutating func untilEnd(
        deadline: Instant?, isFinished: () -> Bool, progress: () async -> Void
    ) async throws -> End {
        while true {
            if Task.isCancelled { return .cancelled }
            if isFinished() { return .finished }
            if let deadline, clock.now >= deadline { return .duration }
            // The last sender's goodbye is usually the session's end: ask sooner.
            let isAnxious = signals.hasGoodbye && pollsForGoodbye < 20
            if isAnxious { pollsForGoodbye += 1 }
            if let status = try await status(every: isAnxious ? 100_000_000 : Self.pollInterval), Self.isOver(status) {
                return .over(status)
            }
            if clock.now >= nextProgress {
                nextProgress = clock.now.advanced(byMilliseconds: 1000)
                await progress()
            }
            try? await Task.sleep(for: Self.tick)
        }
    }

    /// The session's status, if it was time to ask and the server answered.
    private mutating func status(every interval: Int64) async throws -> String? {
        // Once the server has failed to answer, asking again says soon whether it is gone.
        let interval = isHTTPGone ? min(interval, 500_000_000) : interval
        if let lastPoll, clock.now.nanoseconds(since: lastPoll) < interval { return nil }
        lastPoll = clock.now
        do {
            let info = try await client.session(connection.session)
            isHTTPGone = false
            return info.status
        } catch LensClientError.refused(_, let problem) where [401, 403, 404, 410].contains(problem.status) {
            // The server knows this session or this customer no more.
            return "Closed"
        } catch is CancellationError {
            return nil
        } catch {
            isHTTPGone = true
            if connection.loop.silence > Self.silenceLimit {
                let seconds = Int(connection.loop.silence / 1_000_000_000)
                throw EndpointError.serverGone(server: client.server.description, silentSeconds: seconds)
            }
            return nil
        }
    }

    private static func isOver(_ status: String) -> Bool {
        ["Closed", "TimedOut", "Declined", "Aborted"].contains(status)
    }
}

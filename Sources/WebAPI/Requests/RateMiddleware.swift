import Hummingbird
import Sessions
import Synchronization

/// Refuses the calls of a network that makes too many. Health checks and callers on this machine are not counted; whoever comes through
/// a trusted proxy is.
struct RateMiddleware: RouterMiddleware {
    typealias Context = LensRequestContext

    private let limit: Limit
    private let clock: WaitingClock

    /// What all requests share.
    private final class Limit: Sendable {
        let state: Mutex<RateLimit>

        init(_ limit: RateLimit) { state = Mutex(limit) }
    }

    init(_ limit: RateLimit, clock: WaitingClock) {
        self.limit = Limit(limit)
        self.clock = clock
    }

    func handle(
        _ request: Request, context: LensRequestContext,
        next: @concurrent (Request, LensRequestContext) async throws -> Response
    ) async throws -> Response {
        if !context.client.isThisMachine, !["/healthz", "/readyz"].contains(request.uri.path) {
            let network = ClientNetwork(context.client.address)
            let now = clock.milliseconds()
            if let wait = limit.state.withLock({ $0.take(from: network, at: now) }) {
                let seconds = max(1, (wait + 999) / 1000)
                throw Problem(
                    .tooManyRequests, code: "RATE_LIMITED",
                    detail: "Too many calls come from your network. Try again in \(seconds) seconds.",
                    headers: [.retryAfter: String(seconds)])
            }
        }
        return try await next(request, context)
    }
}

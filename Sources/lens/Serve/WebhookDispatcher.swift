import AsyncHTTPClient
import Foundation
import Logging
import MediaIO
import NIOCore
import NIOHTTP1
import Sessions
import WebAPI

/// What the operator sets of the webhook.
struct WebhookSettings: Sendable, Equatable {
    var url: String
    var secret: WebhookSecret
}

/// Tells a ticket system, or whoever else, of each change of status: a signed POST each, those of one session in order, tried again
/// until it is taken.
actor WebhookDispatcher {
    private let settings: WebhookSettings
    private let store: any NoticeStore
    private let publicURL: @Sendable () -> String
    private let client: HTTPClient
    private let logger: Logger
    /// Sessions whose receiver did not take the last notice.
    private var troubles: [SessionID: Trouble] = [:]
    /// Notices in a row that were not taken, of whatever session.
    private var failures = 0

    private struct Trouble {
        var attempts: Int
        var nextAt: WallTime
    }

    /// Seconds until the next try, by the tries so far; then the last one again and again.
    private static let pauses: [Int64] = [1, 5, 30, 120, 600]
    /// What could not be told for so long, in seconds, is given up.
    private static let patience: Int64 = 24 * 3600
    private static let atOnce = 8

    init(
        _ settings: WebhookSettings, store: any NoticeStore, publicURL: @escaping @Sendable () -> String, logger: Logger
    ) {
        self.settings = settings
        self.store = store
        self.publicURL = publicURL
        self.logger = logger
        var configuration = HTTPClient.Configuration()
        // A receiver must not send us on to an address that only we can reach.
        configuration.redirectConfiguration = .disallow
        client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    /// Until the task is cancelled.
    func run() async {
        while !Task.isCancelled {
            // A session's next notice follows at once. Where the receiver is gone there is no use in looking again and again.
            if await !tellWhatIsDue() { try? await Task.sleep(for: .milliseconds(250 << min(failures, 7))) }
        }
        try? await client.shutdown()
    }

    /// - Returns: whether anything was taken.
    private func tellWhatIsDue() async -> Bool {
        let now = SystemTime.now()
        let notices: [StatusNotice]
        do {
            notices = try await store.notices(limit: 1000)
        } catch {
            logger.warning("webhook: the notices cannot be read", metadata: ["error": "\(error)"])
            return false
        }
        let due = notices.filter { (troubles[$0.session.id]?.nextAt ?? now) <= now }.prefix(Self.atOnce)
        return await withTaskGroup(of: Bool.self) { group in
            for notice in due { group.addTask { await self.tell(notice) } }
            var hasTold = false
            for await wasTaken in group { hasTold = hasTold || wasTaken }
            return hasTold
        }
    }

    private func tell(_ notice: StatusNotice) async -> Bool {
        let trouble = await post(notice)
        let id = notice.session.id
        let now = SystemTime.now()
        failures = trouble == nil ? 0 : failures + 1
        if let trouble {
            let attempts = (troubles[id]?.attempts ?? 0) + 1
            let pause = Self.pauses[min(attempts, Self.pauses.count) - 1]
            troubles[id] = Trouble(attempts: attempts, nextAt: now.advanced(bySeconds: pause))
            let isGivenUp = notice.at.advanced(bySeconds: Self.patience) < now
            logger.warning(
                isGivenUp ? "webhook: a notice is given up" : "webhook: a notice was not taken",
                metadata: ["session": "\(id)", "attempts": "\(attempts)", "reason": "\(trouble)"])
            guard isGivenUp else { return false }
        }
        troubles[id] = nil
        do {
            try await store.removeNotice(notice.number)
            return true
        } catch {
            // It will be told again; the number in it shows that.
            logger.warning("webhook: a notice cannot be removed", metadata: ["error": "\(error)"])
            return false
        }
    }

    /// - Returns: what went wrong; nil if it was taken.
    private func post(_ notice: StatusNotice) async -> String? {
        let body = WebhookBody.bytes(notice, publicURL: publicURL())
        var request = HTTPClientRequest(url: settings.url)
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "application/json")
        request.headers.add(name: "User-Agent", value: "lens-relay")
        let seconds = Int64(clamping: WallClock.unixNanoseconds / 1_000_000_000)
        request.headers.add(name: "Lens-Signature", value: settings.secret.signature(of: body, at: seconds))
        request.body = .bytes(ByteBuffer(bytes: body))
        do {
            let response = try await client.execute(request, timeout: .seconds(10))
            return (200..<300).contains(response.status.code) ? nil : "the receiver answered \(response.status.code)"
        } catch {
            return "\(error)"
        }
    }
}

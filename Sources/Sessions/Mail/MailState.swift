/// How far the invite's mail is (S42).
public struct MailState: Sendable, Hashable, Codable {
    public enum Status: String, Sendable, CaseIterable, Codable {
        /// Waits for its next try.
        case queued
        /// The mail server has taken it.
        case sent
        case failed
    }

    public private(set) var status: Status
    /// What the mail server said last; one line.
    public private(set) var detail: String?
    public private(set) var attempts: Int
    /// When it is tried next; nil unless it is queued.
    public private(set) var dueAt: WallTime?

    /// Longest detail, in Unicode scalars.
    private static let detailLimit = 200
    /// Seconds until the next try, by the tries so far; then the last one again and again.
    private static let pauses: [Int64] = [10, 30, 120, 300]

    public static func queued(at now: WallTime) -> MailState {
        MailState(status: .queued, detail: nil, attempts: 0, dueAt: now)
    }

    /// A try begins. Noted before it is made, so that a mail is not sent again and again while nothing can be written.
    mutating func begin(at now: WallTime) {
        attempts += 1
        dueAt = now.advanced(bySeconds: Self.pauses[min(attempts, Self.pauses.count) - 1])
    }

    /// What became of a try.
    public enum Outcome: Sendable, Hashable {
        case sent
        case refused(detail: String, isPermanent: Bool)
    }

    /// - Parameter deadline: the PIN's end; a mail with it is of no use any more.
    mutating func note(_ outcome: Outcome, at now: WallTime, deadline: WallTime) {
        switch outcome {
        case .sent: (status, detail, dueAt) = (.sent, nil, nil)
        case .refused(let text, let isPermanent):
            detail = Self.line(text)
            if isPermanent || (dueAt ?? now) >= deadline { (status, dueAt) = (.failed, nil) }
        }
    }

    private static func line(_ text: String) -> String {
        let kept = text.unicodeScalars.prefix(detailLimit).map {
            $0.properties.generalCategory == .control ? " " : $0
        }
        return String(String.UnicodeScalarView(kept))
    }
}

/// Hands invites to a mail server. The executable supplies it.
public protocol MailGateway: Sendable {
    /// Sends the invite of a session whose request has an address.
    func send(_ session: LensSession) async -> MailState.Outcome
}

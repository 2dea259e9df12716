internal import Synchronization

/// What the service has done since it began, in numbers. Knows no names and no PINs.
public final class ServiceMetrics: Sendable {
    public struct Snapshot: Sendable {
        public internal(set) var created: UInt64 = 0
        public internal(set) var joined: UInt64 = 0
        public internal(set) var started: UInt64 = 0
        /// By reason.
        public internal(set) var ended: [EndReason: UInt64] = [:]
        /// By the code of the refusal.
        public internal(set) var refusals: [String: UInt64] = [:]
        /// Invites that mail servers took, and tries that failed.
        public internal(set) var mailsSent: UInt64 = 0
        public internal(set) var mailsRefused: UInt64 = 0
        public internal(set) var inviteToWaiting = DurationHistogram()
        public internal(set) var waitingToStart = DurationHistogram()
        public internal(set) var startToFirstMedia = DurationHistogram()
    }

    private let state = Mutex(Snapshot())

    public init() {}

    public var snapshot: Snapshot { state.withLock { $0 } }

    /// A call was refused.
    public func refused(_ code: String) { state.withLock { $0.refusals[code, default: 0] += 1 } }

    func created() { state.withLock { $0.created += 1 } }

    func joined() { state.withLock { $0.joined += 1 } }

    /// A stored change.
    func changed(_ session: LensSession, by event: SessionEvent, at now: WallTime) {
        state.withLock { state in
            switch event {
            case .started:
                state.started += 1
                if let since = session.waitingSince { state.waitingToStart.record(Self.seconds(since, now)) }
            case .devicesAnswered, .eulaAnswered:
                if session.phase == .waiting, session.waitingSince == now {
                    state.inviteToWaiting.record(Self.seconds(session.createdAt, now))
                }
            case .mailTried(.sent, _): state.mailsSent += 1
            case .mailTried: state.mailsRefused += 1
            default: break
            }
            switch event {
            // These may come after the end, and end nothing.
            case .noted, .mailBegun, .mailTried: break
            default: if let reason = session.endReason { state.ended[reason, default: 0] += 1 }
            }
        }
    }

    /// The first media of a session was forwarded after its Start.
    func firstMedia(of session: LensSession, at now: WallTime) {
        guard let started = session.startedAt else { return }
        state.withLock { $0.startToFirstMedia.record(Self.seconds(started, now)) }
    }

    private static func seconds(_ from: WallTime, _ to: WallTime) -> Double {
        Double(to.milliseconds - from.milliseconds) / 1000
    }
}

/// The status words that the outside sees (D9).
public enum SessionStatus: String, Sendable, CaseIterable, Codable {
    case connecting = "Connecting"
    case waiting = "Waiting"
    case active = "Active"
    case onHold = "OnHold"
    case reconnecting = "Reconnecting"
    case offline = "Offline"
    case closed = "Closed"
    case timedOut = "TimedOut"
    case declined = "Declined"
    case aborted = "Aborted"
}

/// Why a session ended.
public enum EndReason: String, Sendable, CaseIterable, Codable {
    case technician
    case customer
    /// The customer left while waiting.
    case waitingCustomer
    case timeout
    /// Licence refused, or left after refusing both camera and microphone (D15).
    case declined
    case error

    public var status: SessionStatus {
        switch self {
        case .technician, .customer, .waitingCustomer: .closed
        case .timeout: .timedOut
        case .declined: .declined
        case .error: .aborted
        }
    }
}

/// What the members of a group may do: one permission for each kind of session, for private sessions, for each way to reach a customer
/// (S34), and for what a session offers.
public enum Permission: String, Sendable, CaseIterable, Codable {
    /// S32.
    case lens
    case screen
    /// S33.
    case privateSessions
    case methodPIN, methodLink, methodEmail, methodChat
    case hold, snapshot, recording, chat, drawing

    public init(for kind: SessionKind) {
        switch kind {
        case .lens: self = .lens
        case .screen: self = .screen
        }
    }

    public init(for method: ConnectionMethod) {
        switch method {
        case .pin: self = .methodPIN
        case .link: self = .methodLink
        case .email: self = .methodEmail
        case .chat: self = .methodChat
        }
    }
}

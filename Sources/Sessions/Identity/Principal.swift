/// Who makes a call, proven by a token.
public enum Principal: Sendable, Hashable, Codable {
    /// An automation identity: it may do everything, and is known by the key's name.
    case apiKey(String)
    /// Who has logged in.
    case technician(TechnicianID)
    /// The customer of this one session.
    case customer(SessionID)

    /// The name that sessions show for their owner.
    public var name: String {
        switch self {
        case .apiKey(let name): name
        case .technician(let id): id.text
        case .customer: "customer"
        }
    }
}

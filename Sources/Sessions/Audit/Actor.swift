/// Who makes a change, by the name that the audit log shows.
public struct Actor: Sendable, Hashable {
    public let name: String

    public init(name: String) { self.name = name }

    public init(_ principal: Principal) { name = principal.name }

    /// What happens by itself.
    public static let service = Actor(name: "service")
    public static let customer = Actor(name: "customer")
}

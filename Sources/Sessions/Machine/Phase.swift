/// Where a session is. The customer's own steps are gates inside `connecting`, since their order differs by method.
public enum Phase: Sendable, Hashable, Codable {
    case connecting
    case waiting
    case active(ActiveConditions)
    case ended(EndReason)
}

/// What may hold of an active session; the way back is always a plain active one.
public struct ActiveConditions: Sendable, Hashable, Codable {
    /// The technician put the session on hold (D12).
    public var isOnHold: Bool
    public var connection: MediaConnection

    public init(isOnHold: Bool = false, connection: MediaConnection = .connected) {
        self.isOnHold = isOnHold
        self.connection = connection
    }

    /// Hold is the technician's own wish and outweighs what the network does.
    public var status: SessionStatus {
        if isOnHold { return .onHold }
        return switch connection {
        case .connected: .active
        case .reconnecting: .reconnecting
        case .offline: .offline
        }
    }
}

/// The customer's media connection in an active session (D13).
public enum MediaConnection: String, Sendable, Hashable, CaseIterable, Codable {
    case connected, reconnecting, offline
}

/// What the customer must have done before the session waits and is listed (S52). Open in any order.
public struct CustomerGates: Sendable, Hashable, Codable {
    public var pinClaimed = false
    public var devicesGranted = false
    public var eulaAccepted = false

    public init() {}

    public var areAllOpen: Bool { pinClaimed && devicesGranted && eulaAccepted }
}

/// How far the customer is, for the technician's eyes (S14). Only ever grows.
public enum CustomerProgress: Int, Sendable, Comparable, CaseIterable, Codable {
    case invited, claimed, opened, introduced, devices, eula, waiting, started

    public static func < (a: CustomerProgress, b: CustomerProgress) -> Bool { a.rawValue < b.rawValue }

    /// The word on the wire.
    public var name: String { String(describing: self) }

    /// A step that the customer's page reports itself; nil for the ones that the service knows better.
    public init?(reported step: String) {
        switch step {
        case "opened": self = .opened
        case "introduced": self = .introduced
        default: return nil
        }
    }
}

/// What the kernel does for a UDP socket beyond one datagram at a time.
public enum UDPOffload: String, Sendable, CaseIterable {
    /// Nothing: each datagram is a message of its own.
    case none
    /// Runs of datagrams to one destination leave as one message (UDP_SEGMENT).
    case send
    /// That, and datagrams of one source that the kernel has merged come as one message (UDP_GRO).
    case full

    var segments: Bool { self != .none }
    var merges: Bool { self == .full }
}

/// What the relay counted for one session.
public struct MediaFigures: Sendable, Hashable, Codable {
    /// Bytes of the customer's media that left towards a technician before Start; counted at the send slot, always 0
    /// (D14).
    public var mediaBytesForwardedBeforeStart: UInt64 = 0
    public var packetsReceived: UInt64 = 0
    public var bytesReceived: UInt64 = 0
    public var packetsForwarded: UInt64 = 0
    public var bytesForwarded: UInt64 = 0
    /// Packets lost on the way to the relay, by their sequence numbers.
    public var packetsLost: UInt64 = 0
    /// Packets that came while the gate was closed.
    public var packetsDroppedAtGate: UInt64 = 0
    public var authenticationFailures: UInt64 = 0
    public var replays: UInt64 = 0
    /// Keyframe requests sent to the customer.
    public var keyframeRequests: UInt64 = 0

    public init() {}
}

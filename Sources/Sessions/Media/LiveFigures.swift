/// What the relay counts and measures of a running call, for those who watch it.
public struct LiveFigures: Sendable, Hashable, Codable {
    /// One way of the call.
    public struct Way: Sendable, Hashable, Codable {
        /// From the sender to the relay, since the beginning.
        public var packetsReceived: UInt64 = 0
        public var bytesReceived: UInt64 = 0
        public var packetsLost: UInt64 = 0
        /// Came after the relay had asked for them again.
        public var packetsRecovered: UInt64 = 0
        /// Of arrival at the relay, in ms (RFC 3550 section 6.4.1).
        public var jitterMilliseconds: Double = 0
        /// From the relay to the player, since the beginning.
        public var packetsSent: UInt64 = 0
        public var packetsRetransmitted: UInt64 = 0
        /// As the player last reported, 0 ... 1.
        public var lossReported: Double = 0
        /// Between the relay and the player, in ms; nil until a report has shown it.
        public var roundTripMilliseconds: Double?
        /// What the player's path seems to carry, in bit/s; nil without feedback.
        public var estimatedBitrate: UInt64?

        public init() {}
    }

    /// The customer's picture on its way to the technician.
    public var video = Way()
    /// The customer's voice on its way to the technician.
    public var voice = Way()
    /// The technician's voice on its way to the customer.
    public var talkback = Way()

    public init() {}
}

/// What the media side knows of a session at one moment.
public struct MediaReading: Sendable, Hashable {
    public var total: MediaFigures
    public var live: LiveFigures

    public init(total: MediaFigures, live: LiveFigures = LiveFigures()) {
        self.total = total
        self.live = live
    }
}

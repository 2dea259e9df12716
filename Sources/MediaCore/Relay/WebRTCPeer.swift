internal import MediaWire

/// The transport of a leg over ICE and DTLS: who the peer is, where it is, and how far the two have come.
struct WebRTCPeer: ~Copyable {
    let leg: Int
    var ice: ICELiteAgent
    let role: DTLSConnection.Role
    let fingerprints: [CertificateFingerprint]
    /// Begins with the first proven path, so that nobody unproven costs a handshake.
    var dtls: DTLSConnection?
    /// Handshakes that failed; a few more are tried.
    var failures = 0
    /// The keys of the last handshake, in the shard's slab.
    var link = SecureLink.none
    /// Paths by which the shard finds this peer.
    var paths: [Path] = []
    /// What the relay's ICE names it by, of before the restart too.
    var fragments: [[UInt8]] = []
    /// What came with transport-wide numbers; begins with the first such packet.
    var arrivals: TransportArrivals?
    var hasFeedbackTimer = false
    /// What left with transport-wide numbers; begins with the first such packet.
    var departures: DepartureHistory?
    var estimate = PathEstimate()
    /// What the peer says that it can take, in bit/s.
    var estimatedBitrate: UInt64?
    /// The entries of the timer queue that count.
    var dtlsTimer: Instant?
    var consentTimer: Instant?
    /// Sending is allowed: a path is chosen and the peer still checks it.
    var hasConsent = false

    /// Handshakes tried in vain before the peer has to offer anew.
    static let maximumFailures = 8

    init(leg: Int, _ terms: WebRTCTransportTerms) {
        self.leg = leg
        ice = ICELiteAgent(local: terms.localCredentials, remote: terms.remoteCredentials)
        role = terms.role
        fingerprints = terms.fingerprints
        dtls = nil
        fragments = [terms.localCredentials.usernameFragment]
    }
}

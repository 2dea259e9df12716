internal import COpenSSL
public import MediaWire

/// One DTLS connection for the keys of SRTP (RFC 5764): datagrams and an explicit `now` in, datagrams and events out.
///
/// OpenSSL does the handshake. Its clock is kept out: when a flight is sent again is decided here. The owner passes on only
/// datagrams of a path that ICE has proven; this is where the protection against floods is, so there are no cookies.
@safe
public struct DTLSConnection: ~Copyable {
    /// Which end this is (RFC 5763 section 5: `a=setup`).
    public enum Role: Sendable {
        /// `active`: says the first word.
        case client
        /// `passive`.
        case server
    }

    /// What happened.
    public enum Event: Equatable, Sendable {
        /// The handshake is done, and the peer has shown the certificate that was announced.
        case connected(DTLSKeys)
        /// The peer has said good-bye.
        case closed
        /// Nothing more will come of it; a new connection may be tried.
        case failed(Failure)
    }

    public enum Failure: Equatable, Sendable {
        /// The peer's certificate is not the announced one.
        case certificate
        /// The two ends share no SRTP profile.
        case profile
        /// Flight after flight went unanswered.
        case timeout
        /// The peer broke the protocol, or ended the handshake by an alert.
        case handshake
    }

    /// Until the first repetition of a flight, in ns; each further one takes twice as long (RFC 6347 section 4.2.4.1, with less than
    /// its second, since ICE has just shown that the path is alive).
    static let firstTimeout: Int64 = 100_000_000
    static let longestTimeout: Int64 = 3_200_000_000
    /// A flight is sent so often at most: about 16 s.
    static let mostFlights = 10
    /// A handshake that is not done so long after its first word never will be, in ns: the peer may have begun a message that it never
    /// finishes.
    static let patience: Int64 = 20_000_000_000
    /// From the end of the handshake on, in ns: by then a last flight that was lost has been asked for again, and OpenSSL goes.
    public static let settling: Int64 = 15_000_000_000
    /// Bytes of the largest datagram sent: what IPv6 carries everywhere, less the headers of IPv6, UDP and a tunnel.
    public static let mtu = 1_200

    // Written once, before anyone reads it, and a table of functions from then on.
    private nonisolated(unsafe) static let datagrams = unsafe lens_dtls_method()

    /// Nil once only the farewell is left.
    private var dtls: UnsafeMutablePointer<lens_dtls>?
    private var farewell: DTLSFarewell?
    private var isGoodbyeDue = false
    private let role: Role
    private var standing: Standing = .waiting
    private var event: Event?
    private var timerStarts: UInt32 = 0
    private var timeout = Self.firstTimeout
    private var flights = 0

    private enum Standing { case waiting, connected, over }

    /// When the last flight is due again.
    private var flightDue: Instant?
    /// When the handshake has to be done, or if it is, when OpenSSL can go.
    private var deadline: Instant?

    /// When `handleTimeout` has something to do; nil while nothing is waited for.
    public var nextTimeout: Instant? {
        guard standing != .over, let deadline else { return flightDue }
        return flightDue.map { min($0, deadline) } ?? deadline
    }

    /// - Parameters:
    ///   - context: whose certificate is shown.
    ///   - fingerprints: those of the peer's SDP; its certificate needs to have one of them.
    /// - Throws: `DTLSError`.
    public init(
        _ role: Role, in context: borrowing DTLSContext, peer fingerprints: [CertificateFingerprint]
    ) throws(DTLSError) {
        guard !fingerprints.isEmpty else { throw .fingerprints }
        guard
            let dtls = unsafe lens_dtls_new(context.context, Self.datagrams, role == .client ? 1 : 0, Self.mtu)
        else { throw .library }
        for fingerprint in fingerprints {
            let taken = unsafe lens_dtls_expect(
                dtls, fingerprint.hash.function, fingerprint.digest, fingerprint.digest.count)
            guard taken != 0 else {
                unsafe lens_dtls_free(dtls)
                throw .fingerprints
            }
        }
        unsafe self.dtls = dtls
        self.role = role
        farewell = nil
    }

    deinit { unsafe lens_dtls_free(dtls) }

    /// True from the end of the handshake to the peer's good-bye.
    public var isConnected: Bool { standing == .connected }

    /// The client's first flight. A server has nothing to say yet.
    public mutating func start(at now: Instant) {
        guard role == .client, standing == .waiting, let dtls = unsafe dtls else { return }
        deadline = now.advanced(byNanoseconds: Self.patience)
        settle(unsafe lens_dtls_handshake(dtls), at: now)
    }

    /// Takes a datagram. What does not belong to the connection changes nothing.
    public mutating func receive(_ datagram: UnsafeRawBufferPointer, at now: Instant) {
        guard standing != .over, unsafe !datagram.isEmpty, let bytes = datagram.baseAddress else { return }
        guard let dtls = unsafe dtls else {
            if unsafe farewell?.isGoodbye(datagram) == true { end(.closed) }
            return
        }
        if standing == .waiting, deadline == nil { deadline = now.advanced(byNanoseconds: Self.patience) }
        settle(unsafe lens_dtls_receive(dtls, bytes.assumingMemoryBound(to: UInt8.self), datagram.count), at: now)
    }

    /// Sends the last flight again if its time has come, and gives up if there was enough of it.
    public mutating func handleTimeout(at now: Instant) {
        if let deadline, deadline <= now {
            if standing == .waiting { return end(.failed(.timeout)) }
            settleDown()
        }
        guard let due = flightDue, due <= now, let dtls = unsafe dtls else { return }
        flights += 1
        guard flights < Self.mostFlights else { return end(.failed(.timeout)) }
        timeout = min(timeout * 2, Self.longestTimeout)
        let result = unsafe lens_dtls_expire(dtls)
        // The library has begun to wait anew, but the flight is the same.
        timerStarts = unsafe dtls.pointee.timer_starts
        settle(result, at: now)
        if flightDue != nil { flightDue = now.advanced(byNanoseconds: timeout) }
    }

    /// Says good-bye; the peer may hear it or not.
    public mutating func close() {
        guard standing == .connected else { return }
        if let dtls = unsafe dtls { unsafe lens_dtls_close(dtls) } else { isGoodbyeDue = true }
        standing = .over
        flightDue = nil
    }

    /// The next datagrams to send, oldest first, each to `body`; they are gone behind it.
    public mutating func sendDatagrams(_ body: (UnsafeRawBufferPointer) -> Void) {
        guard let dtls = unsafe dtls else {
            if isGoodbyeDue { unsafe farewell?.withGoodbye(body) }
            isGoodbyeDue = false
            return
        }
        var offset = 0
        let end = unsafe dtls.pointee.outgoing_length
        while let base = unsafe dtls.pointee.outgoing, offset + 2 <= end {
            let place = unsafe UnsafeRawPointer(base) + offset
            let length = unsafe Int(place.loadUnaligned(as: UInt16.self))
            guard offset + 2 + length <= end else { break }
            unsafe body(UnsafeRawBufferPointer(start: place + 2, count: length))
            offset += 2 + length
        }
        unsafe lens_dtls_sent(dtls)
    }

    /// What happened since the last call, once.
    public mutating func pollEvent() -> Event? {
        defer { event = nil }
        return event
    }

    private mutating func settle(_ result: Int32, at now: Instant) {
        guard let dtls = unsafe dtls else { return }
        switch Int(result) {
        case LENS_DTLS_CONNECTED: connect(at: now)
        case LENS_DTLS_CLOSED: end(standing == .connected ? .closed : .failed(.handshake))
        // OpenSSL gives up over records that cannot be, which anybody may have sent. The keys are there, and the good-byes do without it.
        case LENS_DTLS_FAILED where standing == .connected: settleDown()
        case LENS_DTLS_FAILED:
            let isRefused = unsafe dtls.pointee.certificate_refused != 0
            end(.failed(isRefused ? .certificate : .handshake))
        default: break
        }
        noteTimer(at: now)
    }

    private mutating func connect(at now: Instant) {
        guard standing == .waiting, let dtls = unsafe dtls else { return }
        guard let profile = SRTPProfile(dtlsNumber: UInt(unsafe lens_dtls_profile(dtls))) else {
            return end(.failed(.profile))
        }
        var material = [UInt8](repeating: 0, count: DTLSKeys.length(profile))
        guard unsafe lens_dtls_export(dtls, &material, material.count) != 0,
            let keys = DTLSKeys(profile, material: material, isClient: role == .client)
        else { return end(.failed(.handshake)) }
        standing = .connected
        deadline = now.advanced(byNanoseconds: Self.settling)
        event = .connected(keys)
    }

    /// Lets go of OpenSSL, where nothing but the good-byes is left to do.
    private mutating func settleDown() {
        deadline = nil
        flightDue = nil
        guard let dtls = unsafe dtls, let made = unsafe DTLSFarewell(of: dtls, role) else { return }
        farewell = consume made
        unsafe lens_dtls_free(dtls)
        unsafe self.dtls = nil
    }

    private mutating func end(_ last: Event) {
        guard standing != .over else { return }
        standing = .over
        flightDue = nil
        event = last
    }

    /// A flight that was sent waits for its answer; one that was answered does not.
    private mutating func noteTimer(at now: Instant) {
        guard standing != .over, let dtls = unsafe dtls, unsafe dtls.pointee.timer != nil else {
            flightDue = nil
            return
        }
        let starts = unsafe dtls.pointee.timer_starts
        guard starts != timerStarts || flightDue == nil else { return }
        if starts != timerStarts {
            timerStarts = starts
            timeout = Self.firstTimeout
            flights = 1
        }
        flightDue = now.advanced(byNanoseconds: timeout)
    }
}

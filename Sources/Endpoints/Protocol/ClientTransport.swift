internal import MediaCore
internal import MediaWire

/// The transport of an offer over ICE and DTLS-SRTP: finds a path to the relay, shakes hands along it, and keeps it.
final class ClientTransport {
    /// Which of its owner's sockets, or of their addresses, it has to itself: the relay tells its peers apart by their addresses.
    let socket: Int
    private var ice: ICEClientAgent
    private var dtls: DTLSConnection
    private var hasBegun = false

    /// Done once: the keys of the handshake.
    private(set) var isConnected = false
    /// Why there will be no connection, or none any more.
    private(set) var failure: Failure?

    enum Failure: Sendable {
        /// No candidate of the relay answers.
        case unreachable
        case handshake(DTLSConnection.Failure)
        /// The relay has closed the connection.
        case closed
    }

    /// - Parameter checkInterval: between two checks of the chosen path, in ns.
    /// - Throws: `DTLSError` if the library fails.
    init(
        _ answer: WebRTCClientAnswer, credentials: ICECredentials, in context: borrowing DTLSContext, socket: Int,
        checkInterval: Int64 = ICEClientAgent.checkInterval, seed: UInt64, at now: Instant
    ) throws(DTLSError) {
        self.socket = socket
        ice = ICEClientAgent(
            local: credentials, remote: answer.credentials, candidates: answer.candidates,
            interval: checkInterval, seed: seed, at: now)
        dtls = try DTLSConnection(answer.role, in: context, peer: answer.fingerprints)
    }

    /// Where media goes.
    var remoteAddress: SocketAddress? { ice.selected }

    var nextTimeout: Instant? {
        guard failure == nil else { return nil }
        return Instant.earlier(ice.nextTimeout, dtls.nextTimeout)
    }

    /// - Returns: the keys, if this has finished the handshake.
    func receiveSTUN(_ datagram: [UInt8], at now: Instant, into queue: inout BoundedQueue<Transmit>) -> DTLSKeys? {
        guard let message = STUNMessage(datagram.rawSpan), ice.receive(message, at: now) else { return nil }
        if !hasBegun {
            hasBegun = true
            dtls.start(at: now)
        }
        return handleTimeout(at: now, into: &queue)
    }

    func receiveDTLS(_ datagram: [UInt8], at now: Instant, into queue: inout BoundedQueue<Transmit>) -> DTLSKeys? {
        guard hasBegun else { return nil }
        unsafe datagram.withUnsafeBytes { unsafe dtls.receive($0, at: now) }
        return settle(into: &queue)
    }

    func handleTimeout(at now: Instant, into queue: inout BoundedQueue<Transmit>) -> DTLSKeys? {
        guard failure == nil else { return nil }
        if ice.hasFailed(at: now) {
            failure = .unreachable
            return nil
        }
        ice.handleTimeout(at: now) { bytes, destination in
            queue.append(Transmit(bytes: bytes, destination: destination, socket: socket))
        }
        if let due = dtls.nextTimeout, due <= now { dtls.handleTimeout(at: now) }
        return settle(into: &queue)
    }

    /// Says good-bye; nothing is sent any more behind it.
    func close(into queue: inout BoundedQueue<Transmit>) {
        dtls.close()
        flush(into: &queue)
        failure = failure ?? .closed
    }

    private func settle(into queue: inout BoundedQueue<Transmit>) -> DTLSKeys? {
        flush(into: &queue)
        switch dtls.pollEvent() {
        case .connected(let keys):
            isConnected = true
            return keys
        case .closed: failure = .closed
        case .failed(let reason): failure = .handshake(reason)
        case nil: break
        }
        return nil
    }

    private func flush(into queue: inout BoundedQueue<Transmit>) {
        guard let destination = ice.selected else { return }
        unsafe dtls.sendDatagrams {
            queue.append(unsafe Transmit(bytes: Array($0), destination: destination, socket: socket))
        }
    }
}

import MediaCore
import MediaWire
import Synchronization

/// One side of a call on real sockets: a thread that owns the `CallEndpoint` and its UDP sockets, one or two.
///
/// Media goes in through a bounded mailbox and comes out through `onEvent`, which runs on the network thread and must not wait, so
/// packets never wait for a codec or a disk.
final class EndpointLoop: Sendable {
    private let mailbox: EndpointMailbox
    private let clock: CallClock
    private let stop = StopFlag()
    private let lastReceived: Atomic<UInt64>
    private let thread: Mutex<WorkerThread.Running<Void>?>
    /// Where this side receives.
    let localAddress: SocketAddress

    /// Binds and starts the thread.
    /// - Parameters:
    ///   - configuration: its `localAddress` names the interface; the port is the kernel's choice.
    /// - Throws: `EndpointError.socket`.
    init(
        _ configuration: CallEndpointConfiguration, clock: CallClock, onEvent: @escaping @Sendable (CallEvent) -> Void
    ) throws(EndpointError) {
        let address = Self.bindAddress(configuration)
        let port = try DatagramPort(bindingTo: address)
        let second = configuration.keyExchange == .dtls ? try DatagramPort(bindingTo: address) : nil
        let mailbox = try EndpointMailbox()
        localAddress = port.localAddress
        lastReceived = Atomic(clock.now.nanoseconds)
        self.mailbox = mailbox
        self.clock = clock
        thread = Mutex(nil)
        var bound = configuration
        bound.localAddress = localAddress
        let handover = Handover(Ports(first: port, second: second))
        let running = WorkerThread.start("endpoint") { [bound] in
            guard let ports = handover.take() else { return }
            var generator = SystemRandomNumberGenerator()
            let endpoint = CallEndpoint(configuration: bound, using: &generator, wallClock: (clock.instant, clock.ntp))
            self.run(ports, endpoint, onEvent)
        }
        thread.withLock { $0 = running }
    }

    /// Where the relay follows this side to another network, the socket leaves its address to the system.
    private static func bindAddress(_ configuration: CallEndpointConfiguration) -> SocketAddress {
        let address = configuration.localAddress.address
        guard configuration.keyExchange == .dtls else { return SocketAddress(address, port: 0) }
        return SocketAddress(address.isIPv6 ? .anyV6 : .anyV4, port: 0)
    }

    private struct Ports: ~Copyable {
        var first: DatagramPort
        /// The endpoint's socket number 1.
        var second: DatagramPort?
    }

    /// Carries the ports into the thread once.
    private final class Handover: Sendable {
        private let ports: Mutex<Ports?>
        init(_ ports: consuming sending Ports) { self.ports = Mutex(consume ports) }
        func take() -> Ports? { ports.withLock { $0.take() } }
    }

    // MARK: From other threads

    /// Runs on the network thread between two datagrams.
    /// - Throws: what the body throws; `EndpointError.socket` if the loop has ended.
    func perform<Value: Sendable>(
        _ body: @escaping @Sendable (inout CallEndpoint, Instant) throws -> Value
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            let accepted = mailbox.post { endpoint, now in
                continuation.resume(with: Result { try body(&endpoint, now) })
            }
            if !accepted { continuation.resume(throwing: EndpointError.socket("the call has ended")) }
        }
    }

    /// False if the frame was dropped because the network thread is too far behind.
    func sendVideo(_ frame: [UInt8], isKeyframe: Bool, captureTime: NTPTimestamp) -> Bool {
        mailbox.post { endpoint, now in
            endpoint.sendVideo(frame, isKeyframe: isKeyframe, captureTime: captureTime, at: now)
        }
    }

    func sendAudio(_ packet: [UInt8], samples: Int, captureTime: NTPTimestamp) -> Bool {
        mailbox.post { endpoint, now in
            endpoint.sendAudio(packet, samples: samples, captureTime: captureTime, at: now)
        }
    }

    func statistics() async throws -> CallStatistics { try await perform { endpoint, _ in endpoint.statistics } }

    /// Nanoseconds since anything came from the network.
    var silence: Int64 {
        clock.now.nanoseconds(since: Instant(nanoseconds: lastReceived.load(ordering: .relaxed)))
    }

    /// Says goodbye to the other side, once, and ends the thread.
    func close() async {
        _ = try? await perform { endpoint, now in endpoint.close(at: now) }
        stop.set()
        mailbox.post { _, _ in }
        let running = thread.withLock { $0.take() }
        _ = try? await running?.value()
    }

    // MARK: On the network thread

    private func run(
        _ start: consuming Ports, _ endpoint: consuming CallEndpoint, _ onEvent: (CallEvent) -> Void
    ) {
        var ports = start
        while !stop.isSet {
            for command in mailbox.takeAll() {
                command(&endpoint, clock.now)
                flush(&endpoint, &ports, onEvent)
            }
            let received = receive(&endpoint, &ports, onEvent)
            let now = clock.now
            if received > 0 { lastReceived.store(now.nanoseconds, ordering: .relaxed) }
            if let due = endpoint.nextTimeout, due <= now { endpoint.handleTimeout(at: now) }
            flush(&endpoint, &ports, onEvent)
            if received < 64 {
                let until = endpoint.nextTimeout.map { max(0, $0.nanoseconds(since: clock.now)) }
                ports.first.wait(with: ports.second, orReadable: mailbox.wakeDescriptor, nanoseconds: until)
            }
        }
        // Whoever still waits for an answer gets it.
        for command in mailbox.closeTakingAll() { command(&endpoint, clock.now) }
        flush(&endpoint, &ports, onEvent)
    }

    private func receive(
        _ endpoint: inout CallEndpoint, _ ports: inout Ports, _ onEvent: (CallEvent) -> Void
    ) -> Int {
        let now = clock.now
        let first = ports.first.receive { bytes, source in
            endpoint.handle(bytes, from: source, at: now)
            while let event = endpoint.pollEvent() { onEvent(event) }
        }
        let second =
            ports.second?.receive { bytes, source in
                endpoint.handle(bytes, from: source, socket: 1, at: now)
                while let event = endpoint.pollEvent() { onEvent(event) }
            } ?? 0
        return max(first, second)
    }

    private func flush(_ endpoint: inout CallEndpoint, _ ports: inout Ports, _ onEvent: (CallEvent) -> Void) {
        while let transmit = endpoint.pollTransmit() {
            if transmit.socket == 1 {
                ports.second?.send(transmit.bytes, to: transmit.destination)
            } else {
                ports.first.send(transmit.bytes, to: transmit.destination)
            }
        }
        ports.first.flush()
        ports.second?.flush()
        while let event = endpoint.pollEvent() { onEvent(event) }
    }
}

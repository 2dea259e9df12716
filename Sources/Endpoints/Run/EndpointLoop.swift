import MediaCore
import MediaWire
import Synchronization

/// One side of a call on a real socket: a thread that owns the `CallEndpoint` and its UDP socket.
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
        let port = try DatagramPort(bindingTo: SocketAddress(configuration.localAddress.address, port: 0))
        let mailbox = try EndpointMailbox()
        localAddress = port.localAddress
        lastReceived = Atomic(clock.now.nanoseconds)
        self.mailbox = mailbox
        self.clock = clock
        thread = Mutex(nil)
        var bound = configuration
        bound.localAddress = localAddress
        let handover = Handover(port: port)
        let running = WorkerThread.start("endpoint") { [bound] in
            guard let port = handover.take() else { return }
            var generator = SystemRandomNumberGenerator()
            let endpoint = CallEndpoint(configuration: bound, using: &generator, wallClock: (clock.instant, clock.ntp))
            self.run(port, endpoint, onEvent)
        }
        thread.withLock { $0 = running }
    }

    /// Carries the port into the thread once.
    private final class Handover: Sendable {
        private let port: Mutex<DatagramPort?>
        init(port: consuming sending DatagramPort) { self.port = Mutex(consume port) }
        func take() -> DatagramPort? { port.withLock { $0.take() } }
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
        _ port: consuming DatagramPort, _ endpoint: consuming CallEndpoint, _ onEvent: (CallEvent) -> Void
    ) {
        while !stop.isSet {
            for command in mailbox.takeAll() {
                command(&endpoint, clock.now)
                flush(&endpoint, &port, onEvent)
            }
            var now = clock.now
            let received = port.receive { bytes, source in
                endpoint.handle(bytes, from: source, at: now)
                while let event = endpoint.pollEvent() { onEvent(event) }
            }
            if received > 0 { lastReceived.store(now.nanoseconds, ordering: .relaxed) }
            now = clock.now
            if let due = endpoint.nextTimeout, due <= now { endpoint.handleTimeout(at: now) }
            flush(&endpoint, &port, onEvent)
            if received < 64 {
                let until = endpoint.nextTimeout.map { max(0, $0.nanoseconds(since: clock.now)) }
                port.wait(orReadable: mailbox.wakeDescriptor, nanoseconds: until)
            }
        }
        // Whoever still waits for an answer gets it.
        for command in mailbox.closeTakingAll() { command(&endpoint, clock.now) }
        flush(&endpoint, &port, onEvent)
    }

    private func flush(_ endpoint: inout CallEndpoint, _ port: inout DatagramPort, _ onEvent: (CallEvent) -> Void) {
        while let transmit = endpoint.pollTransmit() { port.send(transmit.bytes, to: transmit.destination) }
        port.flush()
        while let event = endpoint.pollEvent() { onEvent(event) }
    }
}

internal import CAllocationCounter
internal import CExactCounts
internal import Dispatch
internal import Foundation
internal import MediaCore
internal import MediaIO
internal import MediaWire

/// A shard's thread with its socket, between participants with sockets of their own on the loopback interface.
///
/// The thread is held in a command while datagrams are put into its socket, and let go when all are there: it finds the same
/// each time. A trace of its system calls shows "begin" when it is let go and "end" when all is over.
final class IOCount {
    /// What waits in the socket when the thread looks.
    enum Burst: String, CaseIterable {
        /// 20 frames and 28 audio packets.
        case many
        /// One frame.
        case frame
        /// 20 frames, each sent as one by UDP GSO, and 28 audio packets.
        case segmented

        var frames: Int { self == .frame ? 1 : 20 }
        var audioPackets: Int { self == .frame ? 0 : 28 }
        var packets: Int { frames * Calls.packetsPerFrame + audioPackets }
    }

    private struct Participant {
        let socket: Int32
        let address: SocketAddress

        init() throws {
            var port: UInt16 = 0
            socket = unsafe exact_counts_open(&port)
            guard socket >= 0 else { throw CountingFailure("the system refused a socket") }
            address = SocketAddress(.loopbackV4, port: port)
        }
    }

    private let calls: Calls
    private let customers: [Participant]
    private let technicians: [Participant]
    private let thread: ShardThread
    private var nextFrame = 0
    private var nextAudio = 0
    private var rounds = 0
    /// Packets sent, and of those sent in exchanges, packets relayed.
    private(set) var packets = 0
    private(set) var arrived = 0

    /// - Parameter reportInterval: in ms; long where the number of system calls may not depend on the time of day.
    init(calls count: Int, reportInterval: Int64) throws {
        customers = try (0..<count).map { _ in try Participant() }
        technicians = try (0..<count).map { _ in try Participant() }
        calls = try Calls(
            zip(customers, technicians).map { Calls.Addresses(customer: $0.address, technician: $1.address) },
            profile: .aeadAES128GCM)
        var configuration = RelayConfiguration(seed: 3)
        configuration.reportIntervalMilliseconds = reportInterval
        thread = try ShardThread(
            index: 0, bindingTo: SocketAddress(.loopbackV4, port: 0), configuration: configuration)
        let legs = calls.legs
        try perform { shard, now in try shard.setUp(legs, at: now) }
    }

    /// Lets every stream begin, and its first reports go both ways, whose keys are derived then.
    func warmUp() throws {
        _ = try allocations(seconds: 3)
        guard arrived >= (Calls.packetsPerFrame + 1) * calls.count else {
            throw CountingFailure("\(arrived) of \(packets) packets arrived")
        }
    }

    // MARK: - System calls

    /// Sends `count` bursts, each while the thread is held.
    func run(_ burst: Burst, count: Int) throws {
        for _ in 0..<count {
            try settle()
            let held = DispatchSemaphore(value: 0)
            let letGo = DispatchSemaphore(value: 0)
            let done = start { _, _ in
                held.signal()
                letGo.wait()
                unsafe exact_counts_mark("begin \(burst)")
            }
            held.wait()
            try send(burst)
            letGo.signal()
            try done()
            let received = receive(burst.packets, by: technicians, within: 10_000)
            guard received == burst.packets else {
                throw CountingFailure("of \(burst.packets) packets \(received) arrived")
            }
            try perform { _, _ in unsafe exact_counts_mark("end \(burst)") }
            // Packets that are relayed at once tell the shard that it has no backlog, whatever the burst has waited.
            try exchange(nextFrame)
        }
    }

    /// Waits until the thread has taken all that was sent to it, and forgets what it has sent.
    private func settle() throws {
        // The thread runs a command at the beginning of a round: behind the second, what came before the first is sent.
        for _ in 0..<2 { try perform { _, _ in } }
        for technician in technicians { _ = exact_counts_drain(technician.socket) }
    }

    // MARK: - Allocations

    /// Allocations of the shard's thread while `seconds` of traffic pass, with reports both ways.
    func allocations(seconds: Double) throws -> UInt64 {
        let before = threadCounts
        // Its set-up allocated; a thread without that is not the shard's.
        guard before.by_swift > 0 else { throw CountingFailure("no thread called shard-0 is counted") }
        let end = MonotonicClock.now.advanced(byNanoseconds: Int64(seconds * 1e9))
        while MonotonicClock.now < end {
            for call in 0..<calls.count {
                try exchange(call)
                if rounds % 20 == 0 { try sendReports(call) }
            }
            rounds += 1
        }
        let after = threadCounts
        return after.by_swift - before.by_swift + after.by_libraries - before.by_libraries
    }

    private var threadCounts: allocation_counts { unsafe allocation_counter_read_threads("shard-0") }

    // MARK: - Traffic

    private func send(_ burst: Burst) throws {
        for _ in 0..<burst.frames {
            try sendFrame(nextFrame, segmented: burst == .segmented)
            nextFrame = (nextFrame + 1) % calls.count
        }
        for _ in 0..<burst.audioPackets {
            try sendAudio(nextAudio)
            nextAudio = (nextAudio + 1) % calls.count
        }
    }

    /// One frame and one audio packet of a call. On a machine with other work the relay may shed the frame.
    private func exchange(_ call: Int) throws {
        try sendFrame(call, segmented: false)
        try sendAudio(call)
        arrived += receive(Calls.packetsPerFrame + 1, by: [technicians[call]])
    }

    private func sendFrame(_ call: Int, segmented: Bool) throws {
        var frame: [UInt8] = []
        var size = 0
        try calls.frame(of: call) { packet in
            if segmented {
                frame += packet
                size = packet.count
            } else {
                try send(packet, from: customers[call])
            }
        }
        if segmented { try send(frame, from: customers[call], segment: size) }
        packets += Calls.packetsPerFrame
    }

    private func sendAudio(_ call: Int) throws {
        try calls.audioPacket(of: call) { packet in try send(packet, from: customers[call]) }
        packets += 1
    }

    private func sendReports(_ call: Int) throws {
        try calls.senderReports(of: call, at: MonotonicClock.now) { try send($0, from: customers[call]) }
        try calls.receiverReports(of: call) { try send($0, from: technicians[call]) }
        _ = exact_counts_drain(customers[call].socket)
    }

    private func send(_ bytes: [UInt8], from participant: Participant, segment: Int = 0) throws {
        let isSent = unsafe exact_counts_send(
            participant.socket, thread.localAddress.port, bytes, bytes.count, Int32(segment))
        guard isSent != 0 else { throw CountingFailure("the kernel does not take a datagram") }
    }

    /// Waits until `receivers` have `count` datagrams of media, or the time is over. Answers how many they have.
    private func receive(_ count: Int, by receivers: [Participant], within milliseconds: Int64 = 100) -> Int {
        let deadline = MonotonicClock.now.advanced(byMilliseconds: milliseconds)
        var received = 0
        while received < count, MonotonicClock.now < deadline {
            for receiver in receivers { received += Int(exact_counts_drain(receiver.socket)) }
        }
        return received
    }

    // MARK: - Commands

    /// Starts a command on the shard's thread; answers what waits for its end.
    private func start(
        _ body: @escaping @Sendable (inout RelayShard, Instant) throws -> Void
    ) -> () throws -> Void {
        let thread = thread
        let outcome = Outcome()
        Task.detached {
            do {
                try await thread.perform(body)
                outcome.finish(nil)
            } catch {
                outcome.finish(error)
            }
        }
        return { try outcome.wait() }
    }

    private func perform(_ body: @escaping @Sendable (inout RelayShard, Instant) throws -> Void) throws {
        try start(body)()
    }
}

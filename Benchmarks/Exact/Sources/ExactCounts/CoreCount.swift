internal import CAllocationCounter
internal import CExactCounts
internal import MediaCore
internal import MediaWire

/// The core without sockets: a second of simulated time of 100 calls, in batches as a shard's thread takes them.
@safe
final class CoreCount {
    /// How many datagrams a batch holds.
    enum Batching: String {
        /// What the socket holds when packets come faster than they are relayed: 64.
        case full
        /// What it holds otherwise: one frame, one audio packet or one report.
        case burst
    }

    /// What comes in at one time.
    private struct Round: ~Copyable {
        var received: ReceiveBatch
        var now: Instant
    }

    /// What passes besides media.
    enum Traffic: String {
        /// Sender and receiver reports once a second, both ways.
        case reports
        /// Nothing.
        case media
    }

    /// What the measured function works on, in a place of its own: reaching it through a class would cost what is measured.
    @safe
    private struct Core: ~Copyable {
        var shard: RelayShard
        var outgoing = SendBatch(capacity: 256)
        /// Prepared beforehand, so that between its first and last instruction the measured function does nothing else.
        let rounds: UnsafeMutablePointer<Round>
        var count = 0
        var sent = 0

        init(_ configuration: RelayConfiguration) {
            shard = RelayShard(configuration)
            unsafe rounds = .allocate(capacity: CoreCount.maximumRounds)
        }

        deinit {
            unsafe rounds.deinitialize(count: count)
            unsafe rounds.deallocate()
        }

        mutating func append(_ round: consuming Round) {
            precondition(count < CoreCount.maximumRounds)
            unsafe (rounds + count).initialize(to: round)
            count += 1
        }

        mutating func removeAll() {
            unsafe rounds.deinitialize(count: count)
            count = 0
        }

        mutating func takeAll() {
            let rounds = unsafe rounds
            for index in 0..<count { unsafe take(&rounds[index]) }
        }

        /// As a round of a shard's thread.
        private mutating func take(_ round: inout Round) {
            var index = 0
            while index < round.received.count {
                index = shard.receive(&round.received, startingAt: index, into: &outgoing, at: round.now)
                sent &+= outgoing.count
                outgoing.removeAll()
            }
            while let due = shard.nextTimeout, due <= round.now {
                shard.handleTimeout(at: round.now, into: &outgoing)
                if outgoing.count == 0 { break }
                sent &+= outgoing.count
                outgoing.removeAll()
            }
            while shard.pollEvent() != nil {}
        }
    }

    /// One thing that a call does, and when.
    private struct Happening {
        enum What { case frame, audio, senderReports, receiverReports }
        var time: Int64
        var call: Int
        var what: What
    }

    private static let batchCapacity = 64
    private static let maximumRounds = 20_000
    private static let second: Int64 = 1_000_000_000
    private static let videoInterval = second / 30
    private static let audioInterval = second / 50

    private let calls: Calls
    private let core: UnsafeMutablePointer<Core>
    private let batching: Batching
    private let traffic: Traffic
    private var now = Instant(nanoseconds: 1_000_000_000)
    private var batch: ReceiveBatch
    private(set) var mediaPackets = 0
    private(set) var reports = 0
    private(set) var allocations: UInt64 = 0

    init(calls count: Int, profile: SRTPProfile, backend: SRTPBackend, batching: Batching, traffic: Traffic) throws {
        var configuration = RelayConfiguration(seed: 3)
        configuration.srtpBackend = backend
        // No report comes due of itself within the simulated time.
        if traffic == .media { configuration.reportIntervalMilliseconds = 3_600_000 }
        calls = try Calls(
            (0..<UInt32(count)).map { index in
                Calls.Addresses(
                    customer: SocketAddress(IPAddress(v4: 0x0A00_0000 + index), port: 5_000),
                    technician: SocketAddress(IPAddress(v4: 0x0B00_0000 + index), port: 6_000))
            }, profile: profile)
        self.batching = batching
        self.traffic = traffic
        batch = Self.emptyBatch(batching)
        unsafe core = .allocate(capacity: 1)
        unsafe core.initialize(to: Core(configuration))
        try unsafe core.pointee.shard.setUp(calls.legs, at: now)
    }

    deinit {
        unsafe core.deinitialize(count: 1)
        unsafe core.deallocate()
    }

    private static func emptyBatch(_ batching: Batching) -> ReceiveBatch {
        ReceiveBatch(capacity: batching == .full ? batchCapacity : Calls.packetsPerFrame)
    }

    /// Runs `seconds` of simulated time: as a warm-up, or to measure.
    ///
    /// - Throws: `CountingFailure` if anything else goes out than what came in.
    func run(seconds: Int64, measuring: Bool) throws {
        let packetsBefore = mediaPackets
        var time = now
        for happening in schedule(seconds, isThin: !measuring) {
            if batching == .burst || batch.count + Calls.packetsPerFrame > batch.capacity { closeBatch(at: time) }
            time = now.advanced(byNanoseconds: happening.time)
            try append(happening, at: time)
        }
        closeBatch(at: time)
        now = now.advanced(byNanoseconds: seconds * Self.second)

        let sentBefore = unsafe core.pointee.sent
        let forwardedBefore = unsafe core.pointee.shard.counters.packetsForwarded
        measuring ? measure() : unsafe core.pointee.takeAll()
        unsafe core.pointee.removeAll()
        let forwarded = Int(unsafe core.pointee.shard.counters.packetsForwarded &- forwardedBefore)
        guard forwarded == mediaPackets - packetsBefore else {
            let counters = unsafe core.pointee.shard.counters
            throw CountingFailure(
                "\(mediaPackets - packetsBefore) packets came in, \(forwarded) went out: \(counters)")
        }
        reports = unsafe core.pointee.sent - sentBefore - forwarded
    }

    private func measure() {
        let before = allocation_counter_read()
        unsafe exact_counts_measured(
            { core in
                guard let core = unsafe core else { return }
                unsafe core.assumingMemoryBound(to: Core.self).pointee.takeAll()
            }, core)
        let after = allocation_counter_read()
        allocations = after.by_swift - before.by_swift + after.by_libraries - before.by_libraries
    }

    private func closeBatch(at time: Instant) {
        guard batch.count > 0 else { return }
        var next = Self.emptyBatch(batching)
        swap(&batch, &next)
        unsafe core.pointee.append(Round(received: next, now: time))
    }

    /// - Parameter isThin: with a fifth of the frames, which is enough to get everything going.
    private func schedule(_ seconds: Int64, isThin: Bool) -> [Happening] {
        var happenings: [Happening] = []
        let count = Int64(calls.count)
        for call in 0..<count {
            let index = Int(call)
            for number in 0..<(30 * seconds) where !isThin || number % 5 == 0 {
                let time = number * Self.videoInterval + call * Self.videoInterval / count
                happenings.append(Happening(time: time, call: index, what: .frame))
            }
            for number in 0..<(50 * seconds) {
                let time = number * Self.audioInterval + call * Self.audioInterval / count + 7_000
                happenings.append(Happening(time: time, call: index, what: .audio))
            }
            for number in 0..<(traffic == .reports ? seconds : 0) {
                let time = number * Self.second + call * Self.second / count + 500_000
                happenings.append(Happening(time: time, call: index, what: .senderReports))
                happenings.append(Happening(time: time + 4_000_000, call: index, what: .receiverReports))
            }
        }
        return happenings.sorted { ($0.time, $0.call) < ($1.time, $1.call) }
    }

    private func append(_ happening: Happening, at now: Instant) throws {
        let addresses = calls.addresses[happening.call]
        switch happening.what {
        case .frame:
            try calls.frame(of: happening.call) { bytes in
                try append(bytes, from: addresses.customer)
                mediaPackets += 1
            }
        case .audio:
            try calls.audioPacket(of: happening.call) { bytes in
                try append(bytes, from: addresses.customer)
                mediaPackets += 1
            }
        case .senderReports:
            try calls.senderReports(of: happening.call, at: now) { bytes in
                try append(bytes, from: addresses.customer)
            }
        case .receiverReports:
            try calls.receiverReports(of: happening.call) { bytes in
                try append(bytes, from: addresses.technician)
            }
        }
    }

    private func append(_ bytes: [UInt8], from source: SocketAddress) throws {
        guard batch.append(bytes, from: source) else { throw CountingFailure("a batch is full") }
    }
}

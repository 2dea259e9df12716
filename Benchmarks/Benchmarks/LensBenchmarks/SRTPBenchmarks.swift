internal import Benchmark
internal import MediaCore
internal import MediaWire

/// The SRTP face in memory, packet by packet and in place, one direction at a time, with each backend of this machine.
func registerSRTPBenchmarks() {
    for backend in SRTPBackend.allCases where backend.isAvailable {
        for (label, profile) in benchmarkProfiles {
            for size in [90, 1_100] { registerStream("\(label) \(size) B", profile, size, backend) }
        }
        for others in [1_000, 10_000] { registerCrowd(others, backend) }
    }
}

private func registerStream(_ label: String, _ profile: SRTPProfile, _ size: Int, _ backend: SRTPBackend) {
    let make = { try ProtectedStream(profile, packetSize: size, backend: backend) }
    Benchmark.register("srtp/protect \(label), \(backend)", state: make) { benchmark, stream in
        try stream.protect(benchmark)
    }
    Benchmark.register("srtp/unprotect \(label), \(backend)", state: make) { benchmark, stream in
        stream.fill()
        _ = stream.protectAll()
        var unprotected = 0
        benchmark.measure(units: PacketBatch.packets) { unprotected = stream.unprotectAll() }
        try check(unprotected == PacketBatch.packets, "\(unprotected) packets were unprotected")
    }
}

/// One stream among many others that live in the same process: what a backend makes of their number.
private func registerCrowd(_ others: Int, _ backend: SRTPBackend) {
    let make = { try ProtectedCrowd(others: others, backend: backend) }
    Benchmark.register(
        "srtp/protect GCM-128 1100 B beside \(others) others, \(backend)", state: make
    ) { benchmark, crowd in try crowd.stream.protect(benchmark) }
}

/// The profiles that are measured, by short names.
let benchmarkProfiles: [(label: String, profile: SRTPProfile)] = [
    ("GCM-128", .aeadAES128GCM), ("GCM-256", .aeadAES256GCM), ("CM-80", .aesCM128HMACSHA1_80),
]

/// A stream in the middle of others that have sent one packet each and then only exist.
private final class ProtectedCrowd {
    let stream: ProtectedStream
    private var others: [Other] = []

    private final class Other {
        private var sender: SRTPSender

        init(_ backend: SRTPBackend, using generator: inout SeededGenerator) throws {
            sender = try SRTPSender(SRTPKey(profile: .aeadAES128GCM, using: &generator), backend: backend)
            var packet = RTPPacket(
                payloadType: 96, sequenceNumber: SequenceNumber(1), timestamp: RTPTimestamp(1), ssrc: SSRC(1),
                payload: [1]
            ).serialized()
            guard case .success = sender.protectRTP(&packet) else {
                throw BenchmarkFailure("a packet was not protected")
            }
        }
    }

    init(others count: Int, backend: SRTPBackend) throws {
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<count / 2 { others.append(try Other(backend, using: &generator)) }
        stream = try ProtectedStream(.aeadAES128GCM, packetSize: 1_100, backend: backend)
        while others.count < count { others.append(try Other(backend, using: &generator)) }
    }
}

/// One stream and both ends of its key. Sequence numbers only go up, so that nothing is a replay.
private final class ProtectedStream {
    private var sender: SRTPSender
    private var receiver: SRTPReceiver
    private let batch: PacketBatch
    private let packetSize: Int
    private let overhead: Int
    private var sequence: UInt16 = 0

    /// - Parameter packetSize: bytes of a plain packet, header included.
    init(_ profile: SRTPProfile, packetSize: Int, backend: SRTPBackend) throws {
        var generator = SeededGenerator(seed: 2)
        let key = SRTPKey(profile: profile, using: &generator)
        sender = try SRTPSender(key, backend: backend)
        receiver = try SRTPReceiver(key, backend: backend)
        batch = PacketBatch(using: &generator)
        self.packetSize = packetSize
        overhead = profile.rtpOverhead
    }

    /// Writes the headers of the next packets; the bytes behind them are whatever the last round left there.
    func fill() {
        for index in 0..<PacketBatch.packets {
            let fields = PacketFields(
                payloadType: 96, ssrc: SSRC(0x1234_5678), sequence: sequence, timestamp: UInt32(sequence) &* 3_000)
            unsafe fields.write(to: batch.slot(index))
            sequence &+= 1
        }
    }

    /// One measured iteration.
    func protect(_ benchmark: Benchmark) throws {
        fill()
        var protected = 0
        benchmark.measure(units: PacketBatch.packets) { protected = protectAll() }
        try check(protected == PacketBatch.packets, "\(protected) packets were protected")
    }

    /// The number of packets that came out as long as they should.
    func protectAll() -> Int {
        var count = 0
        for index in 0..<PacketBatch.packets {
            let outcome = unsafe sender.protectRTP(batch.slot(index), length: packetSize)
            if outcome == .success(length: packetSize &+ overhead) { count &+= 1 }
        }
        return count
    }

    func unprotectAll() -> Int {
        var count = 0
        for index in 0..<PacketBatch.packets {
            let packet = unsafe UnsafeMutableRawBufferPointer(rebasing: batch.slot(index)[..<(packetSize &+ overhead)])
            if unsafe receiver.unprotectRTP(packet) == .success(length: packetSize) { count &+= 1 }
        }
        return count
    }
}

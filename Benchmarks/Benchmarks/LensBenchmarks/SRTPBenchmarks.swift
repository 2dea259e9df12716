internal import Benchmark
internal import MediaCore
internal import MediaWire

/// The SRTP face in memory, one direction at a time, in place, as the relay calls it.
func registerSRTPBenchmarks() {
    for (label, profile) in benchmarkProfiles {
        for size in [90, 1_100] {
            Benchmark.register(
                "srtp/protect \(label) \(size) B", state: { try ProtectedStream(profile, packetSize: size) }
            ) { benchmark, stream in
                stream.fill()
                var protected = 0
                benchmark.measure(units: PacketBatch.packets) { protected = stream.protectAll() }
                try check(protected == PacketBatch.packets, "\(protected) packets were protected")
            }
            Benchmark.register(
                "srtp/unprotect \(label) \(size) B", state: { try ProtectedStream(profile, packetSize: size) }
            ) { benchmark, stream in
                stream.fill()
                _ = stream.protectAll()
                var unprotected = 0
                benchmark.measure(units: PacketBatch.packets) { unprotected = stream.unprotectAll() }
                try check(unprotected == PacketBatch.packets, "\(unprotected) packets were unprotected")
            }
        }
    }
    registerCrowdBenchmarks()
}

/// One stream among many others that live in the same process: what the SRTP library itself makes of their number.
private func registerCrowdBenchmarks() {
    for others in [100, 1_000, 10_000] {
        Benchmark.register(
            "srtp/protect GCM-128 1100 B beside \(others) others", state: { try ProtectedCrowd(others: others) }
        ) { benchmark, crowd in
            crowd.stream.fill()
            var protected = 0
            benchmark.measure(units: PacketBatch.packets) { protected = crowd.stream.protectAll() }
            try check(protected == PacketBatch.packets, "\(protected) packets were protected")
        }
    }
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

        init(using generator: inout SeededGenerator) throws {
            sender = try SRTPSender(SRTPKey(profile: .aeadAES128GCM, using: &generator))
            var packet = RTPPacket(
                payloadType: 96, sequenceNumber: SequenceNumber(1), timestamp: RTPTimestamp(1), ssrc: SSRC(1),
                payload: [1]
            ).serialized()
            guard case .success = sender.protectRTP(&packet) else {
                throw BenchmarkFailure("a packet was not protected")
            }
        }
    }

    init(others count: Int) throws {
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<count / 2 { others.append(try Other(using: &generator)) }
        stream = try ProtectedStream(.aeadAES128GCM, packetSize: 1_100)
        while others.count < count { others.append(try Other(using: &generator)) }
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
    init(_ profile: SRTPProfile, packetSize: Int) throws {
        var generator = SeededGenerator(seed: 2)
        let key = SRTPKey(profile: profile, using: &generator)
        sender = try SRTPSender(key)
        receiver = try SRTPReceiver(key)
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

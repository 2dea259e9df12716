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
}

/// The profiles that are measured, by short names.
let benchmarkProfiles: [(label: String, profile: SRTPProfile)] = [
    ("GCM-128", .aeadAES128GCM), ("GCM-256", .aeadAES256GCM), ("CM-80", .aesCM128HMACSHA1_80),
]

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

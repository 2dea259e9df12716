import MediaCore
import MediaWire
import TestSupport
import Testing

/// A profile done by one of the backends of this machine.
struct SRTPSetup: Sendable, CustomTestStringConvertible {
    let profile: SRTPProfile
    let backend: SRTPBackend

    static let all = SRTPBackend.allCases.filter(\.isAvailable).flatMap { backend in
        SRTPProfile.allCases.map { SRTPSetup(profile: $0, backend: backend) }
    }
    /// Those that are compared with the reference.
    static let own = all.filter { $0.backend != .libsrtp }

    var testDescription: String { "\(profile) by \(backend)" }
}

/// A sender and a receiver under one key, and packets for them.
struct SRTPPair: ~Copyable {
    var sender: SRTPSender
    var receiver: SRTPReceiver
    let key: SRTPKey

    init(_ setup: SRTPSetup, seed: UInt64 = 1) throws {
        var generator = SeededGenerator(seed: seed)
        let key = SRTPKey(profile: setup.profile, using: &generator)
        let sender = try SRTPSender(key, backend: setup.backend)
        let receiver = try SRTPReceiver(key, backend: setup.backend)
        self.key = key
        self.sender = sender
        self.receiver = receiver
    }

    static func plain(_ sequence: Int, ssrc: UInt32 = 0xAABB_CCDD, length: Int = 40) -> [UInt8] {
        RTPPacket(
            payloadType: 96, sequenceNumber: SequenceNumber(UInt16(truncatingIfNeeded: sequence)),
            timestamp: RTPTimestamp(UInt32(truncatingIfNeeded: sequence &* 3000)), ssrc: SSRC(ssrc),
            payload: (0..<length).map { UInt8(truncatingIfNeeded: $0 &+ sequence) }
        ).serialized()
    }

    mutating func protected(_ plain: [UInt8]) throws -> [UInt8] {
        var bytes = plain
        guard case .success = sender.protectRTP(&bytes) else {
            throw SRTPTestError.notProtected
        }
        return bytes
    }

    mutating func protectedRTCP(_ packet: some RTCPWritable) throws -> [UInt8] {
        var writer = ByteWriter()
        packet.write(to: &writer)
        var bytes = writer.bytes
        guard case .success = sender.protectRTCP(&bytes) else { throw SRTPTestError.notProtected }
        return bytes
    }

    mutating func open(_ protected: [UInt8]) -> (outcome: SRTPOutcome, bytes: [UInt8]) {
        var bytes = protected
        let outcome = receiver.unprotectRTP(&bytes)
        return (outcome, bytes)
    }
}

enum SRTPTestError: Error { case notProtected, noTransform }

extension SRTPOutcome {
    var isSuccess: Bool { if case .success = self { true } else { false } }
}

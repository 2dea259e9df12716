@testable import MediaCore
import TestSupport
import Testing

/// This module's own AES-GCM against OpenSSL's: every length around its steps of 16, 64 and 256 bytes.
@Suite(.enabled(if: SRTPBackend.vector.isAvailable, "this processor has no VAES with AVX-512"))
struct VectorGCMTests {
    static let profiles: [SRTPProfile] = [.aeadAES128GCM, .aeadAES256GCM]

    private func transform(
        _ profile: SRTPProfile, opening: Bool, _ backend: SRTPBackend, seed: UInt64 = 5
    ) throws -> SRTPTransform {
        var random = SeededGenerator(seed: seed)
        let key = (0..<profile.masterKeyLength).map { _ in UInt8.random(in: 0...255, using: &random) }
        let salt = (0..<profile.masterSaltLength).map { _ in UInt8.random(in: 0...255, using: &random) }
        let keys = SRTPSessionKeys(profile: profile, encryptionKey: key, authenticationKey: [], salt: salt)
        guard let made = SRTPTransform(keys, opening: opening, backend: backend) else {
            throw SRTPTestError.noTransform
        }
        return made
    }

    private func seal(_ plain: [UInt8], header: Int, by transform: borrowing SRTPTransform, index: UInt64) -> [UInt8] {
        // What stands behind the tag must stay.
        var packet = plain + [UInt8](repeating: 0xEE, count: 16 + 64)
        let isSealed = packet.withUnsafeMutableBytes { memory in
            transform.block.sealRTP(
                memory.baseAddress!, headerLength: header, payload: memory.baseAddress! + header,
                count: plain.count - header, ssrc: 7, index: index)
        }
        #expect(isSealed)
        #expect(packet.suffix(64).allSatisfy { $0 == 0xEE })
        return packet.dropLast(64)
    }

    private func open(_ packet: [UInt8], header: Int, by transform: borrowing SRTPTransform, index: UInt64) -> [UInt8]?
    {
        var packet = packet + [UInt8](repeating: 0xEE, count: 64)
        let count = packet.count - 64
        let isGenuine = packet.withUnsafeMutableBytes { memory in
            transform.block.openRTP(memory.baseAddress!, headerLength: header, count: count, ssrc: 7, index: index)
        }
        #expect(packet.suffix(64).allSatisfy { $0 == 0xEE })
        return isGenuine ? packet.dropLast(64 + 16) : nil
    }

    private func check(_ profile: SRTPProfile, _ sizes: some Sequence<(header: Int, payload: Int)>) throws {
        let oracle = try transform(profile, opening: false, .openssl)
        let sealer = try transform(profile, opening: false, .vector)
        let opener = try transform(profile, opening: true, .vector)
        var random = SeededGenerator(seed: 9)
        for (number, size) in sizes.enumerated() {
            let plain = (0..<(size.header + size.payload)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            let index = random.next() >> 16
            let sealed = seal(plain, header: size.header, by: sealer, index: index)
            #expect(sealed == seal(plain, header: size.header, by: oracle, index: index), "\(size)")
            #expect(open(sealed, header: size.header, by: opener, index: index) == plain, "\(size)")
            var bad = sealed
            bad[number % bad.count] ^= 1 << (number % 8)
            #expect(open(bad, header: size.header, by: opener, index: index) == nil, "\(size)")
        }
    }

    @Test(arguments: profiles) func everyPayloadLength(profile: SRTPProfile) throws {
        try check(profile, (0...1300).map { (header: 12, payload: $0) })
    }

    @Test(arguments: profiles) func everyHeaderLength(profile: SRTPProfile) throws {
        try check(profile, stride(from: 12, through: 600, by: 4).map { (header: $0, payload: 100) })
    }

    /// Their counters go over a byte's end.
    @Test(arguments: profiles) func theLongestPackets(profile: SRTPProfile) throws {
        try check(
            profile, [(header: 12, payload: 65_400), (header: 65_000, payload: 40), (header: 32_000, payload: 33_000)])
    }

    /// A payload that stands elsewhere is only read.
    @Test(arguments: profiles) func aPayloadFromElsewhere(profile: SRTPProfile) throws {
        let sealer = try transform(profile, opening: false, .vector)
        let payload = (0..<333).map { UInt8(truncatingIfNeeded: $0) }
        let header = [UInt8](repeating: 3, count: 12)
        var slot = header + [UInt8](repeating: 0, count: payload.count + 16)
        let isSealed = slot.withUnsafeMutableBytes { slot in
            payload.withUnsafeBytes { payload in
                sealer.block.sealRTP(
                    slot.baseAddress!, headerLength: 12, payload: payload.baseAddress!, count: payload.count, ssrc: 7,
                    index: 1)
            }
        }
        #expect(isSealed)
        #expect(slot == seal(header + payload, header: 12, by: sealer, index: 1))
    }
}

@testable import MediaCore
import MediaWire
import TestSupport
import Testing

/// The examples of RFC 3711 and RFC 7714, which give session keys, at the transforms themselves.
@Suite struct SRTPTransformTests {
    static let backends = SRTPBackend.allCases.filter { $0 != .libsrtp && $0.isAvailable }
    static let quidProQuo = bytes(hex: "517569642070726f2071756f")
    static let rtp = bytes(
        hex: "8040f17b8041f8d35501a0b247616c6c696120657374206f6d6e69732064697669736120696e207061727465732074726573")
    static let rtcp = bytes(
        hex: "81c8000d4d6172734e5450314e545032525450200000042a0000e9304c756e61deadbeefdeadbeefdeadbeefdeadbeefdeadbeef")

    @Test(arguments: backends)
    func rfc3711AppendixB2CounterMode(_ backend: SRTPBackend) throws {
        let keys = SRTPSessionKeys(
            profile: .aesCM128HMACSHA1_80, encryptionKey: bytes(hex: "2b7e151628aed2a6abf7158809cf4f3c"),
            authenticationKey: [UInt8](repeating: 0, count: 20), salt: bytes(hex: "f0f1f2f3f4f5f6f7f8f9fafbfcfd"))
        let transform = try Self.transform(keys, opening: false, backend)
        // The key stream is what zeros become: 0xFF02 blocks, of which the appendix lists the first three and the last
        // three.
        var packet = [UInt8](repeating: 0, count: 12 + 0xFF02 * 16 + 10)
        let isSealed = packet.withUnsafeMutableBytes { memory in
            transform.block.sealRTP(
                memory.baseAddress!, headerLength: 12, payload: memory.baseAddress! + 12, count: 0xFF02 * 16, ssrc: 0,
                index: 0)
        }
        #expect(isSealed)
        let stream = packet[12...]
        #expect(
            [UInt8](stream.prefix(48))
                == bytes(
                    hex:
                        "e03ead0935c95e80e166b16dd92b4eb4d23513162b02d0f72a43a2fe4a5f97ab41e95b3bb0a2e8dd477901e4fca894c0"
                ))
        #expect(
            [UInt8](stream.dropFirst(0xFEFF * 16).prefix(48))
                == bytes(
                    hex:
                        "ec8cdf7398607cb0f2d21675ea9ea1e4362b7c3c6773516318a077d7fc5073ae6a2cc3787889374fbeb4c81b17ba6c44"
                ))
    }

    @Test func rfc3711AppendixB3KeyDerivation() {
        let derivation = SRTPKeyDerivation(
            masterKey: bytes(hex: "e1f97a0d3e018be0d64fa32c06de4139"),
            masterSalt: bytes(hex: "0ec675ad498afeebb6960b3aabe6"))
        #expect(derivation.derive(.rtpEncryption, count: 16) == bytes(hex: "c61e7a93744f39ee10734afe3ff7a087"))
        #expect(derivation.derive(.rtpSalt, count: 14) == bytes(hex: "30cbbc08863d8c85d49db34a9ae1"))
        #expect(
            derivation.derive(.rtpAuthentication, count: 94)
                == bytes(
                    hex:
                        "cebe321f6ff7716b6fd4ab49af256a156d38baa48f0a0acf3c34e2359e6cdbcee049646c43d9327ad175578ef7227098"
                        + "6371c10c9a369ac2f94a8c5fbcdddc256d6e919a48b610ef17c2041e474035766b68642c59bbfc2f34db60dbdfb2"
                ))
        #expect(SRTPKeyDerivation(masterKey: [1, 2, 3], masterSalt: []).derive(.rtpSalt, count: 14) == nil)
    }

    @Test(
        arguments: backends,
        [
            (
                SRTPProfile.aeadAES128GCM,
                "8040f17b8041f8d35501a0b2f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b36de3adf8833"
                    + "899d7f27beb16a9152cf765ee4390cce"
            ),
            (
                SRTPProfile.aeadAES256GCM,
                "8040f17b8041f8d35501a0b232b1de78a822fe12ef9f78fa332e33aab18012389a58e2f3b50b2a0276ffae0f1ba63799b87b"
                    + "7aa3db36dfffd6b0f9bb7878d7a76c13"
            ),
        ])
    func rfc7714Section16RTP(_ backend: SRTPBackend, _ example: (profile: SRTPProfile, protected: String)) throws {
        let sealing = try Self.transform(Self.keys(example.profile), opening: false, backend)
        let opening = try Self.transform(Self.keys(example.profile), opening: true, backend)
        let wanted = bytes(hex: example.protected)
        var packet = Self.rtp + [UInt8](repeating: 0, count: 16)
        let isSealed = packet.withUnsafeMutableBytes { memory in
            sealing.block.sealRTP(
                memory.baseAddress!, headerLength: 12, payload: memory.baseAddress! + 12, count: Self.rtp.count - 12,
                ssrc: 0x5501_A0B2, index: 0xF17B)
        }
        #expect(isSealed)
        #expect(packet == wanted)
        let isOpened = packet.withUnsafeMutableBytes { memory in
            opening.block.openRTP(
                memory.baseAddress!, headerLength: 12, count: memory.count, ssrc: 0x5501_A0B2, index: 0xF17B)
        }
        #expect(isOpened)
        #expect([UInt8](packet.prefix(Self.rtp.count)) == Self.rtp)
    }

    @Test(
        arguments: backends,
        [
            (
                SRTPProfile.aeadAES128GCM,
                "81c8000d4d61727363e94885dcdab67ca727d7662f6b7e997ff5c0f76c06f32dc676a5f1730d6fda4ce09b4686303ded"
                    + "0bb9275bc84aa45896cf4d2fc5abf87245d9eade800005d4"
            ),
            (
                SRTPProfile.aeadAES256GCM,
                "81c8000d4d617273d50ae4d1f5ce5d304ba297e47d470c282c3ece5dbffe0a50a2eaa5c1110555be8415f658c61de0476f1b6fad"
                    + "1d1eb30c4446839f57ff6f6cb26ac3be800005d4"
            ),
        ])
    func rfc7714Section17RTCP(_ backend: SRTPBackend, _ example: (profile: SRTPProfile, protected: String)) throws {
        let sealing = try Self.transform(Self.keys(example.profile), opening: false, backend)
        let opening = try Self.transform(Self.keys(example.profile), opening: true, backend)
        var packet = Self.rtcp + [UInt8](repeating: 0, count: 20)
        let isSealed = packet.withUnsafeMutableBytes { memory in
            sealing.block.sealRTCP(memory.baseAddress!, count: Self.rtcp.count, ssrc: 0x4D61_7273, index: 0x5D4)
        }
        #expect(isSealed)
        #expect(packet == bytes(hex: example.protected))
        let isOpened = packet.withUnsafeMutableBytes { memory in
            opening.block.openRTCP(memory.baseAddress!, count: memory.count, ssrc: 0x4D61_7273, index: 0x5D4)
        }
        #expect(isOpened)
        #expect([UInt8](packet.prefix(Self.rtcp.count)) == Self.rtcp)
    }

    /// Both libraries decrypt GCM before they compare the tag.
    @Test(arguments: SRTPSetup.own)
    func noPlaintextIsLeftOfAPacketWithAWrongTag(_ setup: SRTPSetup) throws {
        var pair = try SRTPPair(setup)
        let plain = SRTPPair.plain(1, length: 200)
        var bad = try pair.protected(plain)
        bad[bad.count - 1] ^= 1
        let outcome = bad.withUnsafeMutableBytes { pair.receiver.unprotectRTP($0) }
        #expect(outcome == .authenticationFailure)
        #expect(zip(bad[12..<212], plain[12...]).count { $0 == $1 } < 20)
    }

    @Test(arguments: backends)
    func keysOfTheWrongLengthMakeNoTransform(_ backend: SRTPBackend) {
        for profile in SRTPProfile.allCases {
            var keys = Self.keys(profile)
            keys.salt.removeLast()
            #expect(throws: SRTPTestError.noTransform) { _ = try Self.transform(keys, opening: true, backend) }
            keys = Self.keys(profile)
            keys.encryptionKey.append(0)
            #expect(throws: SRTPTestError.noTransform) { _ = try Self.transform(keys, opening: true, backend) }
        }
    }

    /// Nonce and tag are reached by their place in the block.
    @Test func headOfTheKeyBlockHasItsFieldsInPlace() {
        #expect(MemoryLayout<SRTPKeyBlock.Head>.offset(of: \.nonceHigh) == 16)
        #expect(MemoryLayout<SRTPKeyBlock.Head>.offset(of: \.tag) == 32)
        #expect(MemoryLayout<SRTPKeyBlock.Head>.offset(of: \.tail) == 56)
        #expect(MemoryLayout<SRTPKeyBlock.Head>.size <= SRTPKeyBlock.Layout.gcmKey)
    }

    private static func transform(
        _ keys: SRTPSessionKeys, opening: Bool, _ backend: SRTPBackend
    ) throws -> SRTPTransform {
        guard let made = SRTPTransform(keys, opening: opening, backend: backend) else {
            throw SRTPTestError.noTransform
        }
        return made
    }

    private static func keys(_ profile: SRTPProfile) -> SRTPSessionKeys {
        SRTPSessionKeys(
            profile: profile, encryptionKey: (0..<UInt8(profile.masterKeyLength)).map { $0 },
            authenticationKey: [UInt8](repeating: 9, count: profile.isAEAD ? 0 : 20),
            salt: quidProQuo + [UInt8](repeating: 0, count: profile.masterSaltLength - 12))
    }
}

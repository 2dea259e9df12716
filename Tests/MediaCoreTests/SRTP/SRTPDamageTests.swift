import MediaCore
import MediaWire
import TestSupport
import Testing

@Suite struct SRTPDamageTests {
    @Test(arguments: SRTPSetup.all)
    func wrongKeyFailsAndIsCounted(_ setup: SRTPSetup) throws {
        var pair = try SRTPPair(setup, seed: 1)
        var other = try SRTPPair(setup, seed: 2)
        for sequence in 0..<20 {
            #expect(pair.open(try other.protected(SRTPPair.plain(sequence))).outcome == .authenticationFailure)
        }
        #expect(pair.receiver.authenticationFailures == 20)
        var report = try other.protectedRTCP(ReceiverReport(ssrc: SSRC(5)))
        #expect(pair.receiver.unprotectRTCP(&report) == .authenticationFailure)
        #expect(pair.open(try pair.protected(SRTPPair.plain(0))).bytes == SRTPPair.plain(0))
    }

    /// Every bit of a packet in turn; good packets in between show that nothing was remembered of the bad ones.
    @Test(arguments: SRTPSetup.all)
    func flippedBitAnywhereFailsAndChangesNothing(_ setup: SRTPSetup) throws {
        var pair = try SRTPPair(setup)
        #expect(pair.open(try pair.protected(SRTPPair.plain(100, length: 24))).outcome.isSuccess)
        let good = try pair.protected(SRTPPair.plain(101, length: 24))
        for bit in 0..<(good.count * 8) {
            var bad = good
            bad[bit / 8] ^= 0x80 >> UInt8(bit % 8)
            #expect(!pair.open(bad).outcome.isSuccess, "bit \(bit)")
        }
        #expect(pair.receiver.authenticationFailures > 0)
        #expect(pair.open(good).bytes == SRTPPair.plain(101, length: 24))
        #expect(pair.open(try pair.protected(SRTPPair.plain(102))).bytes == SRTPPair.plain(102))
    }

    @Test(arguments: SRTPSetup.all)
    func flippedBitAnywhereInRTCPFails(_ setup: SRTPSetup) throws {
        var pair = try SRTPPair(setup)
        let good = try pair.protectedRTCP(PictureLossIndication(senderSSRC: SSRC(5), mediaSSRC: SSRC(6)))
        for bit in 0..<(good.count * 8) {
            var bad = good
            bad[bit / 8] ^= 0x80 >> UInt8(bit % 8)
            #expect(!pair.receiver.unprotectRTCP(&bad).isSuccess, "bit \(bit)")
        }
        var bytes = good
        #expect(pair.receiver.unprotectRTCP(&bytes).isSuccess)
    }

    @Test(arguments: SRTPSetup.all)
    func truncatedPacketsFail(_ setup: SRTPSetup) throws {
        var pair = try SRTPPair(setup)
        let good = try pair.protected(SRTPPair.plain(1, length: 20))
        for length in 0..<good.count { #expect(!pair.open([UInt8](good[..<length])).outcome.isSuccess, "\(length)") }
        #expect(pair.receiver.malformed >= 12)
        let report = try pair.protectedRTCP(ReceiverReport(ssrc: SSRC(5)))
        for length in 0..<report.count {
            var bytes = [UInt8](report[..<length])
            #expect(!pair.receiver.unprotectRTCP(&bytes).isSuccess, "\(length)")
        }
        #expect(pair.open(good).outcome.isSuccess)
    }

    @Test(arguments: SRTPSetup.all)
    func headersThatLieAboutTheirLengthAreMalformed(_ setup: SRTPSetup) throws {
        var pair = try SRTPPair(setup)
        let good = try pair.protected(SRTPPair.plain(1, length: 4))
        var sources = good
        sources[0] |= 0x0F
        #expect(pair.open(sources).outcome == .malformed)
        var longExtension = good
        longExtension[0] |= 0x10
        longExtension.replaceSubrange(12..<16, with: [0xBE, 0xDE, 0xFF, 0xFF])
        #expect(pair.open(longExtension).outcome == .malformed)
        var version = good
        version[0] &= 0x3F
        #expect(pair.open(version).outcome == .malformed)
        #expect(pair.receiver.malformed == 3)

        for lie in [sources, longExtension, version] {
            var bytes = lie
            #expect(pair.sender.protectRTP(&bytes) == .malformed)
        }
        var short: [UInt8] = [0x80, 0xC9, 0, 1]
        #expect(pair.sender.protectRTCP(&short) == .malformed)
        var empty: [UInt8] = []
        #expect(pair.sender.protectRTP(&empty) == .malformed)
    }

    @Test(arguments: SRTPSetup.all)
    func headersThatLieAreMalformedInPacketMemoryToo(_ setup: SRTPSetup) throws {
        var pair = try SRTPPair(setup)
        var memory = SRTPPair.plain(1, length: 4) + [UInt8](repeating: 0, count: 64)
        memory[0] |= 0x0F
        let outcome = memory.withUnsafeMutableBytes { pair.sender.protectRTP($0, length: 16) }
        #expect(outcome == .malformed)
    }

    @Test(arguments: SRTPSetup.all)
    func bufferWithoutRoomForTheTagIsALimit(_ setup: SRTPSetup) throws {
        var pair = try SRTPPair(setup)
        let plain = SRTPPair.plain(1)
        for room in 0..<setup.profile.rtpOverhead {
            var memory = plain + [UInt8](repeating: 0, count: room)
            #expect(memory.withUnsafeMutableBytes { pair.sender.protectRTP($0, length: plain.count) } == .limit)
        }
        var writer = ByteWriter()
        ReceiverReport(ssrc: SSRC(1)).write(to: &writer)
        for room in 0..<setup.profile.rtcpOverhead {
            var memory = writer.bytes + [UInt8](repeating: 0, count: room)
            #expect(memory.withUnsafeMutableBytes { pair.sender.protectRTCP($0, length: 8) } == .limit)
        }
    }

    @Test(arguments: SRTPProfile.allCases)
    func keysOfAnotherLengthAreRefused(_ profile: SRTPProfile) {
        let right = profile.masterKeyLength + profile.masterSaltLength
        for length in 0..<64 {
            let key = SRTPKey(profile: profile, keySalt: [UInt8](repeating: 7, count: length))
            #expect((key != nil) == (length == right), "\(length)")
        }
    }

    @Test func keyStaysOutOfText() throws {
        let key = try #require(SRTPKey(profile: .aeadAES128GCM, keySalt: [UInt8](repeating: 0xAB, count: 28)))
        #expect("\(key) \(String(reflecting: key))".contains("171") == false)
        #expect("\(key)" == "SRTPKey(AEAD_AES_128_GCM)")
    }

    @Test(arguments: SRTPSetup.all, [UInt64(3), 4])
    func mutatedPacketsNeitherPassNorTrap(_ setup: SRTPSetup, _ seed: UInt64) throws {
        var pair = try SRTPPair(setup, seed: seed)
        var mutator = Mutator(seed: seed)
        var donors: [[UInt8]] = []
        for sequence in 0..<16 { donors.append(try pair.protected(SRTPPair.plain(sequence, length: sequence * 7))) }
        donors.append(
            try pair.protectedRTCP(GenericNACK(senderSSRC: SSRC(1), mediaSSRC: SSRC(2), lost: [SequenceNumber(3)])))
        let originals = Set(donors)
        for round in 0..<2_000 {
            let donor = donors[round % donors.count]
            let bad = mutator.mutate(donor, splicing: donors)
            guard !originals.contains(bad) else { continue }
            #expect(!pair.open(bad).outcome.isSuccess, "seed \(seed), round \(round)")
            var report = bad
            #expect(!pair.receiver.unprotectRTCP(&report).isSuccess, "seed \(seed), round \(round)")
            var plain = bad
            _ = pair.sender.protectRTCP(&plain)
        }
        for donor in donors.dropLast() { #expect(pair.open(donor).outcome.isSuccess, "seed \(seed)") }
    }
}

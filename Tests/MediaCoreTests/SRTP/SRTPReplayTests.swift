import MediaCore
import MediaWire
import TestSupport
import Testing

@Suite struct SRTPReplayTests {
    @Test(arguments: SRTPSetup.all)
    func repeatIsDroppedAndCounted(_ setup: SRTPSetup) throws {
        var pair = try SRTPPair(setup)
        let packet = try pair.protected(SRTPPair.plain(7))
        #expect(pair.open(packet).outcome.isSuccess)
        #expect(pair.open(packet).outcome == .replay)
        #expect(pair.open(packet).outcome == .replay)
        #expect(pair.receiver.replays == 2)

        var rtcp = try pair.protectedRTCP(ReceiverReport(ssrc: SSRC(5)))
        var again = rtcp
        #expect(pair.receiver.unprotectRTCP(&rtcp).isSuccess)
        #expect(pair.receiver.unprotectRTCP(&again) == .replay)
        #expect(pair.receiver.replays == 3)
    }

    @Test(arguments: SRTPSetup.all)
    func reorderingWithinTheWindowIsTakenOnceAndOlderIsNot(_ setup: SRTPSetup) throws {
        var pair = try SRTPPair(setup)
        var packets: [[UInt8]] = []
        for sequence in 0..<2000 { packets.append(try pair.protected(SRTPPair.plain(60_000 + sequence))) }
        #expect(pair.open(packets[0]).outcome.isSuccess)
        #expect(pair.open(packets[1100]).outcome.isSuccess)
        for distance in [1, 2, 64, 127, 128, 500, 1000] {
            #expect(pair.open(packets[1100 - distance]).outcome.isSuccess, "\(distance) behind")
            #expect(pair.open(packets[1100 - distance]).outcome == .replay, "\(distance) behind, again")
        }
        #expect(pair.open(packets[1100 - 1025]).outcome == .replay)
        #expect(pair.open(packets[0]).outcome == .replay)
        #expect(pair.open(packets[1101]).bytes == SRTPPair.plain(61_101))
    }

    @Test(arguments: SRTPSetup.all)
    func senderProtectsTheSamePacketAgainWithTheSameBytes(_ setup: SRTPSetup) throws {
        var pair = try SRTPPair(setup)
        var first: [[UInt8]] = []
        for sequence in 65_000..<66_000 { first.append(try pair.protected(SRTPPair.plain(sequence))) }
        // As far back as the relay's packet cache reaches, and across the wrap.
        for sequence in [65_999, 65_998, 65_900, 65_600, 65_536, 65_535, 65_488] {
            #expect(try pair.protected(SRTPPair.plain(sequence)) == first[sequence - 65_000], "\(sequence)")
        }
        #expect(try pair.protected(SRTPPair.plain(66_000)).count == first[0].count)
    }

    /// Wraps with loss and reordering, in three streams at once that wrap at different times.
    @Test(arguments: SRTPSetup.all, [UInt64(1), 2])
    func rolloverIsKeptForEachSource(_ setup: SRTPSetup, _ seed: UInt64) throws {
        var pair = try SRTPPair(setup, seed: seed)
        var generator = SeededGenerator(seed: seed)
        let ssrcs: [UInt32] = [1, 0x7FFF_FFFF, 0xFFFF_FFFF]
        var next = [65_500, 30_000, 60_000]
        for (index, ssrc) in ssrcs.enumerated() {
            #expect(pair.open(try pair.protected(SRTPPair.plain(next[index], ssrc: ssrc))).outcome.isSuccess)
        }
        var opened = 0
        for _ in 0..<60 {
            var burst: [(plain: [UInt8], protected: [UInt8])] = []
            for (index, ssrc) in ssrcs.enumerated() {
                for _ in 0..<20 {
                    // Lost ones leave gaps of up to a quarter of the numbers.
                    next[index] +=
                        Int.random(in: 1...16, using: &generator) == 1
                        ? Int.random(in: 1...16_000, using: &generator) : 1
                    let plain = SRTPPair.plain(next[index], ssrc: ssrc, length: 8)
                    burst.append((plain, try pair.protected(plain)))
                }
            }
            // The newest of each stream stays within reach of the window's 1024 packets only if gaps are small, so only
            // neighbours change places.
            for index in stride(from: 0, to: burst.count - 1, by: 2) where Bool.random(using: &generator) {
                let isSameGap = burst[index].plain[8...11] == burst[index + 1].plain[8...11]
                let a = SequenceNumber(UInt16(burst[index].plain[2]) << 8 | UInt16(burst[index].plain[3]))
                let b = SequenceNumber(UInt16(burst[index + 1].plain[2]) << 8 | UInt16(burst[index + 1].plain[3]))
                if !isSameGap || b.distance(from: a) == 1 { burst.swapAt(index, index + 1) }
            }
            for packet in burst where Int.random(in: 0..<10, using: &generator) > 0 {
                let result = pair.open(packet.protected)
                #expect(result.outcome.isSuccess, "seed \(seed)")
                #expect(result.bytes == packet.plain, "seed \(seed)")
                opened += 1
            }
        }
        #expect(opened > 3000)
        #expect(next.allSatisfy { $0 > 4 * 65_536 }, "every stream wraps several times")
    }

    @Test(arguments: SRTPSetup.all)
    func peerCannotMakeTheReceiverKeepStreamsWithoutEnd(_ setup: SRTPSetup) throws {
        var pair = try SRTPPair(setup)
        for ssrc in 0..<SRTPReceiver.maximumStreams {
            #expect(pair.open(try pair.protected(SRTPPair.plain(1, ssrc: UInt32(ssrc)))).outcome.isSuccess)
        }
        #expect(pair.open(try pair.protected(SRTPPair.plain(1, ssrc: 5_000))).outcome == .limit)
        var report = try pair.protectedRTCP(ReceiverReport(ssrc: SSRC(6_000)))
        #expect(pair.receiver.unprotectRTCP(&report) == .limit)
        #expect(pair.open(try pair.protected(SRTPPair.plain(2, ssrc: 9))).outcome.isSuccess)
        #expect(pair.receiver.authenticationFailures == 0)
    }

    @Test(arguments: SRTPSetup.all)
    func senderKeepsABoundedNumberOfStreams(_ setup: SRTPSetup) throws {
        var pair = try SRTPPair(setup)
        for ssrc in 0..<SRTPSender.maximumStreams {
            var packet = SRTPPair.plain(1, ssrc: UInt32(ssrc), length: 1)
            #expect(pair.sender.protectRTP(&packet).isSuccess)
        }
        var packet = SRTPPair.plain(1, ssrc: 0xFFFF_FFFF)
        #expect(pair.sender.protectRTP(&packet) == .limit)
        packet = SRTPPair.plain(2, ssrc: 7)
        #expect(pair.sender.protectRTP(&packet).isSuccess)
    }

    /// A number that is refused must not be protected with the nonce of another.
    @Test(arguments: SRTPSetup.all)
    func senderRefusesWhatLiesBehindItsReach(_ setup: SRTPSetup) throws {
        var pair = try SRTPPair(setup)
        for sequence in [60_000, 70_000] { _ = try pair.protected(SRTPPair.plain(sequence)) }
        var reachable = SRTPPair.plain(70_000 - 1023)
        #expect(pair.sender.protectRTP(&reachable).isSuccess)
        var old = SRTPPair.plain(70_000 - 1024)
        #expect(pair.sender.protectRTP(&old) == .replay)
    }
}

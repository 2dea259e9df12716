import MediaCore
import MediaWire
import TestSupport
import Testing

/// Bursts in which several senders and receivers meet. That single packets are the reference's is shown elsewhere.
@Suite struct SRTPBurstTests {
    /// Every profile by every backend at once, more jobs than a burst takes at a time, and payloads down to nothing.
    @Test func sendersOfEveryKindShareABurst() throws {
        var senders = Pool<SRTPSender>()
        var singles = Pool<SRTPSender>()
        var random = SeededGenerator(seed: 5)
        for setup in SRTPSetup.all {
            let key = SRTPKey(profile: setup.profile, using: &random)
            senders.add(try SRTPSender(key, backend: setup.backend))
            singles.add(try SRTPSender(key, backend: setup.backend))
        }
        let packets = (0..<500).map { index in
            SRTPPair.plain(
                65_000 + index * 3, ssrc: UInt32(index % 2), length: index < 30 ? index : (index * 37) % 1300)
        }
        let slots = Slots(packets.map { $0.prefix(12) + [UInt8](repeating: 0xEE, count: $0.count - 12 + 16) })
        let payloads = Slots(packets.map { [UInt8]($0[12...]) + [0] })
        var engine = SRTPBurst()
        var jobs = packets.indices.compactMap { index in
            SRTPJob(
                slot: slots[index], headerLength: 12,
                payload: UnsafeRawBufferPointer(rebasing: payloads[index][..<(packets[index].count - 12)]))
        }
        #expect(jobs.count == packets.count)
        jobs.withUnsafeMutableBufferPointer { jobs in
            for index in jobs.indices { senders[index % senders.count].begin(&jobs[index]) }
            engine.run(jobs)
        }
        for (index, packet) in packets.enumerated() {
            var wanted = packet
            #expect(singles[index % singles.count].protectRTP(&wanted).isSuccess)
            #expect(jobs[index].outcome == .success(length: wanted.count))
            #expect([UInt8](slots[index][..<wanted.count]) == wanted, "job \(index)")
        }
    }

    @Test(arguments: SRTPSetup.all)
    func packetTwiceInABurstIsTakenOnce(_ setup: SRTPSetup) throws {
        var pair = try SRTPPair(setup)
        let packets = try (0..<20).map { try pair.protected(SRTPPair.plain($0 / 2)) }
        let outcomes = pair.openTogether(packets).map(\.outcome)
        #expect(outcomes.enumerated().allSatisfy { $0.offset % 2 == 0 ? $0.element.isSuccess : $0.element == .replay })
        #expect(pair.receiver.replays == 10)
    }

    /// A stream's first burst holds the wrap: by itself a number behind it would belong to the first cycle.
    @Test(arguments: SRTPSetup.all)
    func streamMayWrapWithinItsFirstBurst(_ setup: SRTPSetup) throws {
        var pair = try SRTPPair(setup)
        let plain = (65_500..<65_600).map { SRTPPair.plain($0) }
        let opened = pair.openTogether(try plain.map { try pair.protected($0) })
        for (result, wanted) in zip(opened, plain) { #expect(result.bytes == wanted) }
        #expect(pair.receiver.authenticationFailures == 0)
    }

    /// Seen from where the burst began, a number behind two long gaps looks like one long gone.
    @Test(arguments: SRTPSetup.all)
    func gapsWithinABurstAddUp(_ setup: SRTPSetup) throws {
        var pair = try SRTPPair(setup)
        let plain = stride(from: 40_000, to: 400_000, by: 20_000).map { SRTPPair.plain($0) }
        let packets = try plain.map { try pair.protected($0) }
        #expect(pair.open(packets[0]).outcome.isSuccess)
        let opened = pair.openTogether(packets)
        #expect(opened[0].outcome == .replay)
        for (result, wanted) in zip(opened, plain).dropFirst() { #expect(result.bytes == wanted) }
        #expect(pair.receiver.replays == 1)
        #expect(pair.receiver.authenticationFailures == 0)
    }

    @Test(arguments: SRTPSetup.all)
    func damagedPacketsOfABurstFailAlone(_ setup: SRTPSetup) throws {
        var pair = try SRTPPair(setup)
        let plain = (0..<60).map { SRTPPair.plain($0, length: 100) }
        var packets = try plain.map { try pair.protected($0) }
        for index in stride(from: 0, to: 60, by: 3) { packets[index][12 + index] ^= 0x10 }
        packets[1] = [0x80, 0x60, 0, 1]
        let opened = pair.openTogether(packets)
        for (index, result) in opened.enumerated() where index > 1 {
            #expect(index % 3 == 0 ? result.outcome == .authenticationFailure : result.bytes == plain[index])
        }
        #expect(opened[1].outcome == .malformed)
        #expect(pair.receiver.authenticationFailures == 20)
        #expect(pair.receiver.malformed == 1)
    }

    @Test(arguments: SRTPSetup.all)
    func strangersOfABurstFindNoRoomBeyondTheLimit(_ setup: SRTPSetup) throws {
        var pair = try SRTPPair(setup)
        let packets = try (0..<70).map { try pair.protected(SRTPPair.plain(1, ssrc: UInt32($0))) }
        let outcomes = pair.openTogether(packets).map(\.outcome)
        #expect(outcomes.count { $0.isSuccess } == SRTPReceiver.maximumStreams)
        #expect(outcomes.suffix(6).allSatisfy { $0 == .limit })
    }

    @Test(arguments: SRTPSetup.all)
    func jobsThatDoNotFitAreRefused(_ setup: SRTPSetup) throws {
        var pair = try SRTPPair(setup)
        let plain = SRTPPair.plain(1, length: 40)
        let slots = Slots([plain, plain + [UInt8](repeating: 0, count: 16)])
        let payload = Slots([[UInt8]](repeating: [UInt8](repeating: 1, count: 40), count: 1))
        let source = UnsafeRawBufferPointer(payload[0])
        // No room for the tag; a header length that is not the header's.
        for (slot, length, wanted) in [
            (0, 12, SRTPOutcome.limit), (1, 16, .malformed), (1, 400, .malformed), (1, -1, .malformed),
        ] {
            var job = try #require(SRTPJob(slot: slots[slot], headerLength: length, payload: source))
            pair.sender.begin(&job)
            #expect(job.outcome == wanted)
            #expect(pair.sender.protectRTP(slots[slot], headerLength: length, payload: source) == wanted)
        }
        #expect(SRTPJob(packet: UnsafeMutableRawBufferPointer(start: nil, count: 0)) == nil)
    }
}

extension SRTPPair {
    fileprivate mutating func openTogether(_ packets: [[UInt8]]) -> [(outcome: SRTPOutcome, bytes: [UInt8])] {
        let slots = Slots(packets)
        var engine = SRTPBurst()
        var jobs = packets.indices.compactMap { SRTPJob(packet: slots[$0]) }
        jobs.withUnsafeMutableBufferPointer { jobs in
            for index in jobs.indices { receiver.begin(&jobs[index]) }
            engine.run(jobs)
            for index in jobs.indices { receiver.finish(&jobs[index]) }
        }
        return jobs.enumerated().map { index, job in
            if case .success(let length) = job.outcome {
                (job.outcome, [UInt8](slots[index][..<length]))
            } else {
                (job.outcome, [])
            }
        }
    }
}

/// Packet memory that stays where it is.
private final class Slots {
    private let memory: [UnsafeMutableRawBufferPointer]

    init(_ packets: [some Collection<UInt8>]) {
        memory = packets.map { packet in
            let slot = UnsafeMutableRawBufferPointer.allocate(byteCount: packet.count, alignment: 1)
            slot.copyBytes(from: packet)
            return slot
        }
    }

    deinit { for slot in memory { slot.deallocate() } }

    subscript(_ index: Int) -> UnsafeMutableRawBufferPointer { memory[index] }
}

/// A list of values that cannot be copied.
private struct Pool<Element: ~Copyable>: ~Copyable {
    private let base = UnsafeMutablePointer<Element>.allocate(capacity: 64)
    private(set) var count = 0

    mutating func add(_ element: consuming Element) {
        (base + count).initialize(to: element)
        count += 1
    }

    deinit {
        base.deinitialize(count: count)
        base.deallocate()
    }

    subscript(_ index: Int) -> Element {
        _read { yield base[index] }
        nonmutating _modify { yield &base[index] }
    }
}

import Foundation
import MediaCore
import MediaWire
import TestSupport
import Testing

/// Our SRTP beside libsrtp2, packet for packet, over a network that loses, reorders, repeats and damages: both senders
/// must make the same bytes and both receivers must say the same of every packet.
@Suite struct SRTPDifferentialTests {
    /// Packets for each backend, shared by its profiles and ways of calling: 10,000,000 with `LENS_SOAK=1`.
    static let packets = ProcessInfo.processInfo.environment["LENS_SOAK"] == "1" ? 10_000_000 : 100_000

    @Test(arguments: SRTPSetup.own)
    func eachPacketIsTheReferences(_ setup: SRTPSetup) throws {
        var pair = try SRTPComparison(setup, seed: 11)
        for packet in 0..<(Self.packets / SRTPProfile.allCases.count / 2) {
            let difference = pair.step()
            try #require(difference == nil, "seed 11, packet \(packet): \(difference ?? "")")
        }
        // The comparison means something only if all of this came up.
        let seen = pair.seen
        #expect(seen.opened > 1_000 && seen.replays > 50 && seen.refused > 50 && seen.malformed > 10, "\(seen)")
        #expect(seen.wraps > 0, "\(seen)")
    }

    @Test(arguments: SRTPSetup.own)
    func burstsAreTheReferencesPackets(_ setup: SRTPSetup) throws {
        var pair = try SRTPComparison(setup, seed: 12)
        var packets = 0
        while packets < Self.packets / SRTPProfile.allCases.count / 2 {
            let size = pair.traffic.isOneIn(3) ? pair.traffic.number(1..<8) : pair.traffic.number(1..<200)
            let difference = pair.burst(size)
            try #require(difference == nil, "seed 12, packet \(packets): \(difference ?? "")")
            packets += size
        }
        let seen = pair.seen
        #expect(seen.opened > 1_000 && seen.replays > 20 && seen.refused > 50, "\(seen)")
    }

    /// The counter's upper half lies elsewhere in the nonce than its lower half; 65,536 wraps lead there.
    @Test(arguments: SRTPSetup.own.filter { [.aeadAES128GCM, .aesCM128HMACSHA1_80].contains($0.profile) })
    func rolloverCounterGoesOnBeyond16Bits(_ setup: SRTPSetup) throws {
        var random = SeededGenerator(seed: 13)
        let key = SRTPKey(profile: setup.profile, using: &random)
        var referenceSender = try SRTPSender(key, backend: .libsrtp)
        var referenceReceiver = try SRTPReceiver(key, backend: .libsrtp)
        var sender = try SRTPSender(key, backend: setup.backend)
        var receiver = try SRTPReceiver(key, backend: setup.backend)
        var packet = SRTPPair.plain(0, length: 4) + [UInt8](repeating: 0, count: 16)
        for step in 0..<132_000 {
            // Almost half a cycle at a time.
            let sequence = UInt16(truncatingIfNeeded: step * 32_767)
            packet[2] = UInt8(sequence >> 8)
            packet[3] = UInt8(sequence & 0xFF)
            var wanted = packet
            let isSame = packet.withUnsafeMutableBytes { ours in
                wanted.withUnsafeMutableBytes { theirs in
                    let length = 16 + setup.profile.rtpOverhead
                    let packet = UnsafeMutableRawBufferPointer(rebasing: ours[..<length])
                    return sender.protectRTP(ours, length: 16) == .success(length: length)
                        && referenceSender.protectRTP(theirs, length: 16) == .success(length: length)
                        && memcmp(ours.baseAddress!, theirs.baseAddress!, length) == 0
                        && receiver.unprotectRTP(packet) == .success(length: 16)
                        && referenceReceiver.unprotectRTP(UnsafeMutableRawBufferPointer(rebasing: theirs[..<length]))
                            == .success(length: 16)
                }
            }
            try #require(isSame, "step \(step)")
        }
    }
}

/// libsrtp2 and one of our backends under the same key, with the network between.
private struct SRTPComparison: ~Copyable {
    struct Seen { var opened = 0, replays = 0, refused = 0, malformed = 0, wraps = 0 }

    var traffic: SRTPTraffic
    private(set) var seen = Seen()
    private var referenceSender: SRTPSender
    private var referenceReceiver: SRTPReceiver
    private var sender: SRTPSender
    private var receiver: SRTPReceiver
    private var engine = SRTPBurst()
    private var network: [(bytes: [UInt8], isRTCP: Bool)] = []
    private var late: [[UInt8]] = []

    init(_ setup: SRTPSetup, seed: UInt64) throws {
        traffic = SRTPTraffic(seed: seed)
        let key = SRTPKey(profile: setup.profile, using: &traffic.random)
        let referenceSender = try SRTPSender(key, backend: .libsrtp)
        let referenceReceiver = try SRTPReceiver(key, backend: .libsrtp)
        let sender = try SRTPSender(key, backend: setup.backend)
        let receiver = try SRTPReceiver(key, backend: setup.backend)
        self.referenceSender = referenceSender
        self.referenceReceiver = referenceReceiver
        self.sender = sender
        self.receiver = receiver
    }

    /// Sends one packet and lets the network deliver what it likes. What differed, or nil.
    mutating func step() -> String? {
        let isRTCP = traffic.isOneIn(10)
        let plain = isRTCP ? traffic.nextRTCP() : traffic.nextRTP()
        var wanted = plain
        let reference = isRTCP ? referenceSender.protectRTCP(&wanted) : referenceSender.protectRTP(&wanted)
        var protected = plain
        let outcome: SRTPOutcome
        if isRTCP {
            outcome = sender.protectRTCP(&protected)
        } else if traffic.isOneIn(2) {
            outcome = sender.protectRTP(&protected)
        } else {
            outcome = protectFromElsewhere(plain, &protected)
        }
        guard outcome == reference else { return "protected: \(outcome) instead of \(reference)" }
        guard case .success = outcome else { return nil }
        guard isSame(protected, wanted) else { return "protected: other bytes" }
        transmit(protected, isRTCP: isRTCP)
        while network.count > 24 || (!network.isEmpty && traffic.isOneIn(3)) {
            let arrived = takeFromNetwork()
            if let difference = deliver(arrived.bytes, isRTCP: arrived.isRTCP) { return difference }
        }
        return nil
    }

    /// Header in the slot, payload in memory of its own.
    private mutating func protectFromElsewhere(_ plain: [UInt8], _ slot: inout [UInt8]) -> SRTPOutcome {
        guard let header = RTPHeader(plain.rawSpan) else { return sender.protectRTP(&slot) }
        let headerLength = Int(header.headerLength)
        slot =
            [UInt8](plain[..<headerLength])
            + [UInt8](repeating: 0xEE, count: plain.count - headerLength + sender.profile.rtpOverhead)
        return slot.withUnsafeMutableBytes { slot in
            plain.withUnsafeBytes { plain in
                sender.protectRTP(
                    slot, headerLength: headerLength, payload: UnsafeRawBufferPointer(rebasing: plain[headerLength...]))
            }
        }
    }

    private mutating func transmit(_ packet: [UInt8], isRTCP: Bool) {
        let fate = traffic.number(0..<100)
        switch fate {
        case 0..<5: return
        case 5..<9: network.append((traffic.damage(packet), isRTCP))
        case 9..<12: network.append((packet, isRTCP))
        case 12..<14 where !isRTCP && late.count < 50: late.append(packet)
        default: break
        }
        network.append((packet, isRTCP != (fate == 99)))
        if !late.isEmpty, traffic.isOneIn(100) { network.append((late.removeFirst(), false)) }
    }

    private mutating func takeFromNetwork() -> (bytes: [UInt8], isRTCP: Bool) {
        // Mostly in order, now and then from anywhere.
        network.remove(at: traffic.isOneIn(5) ? traffic.number(0..<network.count) : 0)
    }

    private mutating func deliver(_ packet: [UInt8], isRTCP: Bool) -> String? {
        var wanted = packet
        let reference = isRTCP ? referenceReceiver.unprotectRTCP(&wanted) : referenceReceiver.unprotectRTP(&wanted)
        var plain = packet
        let outcome = isRTCP ? receiver.unprotectRTCP(&plain) : receiver.unprotectRTP(&plain)
        guard outcome == reference else { return "unprotected: \(outcome) instead of \(reference)" }
        count(outcome, packet)
        guard case .success = outcome else { return nil }
        return isSame(plain, wanted) ? nil : "unprotected: other bytes"
    }

    private mutating func count(_ outcome: SRTPOutcome, _ packet: [UInt8]) {
        switch outcome {
        case .success:
            seen.opened += 1
            if packet[2] == 0, packet[3] < 8 { seen.wraps += 1 }
        case .replay: seen.replays += 1
        case .authenticationFailure, .limit: seen.refused += 1
        case .malformed: seen.malformed += 1
        }
    }
}

// MARK: - Bursts

extension SRTPComparison {
    private static var slotSize: Int { 2048 }

    /// Protects and opens `size` packets at once. What differed, or nil.
    mutating func burst(_ size: Int) -> String? {
        let plain = (0..<size).map { _ in traffic.nextRTP() }
        let (outcomes, slots) = protectTogether(plain)
        for (index, packet) in plain.enumerated() {
            var wanted = packet
            let reference = referenceSender.protectRTP(&wanted)
            guard outcomes[index] == reference else { return "protected: \(outcomes[index]) instead of \(reference)" }
            guard case .success = reference else { continue }
            guard isSame(slots[index], wanted) else { return "protected: other bytes" }
            transmit(wanted, isRTCP: false)
        }
        var arrived: [[UInt8]] = []
        while network.count > 10 { arrived.append(takeFromNetwork().bytes) }
        let (opened, texts) = openTogether(arrived)
        for (index, packet) in arrived.enumerated() {
            var wanted = packet
            let reference = referenceReceiver.unprotectRTP(&wanted)
            // A damaged packet that later ones of the burst would have made too old fails by its tag instead; both
            // fail.
            guard opened[index].isSuccess == reference.isSuccess else {
                return "unprotected: \(opened[index]) instead of \(reference)"
            }
            count(opened[index], packet)
            if case .success = reference, !isSame(texts[index], wanted) { return "unprotected: other bytes" }
        }
        return nil
    }

    private mutating func protectTogether(_ plain: [[UInt8]]) -> ([SRTPOutcome], [[UInt8]]) {
        withSlots(plain.map { (bytes: $0, size: Self.slotSize) }) { comparison, slots in
            let sources = slots.map { slot in
                let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: slot.count, alignment: 1)
                copy.copyMemory(from: UnsafeRawBufferPointer(slot))
                return copy
            }
            defer { for source in sources { source.deallocate() } }
            var jobs: [SRTPJob] = []
            for (index, packet) in plain.enumerated() {
                let length = min(RTPHeader(packet.rawSpan).map { Int($0.headerLength) } ?? 0, packet.count)
                // Nothing of the payload stands in the slot before.
                UnsafeMutableRawBufferPointer(rebasing: slots[index][length...]).initializeMemory(
                    as: UInt8.self, repeating: 0xEE)
                jobs.append(
                    SRTPJob(
                        slot: slots[index], headerLength: length,
                        payload: UnsafeRawBufferPointer(rebasing: sources[index][length..<packet.count]))!)
            }
            jobs.withUnsafeMutableBufferPointer { jobs in
                for index in jobs.indices { comparison.sender.begin(&jobs[index]) }
                comparison.engine.run(jobs)
            }
            return jobs.map(\.outcome)
        }
    }

    private mutating func openTogether(_ packets: [[UInt8]]) -> ([SRTPOutcome], [[UInt8]]) {
        withSlots(packets.map { (bytes: $0, size: $0.count) }) { comparison, slots in
            var jobs = slots.map { SRTPJob(packet: $0)! }
            jobs.withUnsafeMutableBufferPointer { jobs in
                for index in jobs.indices { comparison.receiver.begin(&jobs[index]) }
                comparison.engine.run(jobs)
                for index in jobs.indices { comparison.receiver.finish(&jobs[index]) }
            }
            return jobs.map(\.outcome)
        }
    }

    /// Lays the packets out in memory, and gives back what stands there for those that succeeded.
    private mutating func withSlots(
        _ packets: [(bytes: [UInt8], size: Int)],
        _ body: (inout SRTPComparison, [UnsafeMutableRawBufferPointer]) -> [SRTPOutcome]
    ) -> ([SRTPOutcome], [[UInt8]]) {
        let slots = packets.map { packet in
            let slot = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, packet.size), alignment: 1)
            slot.copyBytes(from: packet.bytes)
            return UnsafeMutableRawBufferPointer(rebasing: slot[..<packet.size])
        }
        defer { for slot in slots { slot.baseAddress?.deallocate() } }
        let outcomes = body(&self, slots)
        let bytes = zip(slots, outcomes).map { slot, outcome in
            if case .success(let length) = outcome { [UInt8](slot[..<length]) } else { [UInt8]() }
        }
        return (outcomes, bytes)
    }
}

import MediaCore
import MediaIO
import MediaWire
import TestSupport
import Testing

@testable import Endpoints

@Suite("Load legs over ICE and DTLS on virtual time")
struct LoadLegTests {
    private static let all: [LoadFlowKind] = [.video, .audio, .talkback]

    private static func bench(talkback: Bool = true, seed: UInt64 = 1) throws -> LoadBench {
        LoadBench(
            clips: try LoadBench.clips(talkback: talkback),
            certificate: try LoadCertificate(.aeadAES128GCM, validAt: 1_700_000_000, serial: 7), seed: seed)
    }

    private func failure(_ joined: LoadJoined?) -> LoadLegFailure? {
        if case .failure(let reason) = joined?.result { reason } else { nil }
    }

    @Test(arguments: [false, true])
    func wholeSessionsConnectAndLoseNothing(hasOwnSockets: Bool) throws {
        var bench = try Self.bench()
        let start = bench.now
        for number in 0..<4 {
            #expect(try bench.connect(number, kinds: Self.all, hasOwnSockets: hasOwnSockets) == number)
        }
        #expect(bench.engine.connecting == 16)
        bench.run(milliseconds: 100)
        #expect(bench.engine.connecting == 0)
        #expect(bench.engine.joined.map(\.join).sorted() == [0, 1, 2, 3])
        #expect(bench.engine.joined.allSatisfy { if case .success = $0.result { true } else { false } })
        var figures = bench.engine.figures
        #expect(figures.handshakesCompleted == 16 && figures.handshakesFailed == 0)
        // The answers to a check and to two flights have come the way back.
        #expect(figures.connecting.count == 8)
        #expect(figures.connecting.maximumNanoseconds == UInt64(3 * bench.delay))
        // No media before; then up to a frame's duration until the stream's turn.
        let first = try #require(bench.sent.first).at
        #expect(first.nanoseconds(since: start) >= 3 * bench.delay)
        #expect(bench.sources.count == 16)
        bench.run(milliseconds: 4_000)
        figures = bench.engine.figures
        #expect(figures.firstMedia.count == 8)
        let earliest = try #require(figures.firstMedia.percentile(0))
        #expect(earliest >= UInt64(4 * bench.delay))
        #expect(figures.firstMedia.maximumNanoseconds <= UInt64(4 * bench.delay) + 34_000_000)
        #expect(figures.packetsSent > 4 * 4 * 130)
        #expect(figures.packetsReceived == figures.packetsSent)
        #expect(figures.misplaced == 0 && figures.wrongCaptureTimes == 0)
        #expect(figures.duplicates == 0 && figures.damaged == 0 && figures.strangers == 0)
        #expect(figures.connectionsLost == 0)
        #expect(figures.senderReportsReceived >= 24)
        #expect(figures.receiverReportsReceived >= 12)
        #expect(figures.reportsSent >= 72)
    }

    @Test(arguments: [2, 40, 777] as [UInt64])
    func packetsThatTheRelayMissesAreSentAgain(seed: UInt64) throws {
        var bench = try Self.bench(seed: seed)
        for number in 0..<3 { _ = try bench.connect(number, kinds: Self.all) }
        var generator = SeededGenerator(seed: seed)
        // Not the very first ones: nobody misses what comes before a stream.
        let losses = Set((0..<60).map { _ in Int.random(in: 100...1_500, using: &generator) })
        bench.fateToRelay = { losses.contains($0) ? .lose : .pass }
        bench.run(milliseconds: 4_000)
        for index in 0..<3 { bench.engine.pause(index) }
        bench.run(milliseconds: 1_000)
        let figures = bench.engine.figures
        #expect(bench.sent.count > 1_500, "seed \(seed)")
        #expect(figures.packetsRepeated >= UInt64(losses.count), "seed \(seed)")
        #expect(figures.packetsReceived == figures.packetsSent, "seed \(seed)")
        #expect(figures.misplaced == 0 && figures.wrongCaptureTimes == 0 && figures.damaged == 0, "seed \(seed)")
    }

    @Test(arguments: [3, 21, 1_234] as [UInt64])
    func handshakesSurviveLoss(seed: UInt64) throws {
        var bench = try Self.bench(seed: seed)
        // A sixth is lost: most handshakes have to say something twice.
        let fate = LossyFate(seed: seed)
        bench.passes = { _ in fate.passes() }
        for number in 0..<6 { _ = try bench.connect(number, kinds: Self.all) }
        bench.run(milliseconds: 30_000)
        let figures = bench.engine.figures
        #expect(fate.lost > 20, "seed \(seed)")
        #expect(figures.handshakesCompleted == 24, "seed \(seed)")
        #expect(bench.engine.joined.count == 6, "seed \(seed)")
        #expect(figures.packetsReceived == figures.packetsSent && figures.packetsSent > 0, "seed \(seed)")
    }

    private final class LossyFate {
        private var generator: SeededGenerator
        private(set) var lost = 0

        init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

        func passes() -> Bool {
            let passes = Int.random(in: 0..<6, using: &generator) > 0
            if !passes { lost += 1 }
            return passes
        }
    }

    // MARK: - Failures

    @Test func aRelayThatAnswersNothingFailsTheJoin() throws {
        var bench = try Self.bench()
        bench.passes = { _ in false }
        let join = try bench.connect(0, kinds: Self.all)
        bench.run(milliseconds: 9_900)
        #expect(bench.engine.joined.isEmpty)
        bench.run(milliseconds: 200)
        #expect(bench.engine.joined.map(\.join) == [join])
        #expect(failure(bench.engine.joined.first) == .unreachable)
        #expect(bench.engine.figures.handshakesFailed >= 1)
        #expect(bench.engine.figures.handshakesCompleted == 0 && bench.engine.connecting == 0)
        #expect(bench.engine.sessions.isEmpty && bench.sent.isEmpty)
        // Its other legs are given up with it.
        let asked = bench.control.count
        bench.run(milliseconds: 60_000)
        #expect(bench.control.count == asked)
    }

    @Test func aRelayThatShakesNoHandsFailsTheJoin() throws {
        var bench = try Self.bench()
        bench.passes = { $0 != .dtls }
        _ = try bench.connect(0)
        bench.run(milliseconds: 9_900)
        #expect(bench.engine.joined.isEmpty)
        bench.run(milliseconds: 200)
        #expect(failure(bench.engine.joined.first) == .handshake("timeout"))
        #expect(bench.engine.figures.handshakesFailed >= 1)
        #expect(bench.sent.isEmpty)
    }

    @Test func anotherCertificateThanAnnouncedIsRefused() throws {
        var bench = try Self.bench()
        let other = try LoadCertificate(.aeadAES128GCM, validAt: 1_700_000_000, serial: 8).fingerprint
        _ = try bench.connect(0) { $0.fingerprints = [other] }
        _ = try bench.connect(1)
        bench.run(milliseconds: 1_000)
        #expect(bench.engine.joined.count == 2)
        #expect(failure(bench.engine.joined.first { $0.join == 0 }) == .handshake("certificate"))
        // One session's failure is its own.
        #expect(failure(bench.engine.joined.first { $0.join == 1 }) == nil)
        #expect(bench.engine.sessions.count == 1)
        #expect(bench.engine.figures.packetsReceived > 0)
        #expect(bench.engine.figures.packetsReceived == bench.engine.figures.packetsSent)
    }

    @Test func abandonedLegsAreSilentAndTheirJoinIsAnswered() throws {
        var bench = try Self.bench()
        bench.passes = { _ in false }
        let join = try bench.connect(0)
        bench.run(milliseconds: 500)
        let legs = bench.descriptions[0].legs
        #expect(legs.count == 2)
        bench.engine.abandon(legs)
        #expect(bench.engine.joined.map(\.join) == [join])
        #expect(failure(bench.engine.joined.first) == .abandoned)
        let asked = bench.control.count
        bench.run(milliseconds: 60_000)
        #expect(asked > 0 && bench.control.count == asked)
        // One that was given up before its session asked for it.
        let late = bench.engine.join(bench.descriptions[0], startsMedia: true, at: bench.now)
        #expect(bench.engine.joined.last?.join == late)
        #expect(failure(bench.engine.joined.last) == .abandoned)
    }

    // MARK: - Standing

    @Test func idleLegsCostTheirChecksAndNothingElse() throws {
        var bench = try Self.bench()
        for number in 0..<5 { _ = try bench.connect(number, kinds: Self.all, startsMedia: false) }
        bench.run(milliseconds: 1_000)
        #expect(bench.engine.figures.handshakesCompleted == 20)
        let hasMedia = bench.engine.hasMedia
        #expect(!hasMedia)
        let before = bench.control.count
        bench.run(milliseconds: 120_000)
        let checks = bench.control.dropFirst(before)
        #expect(checks.allSatisfy { $0.kind == .stun })
        // Every five seconds, give or take a fifth.
        #expect((20 * 19...20 * 31).contains(checks.count))
        #expect(bench.engine.figures.connectionsLost == 0)
        #expect(bench.sent.isEmpty && bench.engine.figures.reportsSent == 0)
        #expect(bench.engine.timers.count <= 2 * 20)
        // The relay has kept its consent all the while: media goes at once.
        for index in 0..<5 { bench.engine.start(index, at: bench.now) }
        bench.run(milliseconds: 1_000)
        #expect(bench.engine.figures.packetsSent > 500)
        #expect(bench.engine.figures.packetsReceived == bench.engine.figures.packetsSent)
        // Not of the time to the first packet: nobody was waiting for one.
        #expect(bench.engine.figures.firstMedia.count == 0)
    }

    @Test func aConnectionThatIsLostIsCountedAndItsMediaStops() throws {
        var bench = try Self.bench()
        _ = try bench.connect(0, kinds: Self.all)
        bench.run(milliseconds: 2_000)
        #expect(bench.engine.figures.packetsReceived > 100)
        bench.passes = { _ in false }
        bench.run(milliseconds: 45_000)
        let figures = bench.engine.figures
        #expect(figures.connectionsLost == 4)
        #expect(figures.handshakesFailed == 0)
        let sent = bench.sent.count
        bench.run(milliseconds: 5_000)
        #expect(bench.sent.count == sent)
        #expect(LoadLimits().failures(of: figures).contains { $0.hasPrefix("4 connections were lost") })
        #expect(LoadLimits().connectionFailures(of: LoadFigures()).isEmpty)
    }

    @Test func aSessionThatIsLeftIsSilent() throws {
        var bench = try Self.bench()
        _ = try bench.connect(0)
        bench.run(milliseconds: 700)
        let reports = bench.engine.figures.reportsSent
        bench.engine.leave(0, at: bench.now)
        bench.run(milliseconds: 100)
        #expect(bench.engine.figures.reportsSent == reports + 4)
        let (media, control) = (bench.sent.count, bench.control.count)
        bench.run(milliseconds: 60_000)
        #expect(media > 0 && bench.sent.count == media && bench.control.count == control)
        #expect(bench.engine.nextDue == nil)
        #expect(bench.engine.figures.connectionsLost == 0)
    }

    @Test func forgottenLegsAreStrangersAndNewOnesHaveOtherAddresses() throws {
        var bench = try Self.bench()
        for number in 0..<3 { _ = try bench.connect(number, kinds: Self.all) }
        bench.run(milliseconds: 1_000)
        let before = bench.sources
        #expect(before.count == 12)
        for index in 0..<3 { bench.engine.leave(index, at: bench.now) }
        bench.run(milliseconds: 10)
        let packet = try #require(bench.sent.last).bytes
        bench.engine.removeAll()
        let strangers = bench.engine.figures.strangers
        for source in before { bench.hand(packet, to: source, at: bench.now) }
        #expect(bench.engine.figures.strangers == strangers + 12)
        bench.engine.measure(0..<UInt64.max)
        for number in 10..<13 { _ = try bench.connect(number, kinds: Self.all) }
        bench.run(milliseconds: 2_000)
        #expect(bench.sources.count == 24)
        #expect(bench.engine.figures.packetsSent > 1_000)
        #expect(bench.engine.figures.packetsReceived == bench.engine.figures.packetsSent)
    }

    @Test func rubbishIsHarmless() throws {
        var bench = try Self.bench()
        _ = try bench.connect(0, kinds: Self.all)
        bench.run(milliseconds: 500)
        let seed: UInt64 = 99
        var generator = SeededGenerator(seed: seed)
        let sources = bench.sources.sorted { $0.description < $1.description }
        for _ in 0..<4_000 {
            // First bytes of every kind of datagram.
            var bytes = [UInt8]()
            for _ in 0..<Int.random(in: 1...120, using: &generator) {
                bytes.append(UInt8.random(in: 0...255, using: &generator))
            }
            let known = sources[Int.random(in: 0..<sources.count, using: &generator)]
            let address = IPAddress(v4: UInt32.random(in: 0 ... .max, using: &generator))
            let isKnown = Bool.random(using: &generator)
            bench.hand(bytes, to: isKnown ? known : SocketAddress(address, port: known.port), at: bench.now)
        }
        #expect(bench.engine.figures.strangers > 1_000, "seed \(seed)")
        bench.run(milliseconds: 2_000)
        let figures = bench.engine.figures
        #expect(figures.packetsReceived == figures.packetsSent && figures.packetsSent > 300, "seed \(seed)")
        #expect(figures.connectionsLost == 0 && figures.misplaced == 0, "seed \(seed)")
    }

    // MARK: - Addresses

    @Test func everyLegHasAnAddressOfItsOwnOnLoopback() {
        let addresses = (0..<80_000).map(LoadLeg.address)
        #expect(Set(addresses).count == 80_000)
        #expect(addresses.allSatisfy { $0.isLoopback && $0 != .loopbackV4 })
        #expect(addresses.map(LoadLeg.number(of:)) == Array(0..<80_000))
        #expect(LoadLeg.number(of: .loopbackV4) < 0)
        #expect(LoadLeg.number(of: .loopbackV6) < 0)
        // Numbers begin anew long before the addresses run out.
        #expect(LoadLeg.first(after: 80_000) == 80_000)
        #expect(LoadLeg.first(after: 16_000_000) == 0)
        #expect(LoadLeg.number(of: LoadLeg.address(8_500_000)) == 8_500_000)
    }

    @Test(
        arguments: [
            (["127.0.0.1", "192.0.2.7", "127.0.0.2"], true, ["127.0.0.1", "127.0.0.2"]),
            (["192.0.2.7", "127.0.0.1"], false, ["192.0.2.7", "127.0.0.1"]),
            (["::1"], false, ["::1"]),
            ([], false, []),
        ] as [([String], Bool, [String])])
    func onlyIPv4LoopbackHasAddressesForAll(candidates: [String], isShared: Bool, left: [String]) throws {
        func addresses(_ texts: [String]) throws -> [SocketAddress] {
            try texts.map { SocketAddress(try #require(IPAddress($0)), port: 7000) }
        }
        var kept = try addresses(candidates)
        #expect(LoadSessionSetup.keepLoopback(&kept) == isShared)
        #expect(try kept == addresses(left))
    }
}

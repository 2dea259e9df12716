import MediaWire
import TestSupport
import Testing

@testable import MediaCore

/// More media than the relay can forward: video is dropped unread, by whole frames, and audio is not.
@Suite struct SheddingTests {
    /// Time with a socket as full as this, seen every tenth of a millisecond.
    private func pass(_ milliseconds: Int64, fill: Int, _ note: (Instant) -> Void, from now: Instant) -> Instant {
        var time = now
        for _ in 0..<(milliseconds * 10) {
            note(time)
            time = time.advanced(byNanoseconds: 100_000)
        }
        return time
    }

    @Test func aShortStallShedsNothing() {
        var shedder = LoadShedder()
        var now = Instant(nanoseconds: 1_000_000_000)
        for fill in [256, 256, 200, 90, 20, 0] {
            shedder.note(wait: 60_000_000, fill: fill, at: now)
            now = now.advanced(byMilliseconds: 1)
        }
        #expect(!shedder.isShedding)
        #expect(!shedder.isOverloaded(at: now))
    }

    /// Two looks far apart say nothing of the time between them but that it was long.
    @Test func rareLooksShedLittle() {
        var shedder = LoadShedder()
        shedder.note(wait: 0, fill: 256, at: Instant(nanoseconds: 1_000_000_000))
        shedder.note(wait: 0, fill: 256, at: Instant(nanoseconds: 1_006_000_000))
        #expect(shedder.level == LoadShedder.mostSteps)
    }

    @Test func lastingOverloadShedsWithinMillisecondsAndEndsWithinASecond() {
        var shedder = LoadShedder()
        var now = pass(
            10, fill: 200, { shedder.note(wait: 20_000_000, fill: 200, at: $0) },
            from: Instant(nanoseconds: 1_000_000_000))
        #expect((30...90).contains(shedder.level))
        now = pass(30, fill: 200, { shedder.note(wait: 20_000_000, fill: 200, at: $0) }, from: now)
        #expect(shedder.level == LoadShedder.highest)
        #expect((0..<1_000).allSatisfy { shedder.sheds($0) })
        #expect(shedder.isOverloaded(at: now))
        now = pass(950, fill: 0, { shedder.note(wait: 0, fill: 0, at: $0) }, from: now)
        #expect(!shedder.isShedding)
        #expect(shedder.isOverloaded(at: now), "new sessions wait a little longer")
        #expect(!shedder.isOverloaded(at: now.advanced(byMilliseconds: 1_001)))
    }

    @Test func theLevelIsTheShareOfTracks() {
        var shedder = LoadShedder()
        _ = pass(13, fill: 200, { shedder.note(wait: 0, fill: 200, at: $0) }, from: Instant(nanoseconds: 1_000_000_000))
        let shed = (0..<4_096).count { shedder.sheds($0) }
        #expect(abs(shed - Int(shedder.level) * 16) < 200)
    }

    private func overload(_ bench: RelayBench, milliseconds: Int64) {
        bench.now = pass(
            milliseconds, fill: 250, { bench.shard.noteBacklog(wait: 30_000_000, fill: 250, at: $0) }, from: bench.now)
    }

    private func relax(_ bench: RelayBench) {
        bench.now = pass(1_000, fill: 0, { bench.shard.noteBacklog(wait: 0, fill: 0, at: $0) }, from: bench.now)
    }

    @Test func wholeFramesOfVideoGoAndAudioStays() throws {
        let bench = RelayBench()
        let publisher = try bench.join(.customer, .publish, [.video, .audio], from: RelayBench.host(1))
        let player = try bench.join(.technician, .play, [.video, .audio], from: RelayBench.host(2))
        try bench.shard.openGate(RelayBench.session, at: bench.now)
        // Frames of three packets.
        func frame(_ number: Int, _ part: Int) -> [UInt8] {
            publisher.video.rtp(number * 3 + part, timestamp: UInt32(number) * 3_000)
        }
        func deliver(_ datagrams: [[UInt8]]) -> [Sent] { bench.deliver(datagrams, from: RelayBench.host(1)) }
        #expect(player.video.media(deliver([frame(1, 0), frame(1, 1)])).count == 2)
        overload(bench, milliseconds: 40)
        // The frame that has begun is finished; the next ones go.
        #expect(player.video.media(deliver([frame(1, 2)])).count == 1)
        let during = deliver(
            (2...5).flatMap { number in (0..<3).map { frame(number, $0) } } + (1...20).map { publisher.audio.rtp($0) })
        #expect(player.video.media(during).isEmpty)
        #expect(player.audio.media(during).count == 20)
        #expect(bench.counters.packetsShed == 12)
        let isOverloaded = bench.shard.isOverloaded(at: bench.now)
        #expect(isOverloaded)
        // Half of a frame is shed when the overload ends: its other half goes as well.
        _ = deliver([frame(6, 0), frame(6, 1)])
        relax(bench)
        let after = deliver([frame(6, 2)] + (0..<3).map { frame(7, $0) })
        #expect(player.video.media(after).map(\.payload) == (21...23).map { TestStream.video($0) })
        #expect(bench.counters.packetsShed == 15)
        // The publisher is asked for a picture to begin with, not for what was dropped.
        let asked = publisher.video.control(after + bench.advance(milliseconds: 300))
        #expect(asked.contains { $0.isPLI })
        #expect(!asked.contains { $0.asNACK != nil })
    }

    /// However the overload ends, be it by silence, video comes back with the next quiet traffic.
    @Test func silenceEndsShedding() throws {
        let call = try Call()
        call.publish(1...3)
        overload(call.bench, milliseconds: 40)
        #expect(call.player.media(call.publish(4...6)).isEmpty)
        call.bench.now = call.bench.now.advanced(byMilliseconds: 2_000)
        var number = 7
        while number < 200, call.player.media(call.publish(number)).isEmpty {
            number += 1
            call.bench.now = call.bench.now.advanced(byMilliseconds: 20)
            call.bench.shard.noteBacklog(wait: 0, fill: 0, at: call.bench.now)
        }
        #expect(number < 60)
    }

    @Test func shedPacketsAreNotDecryptedAndChangeNothingElse() throws {
        let call = try Call()
        call.publish(1...3)
        overload(call.bench, milliseconds: 40)
        let before = try call.bench.figures().tracks[0]
        var damaged = call.publisher.rtp(4)
        damaged[20] ^= 1
        call.bench.deliver([damaged] + (5...9).map { call.publisher.rtp($0) }, from: call.publisher.address)
        #expect(try call.bench.figures().tracks[0] == before)
        #expect(call.bench.counters.droppedUnauthenticated == 0)
        #expect(call.bench.counters.packetsShed == 6)
    }
}

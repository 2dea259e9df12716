import MediaCore
import MediaIO
import MediaWire
import TestSupport
import Testing

@testable import Endpoints

@Suite("Load generator on virtual time")
struct LoadEngineTests {
    @Test func framesLeaveWhenTheyAreDueAndAsOneBurst() throws {
        var bench = LoadBench(clips: try LoadBench.clips())
        try bench.join(0, kinds: [.video])
        let start = bench.now
        bench.engine.start(0, at: start)
        bench.run(milliseconds: 2_010)
        let clip = try #require(bench.clips.video)
        let duration = clip.frames[0].durationNanoseconds
        let headers = bench.sent.compactMap { RTPHeader($0.bytes.rawSpan) }
        #expect(headers.count == bench.sent.count)
        // A frame's packets share time and timestamp; the last one is marked.
        var frames: [(at: Instant, timestamp: RTPTimestamp)] = []
        for (packet, header) in zip(bench.sent, headers) {
            if frames.last?.timestamp != header.timestamp { frames.append((packet.at, header.timestamp)) }
            #expect(frames.last?.at == packet.at)
        }
        #expect(headers.filter(\.marker).count == frames.count)
        #expect(Int64(frames.count) == 2_010_000_000 / duration + 1)
        for (index, frame) in frames.enumerated() {
            let due = frame.at.nanoseconds(since: start)
            #expect(abs(due - Int64(index) * duration) <= Int64(index))
            let ticks = frame.timestamp.distance(from: frames[0].timestamp)
            #expect(abs(Double(ticks) - Double(due) * 90_000 / 1e9) <= 1)
        }
        #expect(bench.engine.figures.lateness.maximumNanoseconds == 0)
    }

    @Test func soundLeavesEveryTwentyMilliseconds() throws {
        var bench = LoadBench(clips: try LoadBench.clips(video: false))
        try bench.join(3, kinds: [.audio])
        bench.engine.start(0, at: bench.now)
        bench.run(milliseconds: 3_000)
        #expect(bench.sent.count == 150)
        for (earlier, later) in zip(bench.sent, bench.sent.dropFirst()) {
            #expect(later.at.nanoseconds(since: earlier.at) == 20_000_000)
        }
        let headers = bench.sent.compactMap { RTPHeader($0.bytes.rawSpan) }
        for (earlier, later) in zip(headers, headers.dropFirst()) {
            #expect(later.timestamp.distance(from: earlier.timestamp) == 960)
            #expect(later.sequenceNumber.distance(from: earlier.sequenceNumber) == 1)
        }
        #expect(headers.map(\.marker) == [true] + Array(repeating: false, count: 149))
    }

    @Test func streamsOfManySessionsAreSpreadOverAFrameAndOverTheClip() throws {
        var bench = LoadBench(clips: try LoadBench.clips())
        for number in 0..<10 { try bench.join(number, kinds: [.video]) }
        let start = bench.now
        for index in 0..<10 { bench.engine.start(index, at: start) }
        bench.run(milliseconds: 200)
        let firsts = Dictionary(grouping: bench.sent) { RTPHeader($0.bytes.rawSpan)?.ssrc }.values.compactMap {
            $0.first?.at
        }
        #expect(Set(firsts).count == 10)
        let places = Set((0..<100).map { LoadEngine.place($0, of: 360) })
        #expect(places.count > 95)
        #expect(places.allSatisfy { (1..<360).contains($0) })
        #expect(LoadEngine.place(7, of: 1) == 0)
    }

    @Test func beingLateOnceDoesNotShiftTheStreams() throws {
        var bench = LoadBench(clips: try LoadBench.clips(video: false))
        try bench.join(0, kinds: [.audio])
        bench.engine.start(0, at: bench.now)
        bench.run(milliseconds: 100)
        let before = bench.sent.count
        bench.stall(milliseconds: 200)
        #expect(bench.sent.count == before + 10)
        #expect(bench.engine.figures.lateness.maximumNanoseconds == 180_000_000)
        bench.run(milliseconds: 1_000)
        #expect(bench.sent.count == before + 60)
        #expect(bench.engine.figures.packetsLost == 0)
        #expect(bench.engine.figures.wrongCaptureTimes == 0)
    }

    @Test func aCleanRelayLosesNothingAndItsDelayIsMeasured() throws {
        var bench = LoadBench(clips: try LoadBench.clips(talkback: true))
        for number in 0..<4 {
            try bench.join(number, kinds: [.video, .audio, .talkback], sockets: (number % 2 * 2, number % 2 * 2 + 1))
        }
        for index in 0..<4 { bench.engine.start(index, at: bench.now) }
        bench.run(milliseconds: 4_000)
        let figures = bench.engine.figures
        #expect(figures.packetsSent > 4 * 4 * 130)
        #expect(figures.packetsReceived == figures.packetsSent)
        #expect(figures.lossRate == 0)
        for part in [0.01, 0.5, 0.99] {
            let latency = try #require(figures.latency.percentile(part))
            #expect((1_860_000...2_140_000).contains(latency))
        }
        #expect(figures.misplaced == 0 && figures.wrongCaptureTimes == 0)
        #expect(figures.duplicates == 0 && figures.damaged == 0 && figures.strangers == 0)
        // Each of twelve streams has been reported about both ways.
        #expect(figures.senderReportsReceived >= 24)
        #expect(figures.receiverReportsReceived >= 12)
        #expect(figures.reportsSent >= 72)
    }

    @Test(arguments: [1, 17, 1000] as [UInt64])
    func everyLostPacketIsCounted(seed: UInt64) throws {
        var bench = LoadBench(clips: try LoadBench.clips(), seed: seed)
        for number in 0..<3 { try bench.join(number) }
        for index in 0..<3 { bench.engine.start(index, at: bench.now) }
        var generator = SeededGenerator(seed: seed)
        let losses = Set((0..<20).map { _ in Int.random(in: 1...900, using: &generator) })
        bench.fate = { losses.contains($0) ? .lose : .pass }
        bench.run(milliseconds: 3_000)
        let figures = bench.engine.figures
        #expect(bench.mediaSeen > 900, "seed \(seed)")
        #expect(figures.packetsLost == UInt64(losses.count), "seed \(seed)")
        #expect(figures.lossRate == Double(losses.count) / Double(figures.packetsSent), "seed \(seed)")
        #expect(figures.misplaced == 0 && figures.wrongCaptureTimes == 0, "seed \(seed)")
    }

    @Test func aRepeatedPacketIsADuplicateAndMakesUpForNoLoss() throws {
        var bench = LoadBench(clips: try LoadBench.clips())
        try bench.join(0)
        bench.engine.start(0, at: bench.now)
        bench.fate = { $0 % 50 == 0 ? .repeat : $0 % 50 == 1 && $0 > 1 ? .lose : .pass }
        bench.run(milliseconds: 3_000)
        let figures = bench.engine.figures
        let rounds = UInt64(bench.mediaSeen / 50)
        #expect(rounds > 4)
        #expect(figures.duplicates == rounds)
        #expect(figures.packetsLost == UInt64((bench.mediaSeen - 1) / 50))
    }

    @Test(arguments: [2, 40, 777] as [UInt64])
    func packetsThatTheRelayMissesAreSentAgain(seed: UInt64) throws {
        var bench = LoadBench(clips: try LoadBench.clips(talkback: true), seed: seed)
        for number in 0..<3 { try bench.join(number, kinds: [.video, .audio, .talkback], sockets: (0, number + 1)) }
        for index in 0..<3 { bench.engine.start(index, at: bench.now) }
        var generator = SeededGenerator(seed: seed)
        // Not the very first ones: nobody misses what comes before a stream.
        let losses = Set((0..<60).map { _ in Int.random(in: 100...1_500, using: &generator) })
        bench.fateToRelay = { losses.contains($0) ? .lose : .pass }
        bench.run(milliseconds: 4_000)
        for index in 0..<3 { bench.engine.pause(index) }
        bench.run(milliseconds: 1_000)
        let figures = bench.engine.figures
        #expect(bench.sent.count > 1_500, "seed \(seed)")
        #expect(figures.packetsRequested >= UInt64(losses.count), "seed \(seed)")
        #expect(figures.packetsRepeated >= UInt64(losses.count), "seed \(seed)")
        #expect(figures.packetsLost == 0, "seed \(seed)")
        #expect(figures.packetsReceived == figures.packetsSent, "seed \(seed)")
        #expect(figures.misplaced == 0 && figures.wrongCaptureTimes == 0 && figures.duplicates == 0, "seed \(seed)")
        // Late by the way there and back of the request.
        #expect(figures.latency.maximumNanoseconds > 4_000_000, "seed \(seed)")
        // The same packet is the same bytes.
        let numbered = Dictionary(grouping: bench.sent) { packet in
            RTPHeader(packet.bytes.rawSpan).map { UInt64($0.ssrc.rawValue) << 16 | UInt64($0.sequenceNumber.rawValue) }
        }
        #expect(numbered.values.contains { $0.count > 1 }, "seed \(seed)")
        #expect(numbered.values.allSatisfy { Set($0.map(\.bytes)).count == 1 }, "seed \(seed)")
    }

    @Test func aFrameLeavesAsOneMessage() throws {
        var bench = LoadBench(clips: try LoadBench.clips())
        try bench.join(0, kinds: [.video])
        bench.engine.start(0, at: bench.now)
        var batch = SendBatch(capacity: 64)
        let clip = try #require(bench.clips.video)
        var now = bench.now
        var frames = 0
        for _ in 0..<20 {
            _ = bench.engine.fill(&batch, at: now, unixNanoseconds: bench.unixNanoseconds)
            let media = Self.mediaCount(batch)
            if media > 1 { frames += 1 }
            // A report is a message of its own.
            #expect(batch.messageCount == batch.count - media + min(1, media))
            batch.removeAll()
            now = now.advanced(byNanoseconds: clip.frames[0].durationNanoseconds)
        }
        #expect(frames > 5)
    }

    private static func mediaCount(_ batch: borrowing SendBatch) -> Int {
        var count = 0
        for index in 0..<batch.count where !(192...223 ~= batch.bytes(at: index)[1]) { count += 1 }
        return count
    }

    @Test func aFrameLargerThanABatchLeavesWhole() throws {
        let clip = LoadClip(.video, frames: [(Array(repeating: 7, count: 20_000), 33_000_000)])
        let sound = try LoadClip.audio(path: Fixtures.path("customer.ogg"))
        var bench = LoadBench(clips: LoadClips(video: try #require(clip), audio: sound, talkback: nil))
        try bench.join(0, kinds: [.video])
        bench.engine.start(0, at: bench.now)
        var batch = SendBatch(capacity: 8)
        var sizes: [Int] = []
        while bench.engine.fill(&batch, at: bench.now, unixNanoseconds: bench.unixNanoseconds) != nil {
            sizes.append(Self.mediaCount(batch))
            batch.removeAll()
        }
        #expect(sizes.reduce(0, +) == clip?.packetCount)
        #expect(sizes.count > 2 && sizes.dropLast().allSatisfy { $0 == 8 })
        #expect(bench.engine.figures.packetsSent == UInt64(sizes.reduce(0, +)))
    }

    @Test func aForgottenSessionMakesPlaceForOthers() throws {
        var bench = LoadBench(clips: try LoadBench.clips(talkback: true))
        for number in 0..<3 { try bench.join(number, kinds: [.video, .audio, .talkback]) }
        for index in 0..<3 { bench.engine.start(index, at: bench.now) }
        bench.run(milliseconds: 1_000)
        for index in 0..<3 { bench.engine.leave(index, at: bench.now) }
        bench.run(milliseconds: 10)
        bench.engine.removeAll()
        #expect(bench.engine.nextDue == nil)
        bench.engine.measure(0..<UInt64.max)
        for number in 10..<12 { try bench.join(number, kinds: [.video, .audio, .talkback]) }
        for index in 0..<2 { bench.engine.start(index, at: bench.now) }
        bench.run(milliseconds: 2_000)
        let figures = bench.engine.figures
        #expect(figures.packetsSent > 2 * 2 * 130)
        #expect(figures.packetsReceived == figures.packetsSent)
        #expect(figures.misplaced == 0 && figures.wrongCaptureTimes == 0 && figures.damaged == 0)
    }

    @Test func foreignNumbersAndCaptureTimesAreFound() throws {
        var bench = LoadBench(clips: try LoadBench.clips(video: false))
        try bench.join(0, kinds: [.audio])
        bench.engine.start(0, at: bench.now)
        bench.fate = { $0 == 10 ? .lose : .pass }
        bench.run(milliseconds: 500)
        let outgoing = bench.engine.flows[0].outgoing
        let player = bench.descriptions[0].flows[0].player
        guard case .sdes(_, let relayKey, _, _) = player.transport else {
            Issue.record("the session has no keys")
            return
        }
        let slot = try #require(player.remoteSSRC)
        let known = bench.engine.flows[0].incoming.sequenceOffset
        let offset = try #require(known)
        let newest = SequenceNumber(outgoing.nextSequence.rawValue &+ offset &- 1)
        // A relay that has the right key and says something else than was sent.
        var forger = try SRTPSender(relayKey)
        func forge(_ sequence: SequenceNumber, captureTime: NTPTimestamp?) -> [UInt8] {
            let extensions = captureTime.map {
                [RTPPacket.HeaderExtension(id: 1, data: AbsoluteCaptureTime(captureTime: $0).serialized())]
            }
            var bytes = RTPPacket(
                payloadType: 111, sequenceNumber: sequence, timestamp: RTPTimestamp(1), ssrc: slot,
                extensions: extensions ?? [], payload: [1, 2, 3]
            ).serialized()
            _ = forger.protectRTP(&bytes)
            return bytes
        }
        let time = outgoing.captureTime
        bench.hand(forge(newest.advanced(by: 700), captureTime: time), toSocket: 1)
        #expect(bench.engine.figures.misplaced == 1)
        bench.hand(forge(newest.advanced(by: 1), captureTime: time), toSocket: 1)
        #expect(bench.engine.figures.misplaced == 2)
        bench.hand(forge(newest.advanced(by: 701), captureTime: nil), toSocket: 1)
        #expect(bench.engine.figures.wrongCaptureTimes == 1)
        let bytes = bench.sent[9].bytes
        let header = RTPHeader(bytes.rawSpan)
        let lost = try #require(header).sequenceNumber
        let place = SequenceNumber(lost.rawValue &+ offset)
        bench.hand(forge(place, captureTime: time), toSocket: 1)
        #expect(bench.engine.figures.wrongCaptureTimes == 2)
        #expect(bench.engine.figures.misplaced == 2)
        #expect(bench.engine.figures.damaged == 0)
    }

    @Test func rubbishAndStrangersAreCountedAndHarmless() throws {
        var bench = LoadBench(clips: try LoadBench.clips(video: false))
        try bench.join(0, kinds: [.audio])
        bench.engine.start(0, at: bench.now)
        bench.run(milliseconds: 200)
        let seed: UInt64 = 4711
        var generator = SeededGenerator(seed: seed)
        let genuine = try #require(bench.sent.last).bytes
        for round in 0..<2_000 {
            var bytes =
                round % 2 == 0
                ? genuine
                : (0..<Int.random(in: 0...80, using: &generator)).map { _ in
                    UInt8.random(in: 0...255, using: &generator)
                }
            if !bytes.isEmpty { bytes[Int.random(in: 0..<bytes.count, using: &generator)] ^= 0x5A }
            bench.hand(bytes, toSocket: Int.random(in: 0...3, using: &generator))
        }
        let figures = bench.engine.figures
        #expect(figures.strangers + figures.damaged + figures.duplicates == 2_000, "seed \(seed)")
        bench.run(milliseconds: 500)
        #expect(bench.engine.figures.packetsLost == 0, "seed \(seed)")
    }

    @Test func onlyTheWindowIsMeasured() throws {
        var bench = LoadBench(clips: try LoadBench.clips(video: false))
        try bench.join(0, kinds: [.audio])
        bench.engine.start(0, at: bench.now)
        bench.run(milliseconds: 505)
        let begin = bench.unixNanoseconds + 100_000_000
        bench.engine.measure(begin..<(begin + 1_000_000_000))
        bench.run(milliseconds: 3_000)
        #expect(bench.engine.figures.packetsSent == 50)
        #expect(bench.engine.figures.packetsReceived == 50)
        #expect(bench.engine.figures.latency.count == 50)
    }

    @Test func aPausedSessionIsSilentAndGoesOnWithoutLoss() throws {
        var bench = LoadBench(clips: try LoadBench.clips())
        try bench.join(0)
        bench.engine.start(0, at: bench.now)
        bench.run(milliseconds: 1_000)
        bench.engine.pause(0)
        bench.run(milliseconds: 100)
        let silent = bench.sent.count
        bench.run(milliseconds: 5_000)
        #expect(bench.sent.count == silent)
        bench.engine.start(0, at: bench.now)
        bench.run(milliseconds: 1_000)
        let figures = bench.engine.figures
        #expect(bench.sent.count > silent + 50)
        #expect(figures.packetsReceived == figures.packetsSent)
        #expect(figures.misplaced == 0 && figures.wrongCaptureTimes == 0)
        // Timestamps have gone on with the clock.
        let sound = bench.sent.compactMap { RTPHeader($0.bytes.rawSpan) }.filter { $0.payloadType == 111 }
        let steps = zip(sound, sound.dropFirst()).map { $1.timestamp.distance(from: $0.timestamp) }
        #expect((steps.max() ?? 0) > 5 * 48_000 - 960)
    }

    @Test func leavingSaysGoodbyeOnceAndEndsTheStreams() throws {
        var bench = LoadBench(clips: try LoadBench.clips())
        try bench.join(0)
        bench.engine.start(0, at: bench.now)
        bench.run(milliseconds: 700)
        let reports = bench.engine.figures.reportsSent
        let media = bench.sent.count
        bench.engine.leave(0, at: bench.now)
        bench.engine.leave(0, at: bench.now)
        bench.run(milliseconds: 3_000)
        #expect(bench.engine.figures.reportsSent == reports + 4)
        #expect(bench.sent.count == media)
        #expect(bench.engine.nextDue == nil)
    }

    @Test func nothingIsAskedOfAnEngineWithoutSessions() throws {
        var engine = LoadEngine(clips: LoadClipMemory(try LoadBench.clips()), seed: 1)
        var batch = SendBatch(capacity: 8)
        engine.start(0, at: Instant(nanoseconds: 0))
        engine.leave(9, at: Instant(nanoseconds: 0))
        #expect(engine.fill(&batch, at: Instant(nanoseconds: 5), unixNanoseconds: 5) == nil)
        #expect(engine.nextDue == nil)
    }
}

import MediaCore
import MediaWire
import TestSupport
import Testing

@testable import Endpoints

@Suite struct VideoJitterBufferTests {
    private static let start = Instant(nanoseconds: 5_000_000_000)

    /// Frames cut into packets as a sender would, numbered from `first`.
    private struct Stream {
        var packetizer = VP8Packetizer(maximumPayloadSize: 60, initialPictureID: 32_760)
        var number: Int64
        var frame: UInt32 = 0

        init(first: Int64 = 65_530) { number = first }

        mutating func frame(isKeyframe: Bool = false, bytes: Int = 150) -> [VideoJitterBuffer.Packet] {
            frame += 1
            let data = VideoJitterBufferTests.vp8Frame(isKeyframe: isKeyframe, bytes: bytes, tag: frame)
            let payloads = packetizer.packetize(data)
            return payloads.enumerated().map { index, payload in
                defer { number += 1 }
                return VideoJitterBuffer.Packet(
                    number: number, timestamp: RTPTimestamp(frame &* 3_000), marker: index == payloads.count - 1,
                    payload: payload, captureTime: NTPTimestamp(rawValue: UInt64(frame)), arrival: start)
            }
        }
    }

    /// Bytes with a true VP8 frame header (RFC 6386 section 9.1) and filling.
    fileprivate static func vp8Frame(isKeyframe: Bool, bytes: Int, tag: UInt32) -> [UInt8] {
        let partition = UInt32(4)
        let head = partition << 5 | 1 << 4 | (isKeyframe ? 0 : 1)
        var data = [UInt8(head & 0xFF), UInt8(head >> 8 & 0xFF), UInt8(head >> 16 & 0xFF)]
        if isKeyframe { data += [0x9D, 0x01, 0x2A, 160, 0, 120, 0] }
        while data.count < max(bytes, 20) { data.append(UInt8(truncatingIfNeeded: data.count &* 7 &+ Int(tag))) }
        return data
    }

    private func insert(
        _ packets: some Sequence<VideoJitterBuffer.Packet>, into buffer: inout VideoJitterBuffer, at now: Instant
    ) {
        for var packet in packets {
            packet.arrival = now
            buffer.insert(packet)
        }
    }

    private func drain(_ buffer: inout VideoJitterBuffer, at now: Instant) -> [UInt32] {
        var frames: [UInt32] = []
        while let frame = buffer.pop(at: now) { frames.append(frame.timestamp.rawValue / 3_000) }
        return frames
    }

    @Test func wholeFrameLeavesWithItsLastPacket() {
        var stream = Stream()
        var buffer = VideoJitterBuffer(waitMilliseconds: 400)
        let packets = stream.frame(isKeyframe: true)
        #expect(packets.count == 3)
        insert(packets.dropLast(), into: &buffer, at: Self.start)
        #expect(drain(&buffer, at: Self.start).isEmpty)
        #expect(buffer.nextTimeout == nil)
        insert(packets.suffix(1), into: &buffer, at: Self.start)
        let frame = buffer.pop(at: Self.start)
        #expect(frame?.data == Self.vp8Frame(isKeyframe: true, bytes: 150, tag: 1))
        #expect(frame?.packetCount == 3)
        #expect(frame?.captureTime == NTPTimestamp(rawValue: 1))
        #expect(!buffer.needsKeyframe)
    }

    @Test func nothingLeavesBeforeTheFirstKeyframe() {
        var stream = Stream()
        var buffer = VideoJitterBuffer(waitMilliseconds: 400)
        insert(stream.frame() + stream.frame(), into: &buffer, at: Self.start)
        #expect(drain(&buffer, at: Self.start).isEmpty)
        #expect(buffer.needsKeyframe)
        #expect(buffer.framesDropped == 2)
        // Even a keyframe whose first packet is overtaken by the others.
        let keyframe = stream.frame(isKeyframe: true)
        insert(keyframe.reversed() + stream.frame(), into: &buffer, at: Self.start)
        #expect(drain(&buffer, at: Self.start) == [3, 4])
        #expect(!buffer.needsKeyframe)
    }

    @Test func missingPacketHoldsLaterFramesUntilItComes() {
        var stream = Stream()
        var buffer = VideoJitterBuffer(waitMilliseconds: 400)
        insert(stream.frame(isKeyframe: true), into: &buffer, at: Self.start)
        #expect(drain(&buffer, at: Self.start) == [1])
        let second = stream.frame()
        insert([second[0], second[2]], into: &buffer, at: Self.start)
        insert(stream.frame(), into: &buffer, at: Self.start.advanced(byMilliseconds: 33))
        #expect(drain(&buffer, at: Self.start.advanced(byMilliseconds: 33)).isEmpty)
        #expect(buffer.nextTimeout == Self.start.advanced(byMilliseconds: 400))
        insert([second[1]], into: &buffer, at: Self.start.advanced(byMilliseconds: 399))
        #expect(drain(&buffer, at: Self.start.advanced(byMilliseconds: 399)) == [2, 3])
        #expect(buffer.nextTimeout == nil)
        #expect(!buffer.needsKeyframe)
    }

    @Test func damagedFrameIsGivenUpAfterTheWaitAndLaterOnesGoOn() {
        var stream = Stream()
        var buffer = VideoJitterBuffer(waitMilliseconds: 400)
        insert(stream.frame(isKeyframe: true), into: &buffer, at: Self.start)
        #expect(drain(&buffer, at: Self.start) == [1])
        // The tail of one frame, a whole one, and the head of another are lost.
        let second = stream.frame()
        _ = stream.frame()
        let fourth = stream.frame()
        insert([second[0]] + fourth.dropFirst(), into: &buffer, at: Self.start)
        insert(stream.frame(), into: &buffer, at: Self.start)
        #expect(drain(&buffer, at: Self.start.advanced(byMilliseconds: 399)).isEmpty)
        let end = Self.start.advanced(byMilliseconds: 400)
        let fifth = buffer.pop(at: end)
        #expect(fifth?.timestamp == RTPTimestamp(15_000))
        #expect(fifth?.missingBefore == 3)
        #expect(buffer.framesDropped == 3)
        #expect(buffer.needsKeyframe)

        insert(second.suffix(1), into: &buffer, at: end)
        #expect(buffer.packetsLate == 1)
        insert(stream.frame(), into: &buffer, at: end)
        #expect(buffer.pop(at: end)?.missingBefore == 0)
        #expect(buffer.needsKeyframe)
        insert(stream.frame(isKeyframe: true), into: &buffer, at: end)
        #expect(drain(&buffer, at: end) == [7])
        #expect(!buffer.needsKeyframe)
    }

    @Test func outageLongerThanTheBufferIsSkipped() {
        var stream = Stream()
        var buffer = VideoJitterBuffer(waitMilliseconds: 400)
        insert(stream.frame(isKeyframe: true), into: &buffer, at: Self.start)
        _ = drain(&buffer, at: Self.start)
        stream.number += 5_000
        insert(stream.frame() + stream.frame(isKeyframe: true), into: &buffer, at: Self.start)
        #expect(drain(&buffer, at: Self.start) == [2, 3])
        #expect(!buffer.needsKeyframe)
    }

    @Test func senderWithoutMarkersIsUnderstood() {
        var stream = Stream()
        var buffer = VideoJitterBuffer(waitMilliseconds: 400)
        var packets = stream.frame(isKeyframe: true) + stream.frame() + stream.frame()
        for index in packets.indices { packets[index].marker = false }
        insert(packets, into: &buffer, at: Self.start)
        // The last one's end is not known yet.
        #expect(drain(&buffer, at: Self.start) == [1, 2])
    }

    @Test func brokenPayloadCostsItsFrameOnly() {
        var stream = Stream()
        var buffer = VideoJitterBuffer(waitMilliseconds: 400)
        insert(stream.frame(isKeyframe: true), into: &buffer, at: Self.start)
        var broken = stream.frame()
        broken[1].payload = []
        broken[1].descriptor = nil
        insert(broken + stream.frame(), into: &buffer, at: Self.start)
        #expect(drain(&buffer, at: Self.start) == [1, 3])
        #expect(buffer.needsKeyframe)
    }

    /// Loss, reordering, repeats and mutated payloads: frames come out in order and intact, and whole ones always do.
    @Test(arguments: 0..<30 as Range<UInt64>)
    func everyWholeFrameComesOutInOrder(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var mutator = Mutator(seed: seed)
        var stream = Stream(first: Int64.random(in: 0..<65_536, using: &random))
        var buffer = VideoJitterBuffer(waitMilliseconds: 400)
        var now = Self.start
        var expected: [UInt32] = []
        var seen: [UInt32] = []
        var isDamagedByMutation: Set<UInt32> = []
        for number in 1...400 as ClosedRange<UInt32> {
            now = now.advanced(byMilliseconds: 33)
            var packets = stream.frame(
                isKeyframe: number == 1 || number % 97 == 0, bytes: Int.random(in: 20...400, using: &random))
            var isWhole = true
            if number > 1, Int.random(in: 0..<8, using: &random) == 0 {
                packets.remove(at: Int.random(in: 0..<packets.count, using: &random))
                isWhole = false
            } else if number > 1, Int.random(in: 0..<20, using: &random) == 0 {
                let index = Int.random(in: 0..<packets.count, using: &random)
                packets[index] = VideoJitterBuffer.Packet(
                    number: packets[index].number, timestamp: packets[index].timestamp,
                    marker: packets[index].marker, payload: mutator.mutate(packets[index].payload),
                    captureTime: nil, arrival: now)
                isDamagedByMutation.insert(number)
                isWhole = false
            }
            if isWhole { expected.append(number) }
            packets.shuffle(using: &random)
            if let twice = packets.randomElement(using: &random) { packets.append(twice) }
            insert(packets, into: &buffer, at: now)
            seen += drain(&buffer, at: now)
        }
        seen += drain(&buffer, at: now.advanced(byMilliseconds: 5_000))
        seen += drain(&buffer, at: now.advanced(byMilliseconds: 10_000))
        #expect(seen == seen.sorted(), "seed \(seed)")
        #expect(Set(seen).count == seen.count, "seed \(seed)")
        // A mutated descriptor may make two frames look like one; what only the network did never costs a neighbour.
        let neighbours = Set(isDamagedByMutation.flatMap { [$0, $0 + 1] })
        let missing = Set(expected).subtracting(seen).subtracting(neighbours)
        // The last frames may still wait for a gap that nothing behind it shows.
        #expect(missing.allSatisfy { $0 > 395 }, "seed \(seed): \(missing.sorted()) never came out")
    }
}

import Foundation
import MediaCore
import MediaWire
import TestSupport

/// Packets of every shape in a few streams, made from a seed: the plain side of a comparison.
struct SRTPTraffic {
    var random: SeededGenerator
    private var mutator: Mutator
    private let noise: [UInt8]
    private var streams: [(ssrc: UInt32, next: Int, recent: [[UInt8]])]

    init(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        noise = (0..<4096).map { _ in UInt8.random(in: 0...255, using: &random) }
        // One stream wraps soon, one begins at the very first index, one somewhere.
        streams = [
            (0x0102_0304, 65_300, []), (0xFFFF_FFFF, 0, []),
            (0x8000_0000, Int.random(in: 0...65_535, using: &random), []),
        ]
        mutator = Mutator(seed: seed &+ 1)
        self.random = random
    }

    mutating func number(_ range: Range<Int>) -> Int {
        Int(truncatingIfNeeded: random.next() >> 33) % range.count + range.lowerBound
    }

    mutating func isOneIn(_ count: Int) -> Bool { number(0..<count) == 0 }

    /// The next plain packet: mostly a new one, sometimes one of before once more, sometimes damaged.
    mutating func nextRTP() -> [UInt8] {
        let stream = number(0..<streams.count)
        if isOneIn(12), let again = streams[stream].recent.randomElement(using: &random) { return again }
        let gap =
            switch number(0..<2000) {
            case 0: number(2..<32_768)
            case 1..<8: number(2..<2_000)
            case 8..<60: number(2..<40)
            case 60..<80: -number(1..<30)
            default: 1
            }
        let sequence = max(0, streams[stream].next &+ gap)
        if gap > 0 { streams[stream].next = sequence }
        let packet = rtp(streams[stream].ssrc, sequence)
        if isOneIn(150) { return mutator.mutate(packet) }
        // What lies behind may have been sent with other bytes, so only what goes forward may come again.
        if gap > 0 {
            if streams[stream].recent.count >= 40 { streams[stream].recent.removeFirst() }
            streams[stream].recent.append(packet)
        }
        return packet
    }

    mutating func nextRTCP() -> [UInt8] {
        let packet = [0x80, 200] + take(2) + big(streams[number(0..<streams.count)].ssrc) + take(4 * number(0..<60))
        return isOneIn(150) ? mutator.mutate(packet) : packet
    }

    /// Damages a packet on its way.
    mutating func damage(_ packet: [UInt8]) -> [UInt8] {
        if isOneIn(2) {
            var damaged = packet
            damaged[number(0..<packet.count)] ^= 1 << UInt8(number(0..<8))
            return damaged
        }
        return mutator.mutate(packet)
    }

    private mutating func rtp(_ ssrc: UInt32, _ sequence: Int) -> [UInt8] {
        let sources = isOneIn(6) ? number(1..<16) : 0
        let shape = number(0..<6)
        let hasPadding = isOneIn(10)
        let first = UInt8(0x80 | (hasPadding ? 0x20 : 0) | (shape < 3 ? 0x10 : 0) | sources)
        var packet: [UInt8] = [first, UInt8(number(0..<256)), UInt8(sequence >> 8 & 0xFF), UInt8(sequence & 0xFF)]
        packet += take(4) + big(ssrc) + take(4 * sources)
        switch shape {
        case 0: packet += [0xBE, 0xDE, 0, 2] + take(8)
        case 1: packet += [0x10, 0x00, 0, 3] + take(12)
        case 2:
            let words = number(0..<20)
            packet += take(2) + [0, UInt8(words)] + take(4 * words)
        default: break
        }
        let size = isOneIn(8) ? number(0..<20) : number(0..<1401)
        packet += take(size)
        if hasPadding { packet += take(3) + [4] }
        return packet
    }

    private mutating func take(_ count: Int) -> ArraySlice<UInt8> {
        let start = number(0..<(noise.count - count))
        return noise[start..<(start + count)]
    }

    private func big(_ value: UInt32) -> [UInt8] {
        [UInt8(value >> 24), UInt8(value >> 16 & 0xFF), UInt8(value >> 8 & 0xFF), UInt8(value & 0xFF)]
    }
}

/// Whether two arrays hold the same bytes, quickly in a debug build too.
func isSame(_ first: [UInt8], _ second: [UInt8]) -> Bool {
    first.count == second.count && memcmp(first, second, first.count) == 0
}

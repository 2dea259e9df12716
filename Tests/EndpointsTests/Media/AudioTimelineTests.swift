import Codecs
import MediaWire
import TestSupport
import Testing

@testable import Endpoints

@Suite struct AudioTimelineTests {
    /// Real speech through the encoder: packets of 20 ms and the sound that went in.
    static let speech: (sound: [Int16], packets: [[UInt8]]) = {
        do {
            var source = try AudioSource(path: Fixtures.path("customer.ogg"))
            var encoder = try OpusEncoder(.init())
            var (sound, packets): ([Int16], [[UInt8]]) = ([], [])
            for _ in 0..<150 {
                let samples = try source.read(960)
                sound += samples
                packets.append(try encoder.encode(PCMBuffer(samples: samples)))
            }
            return (sound, packets)
        } catch {
            Issue.record(error)
            return ([], [])
        }
    }()

    private func timestamp(_ packet: Int) -> RTPTimestamp {
        // Crosses the wrap of 32 bits.
        RTPTimestamp(rawValue: UInt32.max - 20_000 &+ UInt32(packet * 960))
    }

    @Test func cleanStreamComesOutSampleForSample() throws {
        var timeline = try AudioTimeline()
        var output: [Int16] = []
        for (index, packet) in Self.speech.packets.enumerated() {
            output += timeline.take(packet, samples: 960, timestamp: timestamp(index))
        }
        #expect(output.count == 150 * 960)
        #expect(timeline.packetsConcealed == 0 && timeline.packetsLate == 0 && timeline.packetsDecoded == 150)
        let result = try #require(AudioCorrelation.measure(reference: Self.speech.sound, received: output))
        #expect(result.value > 0.9)
        #expect((0...960).contains(result.lag))
    }

    @Test func lostPacketIsConcealedAndKeepsItsTime() throws {
        var timeline = try AudioTimeline()
        var output: [Int16] = []
        for (index, packet) in Self.speech.packets.enumerated() {
            let isLost = index % 10 == 5
            let next = index % 20 == 5 ? Self.speech.packets[index + 1] : nil
            output += timeline.take(isLost ? nil : packet, samples: 960, timestamp: timestamp(index), next: next)
        }
        #expect(output.count == 150 * 960)
        #expect(timeline.packetsConcealed == 15)
    }

    @Test func holeInTheTimestampsIsFilledWithItsOwnLength() throws {
        var timeline = try AudioTimeline()
        var output = timeline.take(Self.speech.packets[0], samples: 960, timestamp: timestamp(0))
        output += timeline.take(Self.speech.packets[1], samples: 960, timestamp: timestamp(11))
        #expect(output.count == 12 * 960)
        #expect(output[960..<(11 * 960)].allSatisfy { $0 == 0 })
        #expect(timeline.position == 12 * 960)
    }

    @Test func packetOfThePastIsLeftOut() throws {
        var timeline = try AudioTimeline()
        for index in 0..<5 { _ = timeline.take(Self.speech.packets[index], samples: 960, timestamp: timestamp(index)) }
        #expect(timeline.take(Self.speech.packets[2], samples: 960, timestamp: timestamp(2)).isEmpty)
        #expect(timeline.packetsLate == 1)
        #expect(timeline.position == 5 * 960)
    }

    @Test func timestampFarAwayStartsAnewWithoutFilling() throws {
        var timeline = try AudioTimeline()
        _ = timeline.take(Self.speech.packets[0], samples: 960, timestamp: timestamp(0))
        let far = RTPTimestamp(rawValue: timestamp(0).rawValue &+ 0x7000_0000)
        #expect(timeline.take(Self.speech.packets[1], samples: 960, timestamp: far).count == 960)
        #expect(timeline.position == 1920)
    }

    @Test func damagedPacketsNeverTrap() throws {
        var timeline = try AudioTimeline()
        var mutator = Mutator(seed: 31)
        for index in 0..<1500 {
            let packet = mutator.mutate(Self.speech.packets[index % 150], splicing: Self.speech.packets)
            let stamp = RTPTimestamp(rawValue: UInt32(truncatingIfNeeded: mutator.generator.next() % 100_000))
            let output = timeline.take(index % 7 == 0 ? nil : packet, samples: index, timestamp: stamp, next: packet)
            #expect(output.count <= AudioTimeline.longestHole + 5760, "seed 31, round \(index)")
        }
    }
}

import Codecs
import Testing
import TestSupport

@Suite("Opus decoding of damaged input")
struct OpusDamageTests {
    @Test("throws or decodes, never crashes, and decodes clean input afterwards", arguments: [1, 2])
    func mutations(channels: Int) throws {
        let sound = OpusRoundTripTests.tones(channels: channels, samples: 19_200)
        let configurations = [
            OpusEncoder.Configuration(channels: channels, expectedLossPercent: 20),
            OpusEncoder.Configuration(channels: channels, frameDuration: .ms60, bitrate: 20_000),
            OpusEncoder.Configuration(channels: channels, frameDuration: .ms2_5, bitrate: 96_000, application: .audio),
        ]
        let donors = try configurations.flatMap { try OpusRoundTripTests.roundTrip(sound, $0).packets }
        let clean = try OpusRoundTripTests.roundTrip(sound, configurations[0])

        // One decoder lives through all cases, so that what one leaves behind meets the next.
        var decoder = try OpusDecoder(channels: channels)
        var refused = 0
        for seed in UInt64(0)..<1500 {
            var mutator = Mutator(seed: seed)
            let packet = donors[Int.random(in: donors.indices, using: &mutator.generator)]
            let damaged = mutator.mutate(packet, splicing: donors)
            do throws(CodecError) {
                let decoded = try decoder.decode(damaged)
                #expect((120...5760).contains(decoded.samplesPerChannel), "seed \(seed)")
                #expect(decoded.samples.count == decoded.samplesPerChannel * channels, "seed \(seed)")
            } catch {
                refused += 1
                let isDamage = error.isDamagedInput
                #expect(isDamage, "seed \(seed): \(error)")
            }
            _ = codecError { () throws(CodecError) in _ = try decoder.decodeFEC(from: damaged, samplesPerChannel: 960) }
            if seed.isMultiple(of: 50) { try expectSound(clean.packets, clean.sound, &decoder, "seed \(seed)") }
        }
        #expect(refused > 50, "the damage must be felt, or the test proves nothing")
        try expectSound(clean.packets, clean.sound, &decoder, "at the end")
    }

    /// Plays clean packets; the second half must sound as from a new decoder.
    private func expectSound(
        _ packets: [[UInt8]], _ expected: [Int16], _ decoder: inout OpusDecoder, _ comment: String
    ) throws {
        var sound: [Int16] = []
        for packet in packets { sound += try decoder.decode(packet).samples }
        let half = expected.count / 2
        let correlation = Likeness.correlation(Array(expected[half...]), Array(sound[half...]), lag: 0)
        #expect(correlation > 0.98, "\(comment)")
    }

    @Test("refuses packets whose lengths lie (RFC 6716 section 3.4)")
    func malformed() throws {
        var decoder = try OpusDecoder()
        let broken: [[UInt8]] = [
            [],  // R1: at least one byte
            [0x09, 1, 2, 3],  // R3: two equal frames in an odd number of bytes
            [0x0A, 252],  // R4: a length without its second byte
            [0x0A, 200, 1, 2],  // R4: a first frame longer than the packet
            [0x0B],  // R6: a count is missing
            [0x0B, 0],  // R5: no frame
            [0x1B, 3, 0, 0, 0],  // R5: three of 60 ms, more than 120 ms
            [0x0B, 0x42, 255, 255, 255],  // R6: more padding than packet
            [0x08] + [UInt8](repeating: 0, count: 1300),  // R2: a frame over 1275 bytes
        ]
        for packet in broken {
            let error = codecError { () throws(CodecError) in _ = try decoder.decode(packet) }
            #expect(error?.isDamagedInput == true, "\(packet.prefix(8))")
        }
        let error = codecError { () throws(CodecError) in _ = try decoder.decodeFEC(from: [], samplesPerChannel: 960) }
        #expect(error?.isDamagedInput == true)
        let huge = [UInt8](repeating: 0x0B, count: 100_000)
        _ = codecError { () throws(CodecError) in _ = try decoder.decode(huge) }
        let samples = [Int16](repeating: 100, count: 960)
        var encoder = try OpusEncoder()
        #expect(try decoder.decode(try encoder.encode(PCMBuffer(samples: samples))).samplesPerChannel == 960)
    }

    @Test("refuses channel counts other than one and two")
    func badChannels() {
        for channels in [-1, 0, 3, .max] {
            let error = codecError { () throws(CodecError) in _ = try OpusDecoder(channels: channels) }
            #expect(error?.isInvalidArgument == true)
        }
    }
}

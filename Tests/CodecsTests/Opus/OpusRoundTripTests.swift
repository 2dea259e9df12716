import Codecs
import Foundation
import Testing
import TestSupport

@Suite("Opus round trip")
struct OpusRoundTripTests {
    typealias FrameDuration = OpusEncoder.FrameDuration

    /// Two steady tones with a slow swell; the channels differ.
    static func tones(channels: Int, samples: Int) -> [Int16] {
        (0..<samples * channels).map { index in
            let time = Double(index / channels) / 48_000
            let pitch = index % channels == 0 ? 440.0 : 660.0
            let swell = 0.6 + 0.4 * sin(2 * .pi * 3 * time)
            return Int16(8000 * swell * (sin(2 * .pi * pitch * time) + 0.5 * sin(2 * .pi * 2 * pitch * time)))
        }
    }

    /// Encodes and decodes all whole frames of a sound; the packets and what came out.
    static func roundTrip(
        _ samples: [Int16], _ configuration: OpusEncoder.Configuration
    ) throws -> (packets: [[UInt8]], sound: [Int16], lookahead: Int) {
        var encoder = try OpusEncoder(configuration)
        var decoder = try OpusDecoder(channels: configuration.channels)
        let step = configuration.frameDuration.samplesPerChannel * configuration.channels
        var packets: [[UInt8]] = []
        var sound: [Int16] = []
        for start in stride(from: 0, through: samples.count - step, by: step) {
            let pcm = PCMBuffer(samples: Array(samples[start..<start + step]), channels: configuration.channels)
            let packet = try encoder.encode(pcm)
            let decoded = try decoder.decode(packet)
            #expect(decoded.samplesPerChannel == configuration.frameDuration.samplesPerChannel)
            #expect(decoded.channels == configuration.channels && decoded.sampleRate == 48_000)
            packets.append(packet)
            sound += decoded.samples
        }
        return (packets, sound, encoder.lookahead)
    }

    @Test("keeps the sound for every frame duration, mono and stereo", arguments: FrameDuration.allCases, [1, 2])
    func durations(duration: FrameDuration, channels: Int) throws {
        let samples = Self.tones(channels: channels, samples: 24_000)
        let configuration = OpusEncoder.Configuration(
            channels: channels, frameDuration: duration, bitrate: 64_000 * channels, application: .audio)
        let (packets, sound, lookahead) = try Self.roundTrip(samples, configuration)
        #expect(packets.count == 24_000 / duration.samplesPerChannel)
        let correlation = Likeness.correlation(samples, sound, lag: lookahead * channels)
        #expect(correlation > 0.95)
    }

    @Test(
        "keeps speech at the default bit rate, delayed by the look-ahead",
        arguments: [OpusEncoder.Application.voip, .audio], [FrameDuration.ms10, .ms20, .ms60])
    func speech(application: OpusEncoder.Application, duration: FrameDuration) throws {
        let samples = try Clips.speech(fixture: "customer.ogg", seconds: 4)
        let configuration = OpusEncoder.Configuration(frameDuration: duration, application: application)
        let (packets, sound, lookahead) = try Self.roundTrip(samples, configuration)
        // SILK's resampler is a few samples faster than the library says.
        let correlation = (lookahead - 4...lookahead).map { Likeness.correlation(samples, sound, lag: $0) }.max() ?? 0
        #expect(correlation >= (application == .audio ? 0.97 : 0.93))
        let bitrate = packets.reduce(0) { $0 + $1.count } * 8 / 4
        #expect((20_000...40_000).contains(bitrate), "\(bitrate) bit/s")
    }

    @Test("keeps the two channels apart")
    func stereo() throws {
        let left = try Clips.speech(fixture: "customer.ogg", seconds: 2)
        let right = try Clips.speech(fixture: "technician.ogg", seconds: 2)
        let samples = zip(left, right).flatMap { [$0, $1] }
        let configuration = OpusEncoder.Configuration(channels: 2, bitrate: 96_000, application: .audio)
        let (_, sound, lookahead) = try Self.roundTrip(samples, configuration)
        let outLeft = stride(from: 0, to: sound.count, by: 2).map { sound[$0] }
        let outRight = stride(from: 1, to: sound.count, by: 2).map { sound[$0] }
        #expect(Likeness.correlation(left, outLeft, lag: lookahead) > 0.9)
        #expect(Likeness.correlation(right, outRight, lag: lookahead) > 0.9)
        #expect(abs(Likeness.correlation(left, outRight, lag: lookahead)) < 0.3)
    }

    @Test("decodes mono packets to stereo and stereo packets to mono")
    func channelChange() throws {
        for (from, to) in [(1, 2), (2, 1)] {
            var encoder = try OpusEncoder(.init(channels: from))
            var decoder = try OpusDecoder(channels: to)
            let samples = Self.tones(channels: from, samples: 960)
            let packet = try encoder.encode(PCMBuffer(samples: samples, channels: from))
            let decoded = try decoder.decode(packet)
            #expect(decoded.samples.count == 960 * to && decoded.channels == to)
        }
    }

    @Test("follows a change of the bit rate")
    func bitrateChange() throws {
        let samples = try Clips.speech(fixture: "customer.ogg", seconds: 6)
        var encoder = try OpusEncoder(.init(bitrate: 16_000))
        var start = 0
        for target in [16_000, 64_000, 24_000] {
            try encoder.setBitrate(target)
            var bytes = 0
            for _ in 0..<100 {
                bytes += try encoder.encode(PCMBuffer(samples: Array(samples[start..<start + 960]))).count
                start += 960
            }
            let measured = Double(bytes * 8) / 2
            #expect(abs(measured / Double(target) - 1) < 0.3, "\(measured) bit/s for a target of \(target)")
        }
    }

    @Test("makes packets of at most two bytes in silence with DTX, and only with it")
    func dtx() throws {
        let speech = try Clips.speech(fixture: "customer.ogg", seconds: 1)
        for dtx in [true, false] {
            var encoder = try OpusEncoder(.init(dtx: dtx))
            var decoder = try OpusDecoder()
            for start in stride(from: 0, to: 48_000, by: 960) {
                let packet = try encoder.encode(PCMBuffer(samples: Array(speech[start..<start + 960])))
                _ = try decoder.decode(packet)
            }
            var silent = 0
            for index in 0..<100 {
                let packet = try encoder.encode(PCMBuffer(samples: [Int16](repeating: 0, count: 960)))
                let decoded = try decoder.decode(packet)
                #expect(decoded.samplesPerChannel == 960)
                if index >= 50, OpusEncoder.isSilence(packet) { silent += 1 }
            }
            #expect(dtx ? silent >= 40 : silent == 0, "\(silent) of 50 packets")
        }
    }

    @Test("refuses settings and sound that do not fit, and goes on")
    func badArguments() throws {
        typealias Configuration = OpusEncoder.Configuration
        let changes: [(inout Configuration) -> Void] = [
            { $0.channels = 0 }, { $0.channels = 3 }, { $0.bitrate = 5999 }, { $0.bitrate = .max },
            { $0.complexity = 11 },
            { $0.expectedLossPercent = 101 }, { $0.expectedLossPercent = -1 },
        ]
        for change in changes {
            var configuration = Configuration()
            change(&configuration)
            let error = codecError { () throws(CodecError) in _ = try OpusEncoder(configuration) }
            #expect(error?.isInvalidArgument == true)
        }
        var encoder = try OpusEncoder()
        let good = PCMBuffer(samples: [Int16](repeating: 5, count: 960))
        for bad in [
            PCMBuffer(samples: []), PCMBuffer(samples: [Int16](repeating: 0, count: 959)),
            PCMBuffer(samples: good.samples, channels: 2), PCMBuffer(samples: good.samples, sampleRate: 16_000),
        ] {
            let error = codecError { () throws(CodecError) in _ = try encoder.encode(bad) }
            #expect(error?.isInvalidArgument == true)
        }
        let bitrate = codecError { () throws(CodecError) in try encoder.setBitrate(0) }
        #expect(bitrate?.isInvalidArgument == true)
        #expect(try !encoder.encode(good).isEmpty)
    }
}

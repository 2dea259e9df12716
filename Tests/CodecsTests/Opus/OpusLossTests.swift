import Codecs
import Testing
import TestSupport

@Suite("Opus decoding after loss")
struct OpusLossTests {
    @Test("FEC brings a lost frame back better than concealment and far better than silence")
    func fec() throws {
        let speech = try Clips.speech(fixture: "customer.ogg", seconds: 8)
        var encoder = try OpusEncoder(.init(bitrate: 32_000, expectedLossPercent: 20))
        let packets = try stride(from: 0, through: speech.count - 960, by: 960).map { start in
            try encoder.encode(PCMBuffer(samples: Array(speech[start..<start + 960])))
        }
        func isLost(_ index: Int) -> Bool { index % 7 == 5 && index + 1 < packets.count }
        func receive(_ replace: (inout OpusDecoder, _ next: [UInt8]) throws -> [Int16]) throws -> [Int16] {
            var decoder = try OpusDecoder()
            var sound: [Int16] = []
            for (index, packet) in packets.enumerated() {
                let samples =
                    isLost(index) ? try replace(&decoder, packets[index + 1]) : try decoder.decode(packet).samples
                #expect(samples.count == 960)
                sound += samples
            }
            return sound
        }
        let clean = try receiveAll(packets)
        let recovered = try receive { decoder, next in try decoder.decodeFEC(from: next, samplesPerChannel: 960).samples
        }
        let concealed = try receive { decoder, _ in try decoder.conceal(samplesPerChannel: 960).samples }

        var (fecError, concealError, silenceError) = (0.0, 0.0, 0.0)
        for index in packets.indices where isLost(index) {
            let range = index * 960..<(index + 1) * 960
            fecError += Likeness.errorEnergy(clean[range], recovered[range])
            concealError += Likeness.errorEnergy(clean[range], concealed[range])
            silenceError += Likeness.errorEnergy(clean[range], [Int16](repeating: 0, count: 960)[...])
        }
        #expect(fecError < 0.5 * silenceError, "\(fecError) of \(silenceError)")
        #expect(fecError < 0.7 * concealError, "\(fecError) of \(concealError)")
    }

    private func receiveAll(_ packets: [[UInt8]]) throws -> [Int16] {
        var decoder = try OpusDecoder()
        return try packets.flatMap { packet in try decoder.decode(packet).samples }
    }

    @Test("the expected loss can change while running and makes room for FEC")
    func expectedLoss() throws {
        let speech = try Clips.speech(fixture: "customer.ogg", seconds: 4)
        var encoder = try OpusEncoder(.init(bitrate: 32_000))
        var decoderErrors: [Double] = []
        for loss in [0, 25] {
            try encoder.setExpectedLoss(percent: loss)
            let packets = try stride(from: 0, through: speech.count - 960, by: 960).map { start in
                try encoder.encode(PCMBuffer(samples: Array(speech[start..<start + 960])))
            }
            let clean = try receiveAll(packets)
            var decoder = try OpusDecoder()
            var error = 0.0
            for index in packets.indices {
                guard index % 5 == 3, index + 1 < packets.count else {
                    _ = try decoder.decode(packets[index])
                    continue
                }
                let recovered = try decoder.decodeFEC(from: packets[index + 1], samplesPerChannel: 960).samples
                error += Likeness.errorEnergy(clean[index * 960..<(index + 1) * 960], recovered[...])
            }
            decoderErrors.append(error)
        }
        #expect(decoderErrors[1] < 0.7 * decoderErrors[0], "\(decoderErrors)")
    }

    @Test("concealment goes on from what was heard, then fades")
    func concealment() throws {
        let samples = OpusRoundTripTests.tones(channels: 1, samples: 9600)
        var encoder = try OpusEncoder(.init(bitrate: 64_000, application: .audio))
        var decoder = try OpusDecoder()
        for start in stride(from: 0, to: 9600, by: 960) {
            _ = try decoder.decode(try encoder.encode(PCMBuffer(samples: Array(samples[start..<start + 960]))))
        }
        func energy(_ samples: [Int16]) -> Double { samples.reduce(0) { $0 + Double($1) * Double($1) } }
        let first = energy(try decoder.conceal(samplesPerChannel: 960).samples)
        var last = first
        for _ in 0..<60 { last = energy(try decoder.conceal(samplesPerChannel: 960).samples) }
        #expect(first > 960 * 1000 * 1000)
        #expect(last < first / 10)
    }

    @Test("conceals every length in steps of 2.5 ms and refuses others", arguments: [1, 2])
    func lengths(channels: Int) throws {
        var decoder = try OpusDecoder(channels: channels)
        var encoder = try OpusEncoder(.init(channels: channels))
        let sound = PCMBuffer(samples: [Int16](repeating: 900, count: 960 * channels), channels: channels)
        let packet = try encoder.encode(sound)
        // Before any packet too.
        for samples in stride(from: 120, through: 5760, by: 120) {
            let concealed = try decoder.conceal(samplesPerChannel: samples)
            #expect(concealed.samplesPerChannel == samples && concealed.channels == channels)
            let recovered = try decoder.decodeFEC(from: packet, samplesPerChannel: samples)
            #expect(recovered.samplesPerChannel == samples)
        }
        for samples in [-120, 0, 1, 119, 121, 5880, .max] {
            let concealing = codecError { () throws(CodecError) in _ = try decoder.conceal(samplesPerChannel: samples) }
            #expect(concealing?.isInvalidArgument == true, "\(samples)")
            let fec = codecError { () throws(CodecError) in
                _ = try decoder.decodeFEC(from: packet, samplesPerChannel: samples)
            }
            #expect(fec?.isInvalidArgument == true, "\(samples)")
        }
        #expect(try decoder.decode(packet).samplesPerChannel == 960)
    }
}

import Codecs
import Testing
import TestSupport

@Suite("VP8 round trip")
struct VP8RoundTripTests {
    @Test("keeps camera pictures above 35 dB at 640x480 and 1 Mbit/s, and near that bit rate")
    func quality() throws {
        let pictures = try Clips.pictures(fixture: "customer.ivf", limit: 120)
        var encoder = try VP8Encoder(.init(width: 640, height: 480, targetBitrate: 1_000_000))
        var decoder = try VP8Decoder()
        var psnr: [Double] = []
        var bytes = 0
        for (index, picture) in pictures.enumerated() {
            let encoded = try #require(try encoder.encode(picture, at: Int64(index) * 3000))
            #expect(encoded.isKeyframe == (index == 0))
            #expect(encoded.timestamp == Int64(index) * 3000)
            bytes += encoded.data.count
            let decoded = try #require(try decoder.decode(encoded.data))
            psnr.append(try #require(decoded.psnrY(against: picture)))
        }
        let mean = psnr.reduce(0, +) / Double(psnr.count)
        let lowest = psnr.min() ?? 0
        let bitrate = Double(bytes * 8) / (Double(pictures.count) / 30)
        #expect(pictures.count == 120)
        let quantizer = encoder.lastQuantizer ?? -1
        #expect((2...56).contains(quantizer))
        #expect(mean >= 35, "mean \(mean) dB, lowest \(lowest) dB")
        #expect(lowest >= 30, "mean \(mean) dB, lowest \(lowest) dB")
        #expect((600_000...1_300_000).contains(bitrate), "\(bitrate) bit/s")
    }

    @Test(
        "works for odd, tiny and narrow sizes",
        arguments: [(1, 1), (2, 3), (15, 17), (17, 15), (175, 143), (321, 241), (640, 1), (1, 480), (641, 479)])
    func sizes(width: Int, height: Int) throws {
        var encoder = try VP8Encoder(.init(width: width, height: height, targetBitrate: 2_000_000))
        var decoder = try VP8Decoder()
        for index in 0..<4 {
            let picture = Clips.synthetic(width: width, height: height, index: index)
            let encoded = try #require(try encoder.encode(picture, at: Int64(index) * 3000))
            let decoded = try #require(try decoder.decode(encoded.data))
            #expect(decoded.width == width && decoded.height == height)
            let psnr = try #require(decoded.psnrY(against: picture))
            #expect(psnr > 25, "frame \(index)")
        }
    }

    @Test("makes the same stream from the same pictures on one thread", arguments: [0, 4, 8, 16])
    func isDeterministic(cpuSpeed: Int) throws {
        func encodeAll() throws -> [EncodedVideoFrame] {
            var encoder = try VP8Encoder(
                .init(width: 176, height: 144, targetBitrate: 200_000, cpuSpeed: cpuSpeed))
            return try (0..<10).compactMap { index in
                try encoder.encode(Clips.synthetic(width: 176, height: 144, index: index), at: Int64(index) * 3000)
            }
        }
        let first = try encodeAll()
        #expect(first.count == 10)
        #expect(try encodeAll() == first)
    }

    @Test("decodes to the same pictures on several threads as on one", arguments: [2, 4])
    func threads(count: Int) throws {
        let stream = try Clips.stream(width: 640, height: 480, count: 6, bitrate: 1_000_000, threads: count)
        var one = try VP8Decoder()
        var many = try VP8Decoder(threads: count)
        for frame in stream {
            let expected = try one.decode(frame.data)
            let decoded = try many.decode(frame.data)
            #expect(expected != nil)
            #expect(decoded == expected)
        }
    }

    @Test("leaves a handed-out picture alone when later frames decode")
    func picturesAreIndependent() throws {
        let stream = try Clips.stream(width: 64, height: 64, count: 5)
        var decoder = try VP8Decoder()
        let first = try #require(try decoder.decode(stream[0].data))
        let copy = I420Frame(width: 64, height: 64, y: Array(first.y), u: Array(first.u), v: Array(first.v))
        for frame in stream.dropFirst() { _ = try decoder.decode(frame.data) }
        #expect(first == copy)
    }
}

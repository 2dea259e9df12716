import Codecs
import Testing
import TestSupport

@Suite("VP8 encoder, changed while running")
struct VP8EncoderControlTests {
    @Test("makes a keyframe exactly where one is asked for")
    func keyframeOnRequest() throws {
        var encoder = try VP8Encoder(.init(width: 160, height: 120, targetBitrate: 200_000))
        var keyframes: [Int] = []
        for index in 0..<40 {
            let picture = Clips.synthetic(width: 160, height: 120, index: index)
            let asked = index == 13 || index == 14 || index == 30
            let encoded = try #require(try encoder.encode(picture, at: Int64(index) * 3000, forceKeyframe: asked))
            // RFC 6386 section 9.1: the lowest bit of a keyframe is 0.
            #expect(encoded.isKeyframe == (encoded.data[0] & 1 == 0))
            if encoded.isKeyframe { keyframes.append(index) }
        }
        #expect(keyframes == [0, 13, 14, 30])
    }

    @Test("makes keyframes at the interval")
    func keyframeInterval() throws {
        var encoder = try VP8Encoder(.init(width: 160, height: 120, targetBitrate: 200_000, keyframeInterval: 10))
        var keyframes: [Int] = []
        for index in 0..<25 {
            let picture = Clips.synthetic(width: 160, height: 120, index: index)
            if let frame = try encoder.encode(picture, at: Int64(index) * 3000), frame.isKeyframe {
                keyframes.append(index)
            }
        }
        #expect(keyframes == [0, 10, 20])
    }

    @Test("follows the target bit rate up and down")
    func bitrateChange() throws {
        let pictures = try Clips.pictures(fixture: "customer.ivf", limit: 75)
        var encoder = try VP8Encoder(.init(width: 640, height: 480, targetBitrate: 400_000))
        var index = 0
        for target in [400_000, 1_200_000, 500_000] {
            try encoder.setTargetBitrate(target)
            #expect(encoder.configuration.targetBitrate == target)
            var bytes = 0
            for picture in pictures {
                let encoded = try #require(try encoder.encode(picture, at: Int64(index) * 3000))
                // The first 15 frames are time for the rate control to follow.
                if index % pictures.count >= 15 { bytes += encoded.data.count }
                index += 1
            }
            let measured = Double(bytes * 8) / (Double(pictures.count - 15) / 30)
            #expect(abs(measured / Double(target) - 1) < 0.3, "\(measured) bit/s for a target of \(target)")
        }
    }

    @Test("resizes down, up within and above its first size, each time with a keyframe", arguments: [1, 2])
    func resize(threads: Int) throws {
        var encoder = try VP8Encoder(.init(width: 320, height: 240, targetBitrate: 500_000, threads: threads))
        var decoder = try VP8Decoder()
        var index = 0
        for (width, height) in [
            (320, 240), (160, 120), (161, 121), (320, 240), (640, 480), (480, 640), (64, 48), (640, 480),
        ] {
            try encoder.resize(width: width, height: height)
            for step in 0..<3 {
                let picture = Clips.synthetic(width: width, height: height, index: index)
                let encoded = try #require(try encoder.encode(picture, at: Int64(index) * 3000))
                #expect(encoded.isKeyframe == (step == 0), "\(width)x\(height), frame \(step)")
                let decoded = try #require(try decoder.decode(encoded.data))
                #expect(decoded.width == width && decoded.height == height)
                let psnr = try #require(decoded.psnrY(against: picture))
                #expect(psnr > 22, "\(width)x\(height), frame \(step)")
                index += 1
            }
        }
    }

    @Test("keeps the bit rate that was set through a resize")
    func resizeKeepsSettings() throws {
        var encoder = try VP8Encoder(.init(width: 320, height: 240, targetBitrate: 500_000))
        try encoder.setTargetBitrate(300_000)
        try encoder.resize(width: 640, height: 480)
        #expect(encoder.configuration.targetBitrate == 300_000)
        #expect(encoder.configuration.width == 640 && encoder.configuration.height == 480)
    }

    @Test("drops frames only if allowed, and then keeps a keyframe request for the next frame")
    func dropping() throws {
        let pictures = try Clips.pictures(fixture: "customer.ivf", limit: 60)
        for drops in [false, true] {
            var configuration = VP8Encoder.Configuration(width: 640, height: 480, targetBitrate: 60_000)
            configuration.dropsFrames = drops
            configuration.maximumQuantizer = 40
            var encoder = try VP8Encoder(configuration)
            var dropped = 0
            var isOwed = false
            for (index, picture) in pictures.enumerated() {
                let asked = index == 40
                isOwed = isOwed || asked
                guard let encoded = try encoder.encode(picture, at: Int64(index) * 3000, forceKeyframe: asked) else {
                    dropped += 1
                    continue
                }
                if isOwed { #expect(encoded.isKeyframe) }
                isOwed = false
            }
            #expect(drops ? dropped > 0 : dropped == 0, "\(dropped) dropped")
            #expect(drops || !isOwed)
        }
    }

    @Test("takes capture times with gaps and uneven steps")
    func unevenTimes() throws {
        var encoder = try VP8Encoder(.init(width: 160, height: 120, targetBitrate: 200_000))
        var decoder = try VP8Decoder()
        var time: Int64 = 4_294_967_000
        for (index, step) in [1, 3000, 90_000, 2, 8_100_000, 3000, 1 << 40, 3000].enumerated() {
            time += Int64(step)
            let picture = Clips.synthetic(width: 160, height: 120, index: index)
            let encoded = try #require(try encoder.encode(picture, at: time))
            #expect(encoded.timestamp == time)
            #expect(try decoder.decode(encoded.data) != nil)
        }
    }

    @Test("refuses settings outside their range")
    func badSettings() {
        typealias Configuration = VP8Encoder.Configuration
        let good = Configuration(width: 64, height: 64, targetBitrate: 100_000)
        let changes: [(inout Configuration) -> Void] = [
            { $0.width = 0 }, { $0.height = -1 }, { $0.width = 4097 }, { $0.height = .max }, { $0.framesPerSecond = 0 },
            { $0.targetBitrate = 0 }, { $0.targetBitrate = .max }, { $0.cpuSpeed = 17 }, { $0.cpuSpeed = -1 },
            { $0.threads = 0 }, { $0.threads = 65 }, { $0.keyframeInterval = 0 }, { $0.minimumQuantizer = 64 },
            { $0.maximumQuantizer = 1 },
        ]
        for change in changes {
            var configuration = good
            change(&configuration)
            let error = codecError { () throws(CodecError) in _ = try VP8Encoder(configuration) }
            #expect(error?.isInvalidArgument == true, "\(configuration)")
        }
    }

    @Test("refuses pictures and times that do not fit, and goes on")
    func badPictures() throws {
        var encoder = try VP8Encoder(.init(width: 64, height: 48, targetBitrate: 100_000))
        let good = I420Frame(width: 64, height: 48)
        var short = good
        short.u.removeLast()
        _ = try encoder.encode(good, at: 6000)
        for (picture, time) in [
            (I420Frame(width: 48, height: 64), 9000), (short, 9000), (good, 6000), (good, 0), (good, -1),
            (good, Int64.max),
        ] {
            let error = codecError { () throws(CodecError) in _ = try encoder.encode(picture, at: time) }
            #expect(error?.isInvalidArgument == true)
        }
        let bitrate = codecError { () throws(CodecError) in try encoder.setTargetBitrate(-1) }
        #expect(bitrate?.isInvalidArgument == true)
        let size = codecError { () throws(CodecError) in try encoder.resize(width: 0, height: 48) }
        #expect(size?.isInvalidArgument == true)
        #expect(try encoder.encode(good, at: 9000) != nil)
        #expect(encoder.configuration.targetBitrate == 100_000 && encoder.configuration.width == 64)
    }
}

internal import Benchmark
internal import Codecs

/// The codecs with the settings that the endpoints start with, on the fixtures; one frame an iteration, one thread.
func registerCodecBenchmarks() {
    Benchmark.register("codec/VP8 encode 640x480, 1 Mbit/s", state: EncodedCamera.init) { benchmark, camera in
        try camera.encodeNext(benchmark)
    }
    Benchmark.register("codec/VP8 decode 640x480", state: DecodedCamera.init) { benchmark, camera in
        try camera.decodeNext(benchmark)
    }
    Benchmark.register("codec/Opus encode 20 ms", state: EncodedVoice.init) { benchmark, voice in
        try voice.encodeNext(benchmark)
    }
    Benchmark.register("codec/Opus decode 20 ms", state: DecodedVoice.init) { benchmark, voice in
        try voice.decodeNext(benchmark)
    }
}

private final class EncodedCamera {
    private let pictures: [I420Frame]
    private var encoder: VP8Encoder
    private var frame = 0

    init() throws {
        pictures = try Fixtures.cameraPictures(60)
        encoder = try VP8Encoder(.init(width: pictures[0].width, height: pictures[0].height, targetBitrate: 1_000_000))
    }

    func encodeNext(_ benchmark: Benchmark) throws {
        // Forwards and backwards, so that the picture never jumps.
        let lap = frame % (2 * pictures.count - 2)
        let picture = pictures[min(lap, 2 * pictures.count - 2 - lap)]
        var bytes = 0
        try benchmark.measure(units: 1) {
            bytes = try encoder.encode(picture, at: Int64(frame) * 3_000)?.data.count ?? 0
        }
        frame += 1
        try check(bytes > 0, "the encoder dropped a frame")
    }
}

private final class DecodedCamera {
    private let frames: [[UInt8]]
    private var decoder: VP8Decoder
    private var next = 0

    init() throws {
        frames = try Fixtures.cameraFrames(120)
        decoder = try VP8Decoder()
    }

    func decodeNext(_ benchmark: Benchmark) throws {
        let frame = frames[next % frames.count]
        next += 1
        var width = 0
        try benchmark.measure(units: 1) { width = try decoder.decode(frame)?.width ?? 0 }
        try check(width == 640, "no picture came out")
    }
}

private final class EncodedVoice {
    private let sounds: [PCMBuffer]
    private var encoder: OpusEncoder
    private var next = 0

    init() throws {
        var decoder = try OpusDecoder()
        sounds = try Fixtures.voicePackets(400).map { try decoder.decode($0) }
        encoder = try OpusEncoder()
    }

    func encodeNext(_ benchmark: Benchmark) throws {
        let sound = sounds[next % sounds.count]
        next += 1
        var bytes = 0
        try benchmark.measure(units: 1) { bytes = try encoder.encode(sound).count }
        try check(bytes > 0, "no packet came out")
    }
}

private final class DecodedVoice {
    private let packets: [[UInt8]]
    private var decoder: OpusDecoder
    private var next = 0

    init() throws {
        packets = try Fixtures.voicePackets(400)
        decoder = try OpusDecoder()
    }

    func decodeNext(_ benchmark: Benchmark) throws {
        let packet = packets[next % packets.count]
        next += 1
        var samples = 0
        try benchmark.measure(units: 1) { samples = try decoder.decode(packet).samplesPerChannel }
        try check(samples == 960, "\(samples) samples came out")
    }
}

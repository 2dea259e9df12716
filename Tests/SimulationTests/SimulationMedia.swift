import Codecs
import Endpoints
import MediaFiles
import MediaWire
import Simulation
import TestSupport

/// Fixture media for simulated calls, read once.
enum SimulationMedia {
    /// 160x120 at 30 fps with one keyframe, and speech.
    static let small: Result<ReplayedMedia, MediaFileError> = load()

    private static func load() -> Result<ReplayedMedia, MediaFileError> {
        do throws(MediaFileError) {
            var video: [ReplayedMedia.VideoFrame] = []
            var clip = try IVFReader(path: Fixtures.path("small.ivf"))
            while let frame = try clip.next() {
                // The lowest bit of the first byte says inter frame (RFC 6386 section 9.1).
                let isKeyframe = (frame.data.first ?? 1) & 1 == 0
                video.append(ReplayedMedia.VideoFrame(data: frame.data, isKeyframe: isKeyframe))
            }
            var audio: [[UInt8]] = []
            var speech = try OggOpusReader(path: Fixtures.path("technician.ogg"))
            while let packet = try speech.next() { audio.append(packet.data) }
            return .success(ReplayedMedia(video: video, audio: audio))
        } catch {
            return .failure(error)
        }
    }

    /// 20 s with a keyframe at the start only, so that nothing but a request brings the next one: the clip forwards and
    /// backwards, encoded again.
    static let withoutSpareKeyframes: Result<ReplayedMedia, any Error> = Result {
        var media = try small.get()
        let pictures = try FrameDecoding.pictures(of: media)
        var encoder = try VP8Encoder(
            VP8Encoder.Configuration(width: 160, height: 120, targetBitrate: 250_000))
        media.video = []
        for number in 0..<600 {
            let place = number % (2 * pictures.count)
            let picture = pictures[place < pictures.count ? place : 2 * pictures.count - 1 - place]
            let frame = try encoder.encode(picture, at: Int64(number) * 3_000, forceKeyframe: number == 0)
            if let frame { media.video.append(.init(data: frame.data, isKeyframe: frame.isKeyframe)) }
        }
        return media
    }

    /// A picture a second and sound in packets of 120 ms: an hour of it runs in seconds.
    static func sparse() throws -> ReplayedMedia {
        var media = try small.get()
        media.video = Array(media.video.prefix(20))
        media.videoIntervalNanoseconds = 1_000_000_000
        media.audio = stride(from: 0, to: media.audio.count - 5, by: 6).compactMap { start in
            join(media.audio[start..<(start + 6)])
        }
        media.samplesPerPacket = 5_760
        return media
    }

    /// One packet of the frames of several, all of one configuration (RFC 6716 section 3.2.5).
    private static func join(_ packets: ArraySlice<[UInt8]>) -> [UInt8]? {
        guard let toc = packets.first?.first, packets.allSatisfy({ $0.first.map { $0 & 0xFC } == toc & 0xFC }) else {
            return nil
        }
        var lengths: [UInt8] = []
        var frames: [UInt8] = []
        for (position, packet) in packets.enumerated() {
            guard let ranges = OpusPacket.frames(packet.rawSpan), ranges.count == 1 else { return nil }
            let frame = packet[ranges[0]]
            frames += frame
            guard position < packets.count - 1 else { break }
            if frame.count < 252 {
                lengths.append(UInt8(frame.count))
            } else {
                let low = 252 + frame.count % 4
                lengths += [UInt8(low), UInt8((frame.count - low) / 4)]
            }
        }
        let joined = [toc | 3, 0x80 | UInt8(packets.count)] + lengths + frames
        return OpusPacket.duration(joined.rawSpan) == 5_760 ? joined : nil
    }
}

/// Decodes what a simulated technician is handed, with the real decoder.
final class FrameDecoding {
    private(set) var decoded = 0
    private(set) var failures: [String] = []
    /// Pictures of the clip as decoded straight from the file; nil leaves the comparison out.
    private var reference: [I420Frame]?
    private(set) var differing = 0
    private var position = 0
    private var decoder: VP8Decoder

    init(reference: [I420Frame]? = nil) throws {
        decoder = try VP8Decoder()
        self.reference = reference
    }

    func take(_ frame: ReceivedVideoFrame) {
        do {
            if let picture = try decoder.decode(frame.data) {
                decoded += 1
                compare(picture, isKeyframe: frame.isKeyframe)
            }
        } catch {
            if failures.count < 5 { failures.append("frame \(frame.rtpTimestamp): \(error)") }
        }
    }

    private func compare(_ picture: I420Frame, isKeyframe: Bool) {
        guard let reference else { return }
        if isKeyframe { position = 0 }
        let source = reference[position]
        if picture.y != source.y || picture.u != source.u || picture.v != source.v { differing += 1 }
        position = (position + 1) % reference.count
    }

    /// The clip's own pictures.
    static func pictures(of media: ReplayedMedia) throws -> [I420Frame] {
        var decoder = try VP8Decoder()
        var pictures: [I420Frame] = []
        for frame in media.video {
            if let picture = try decoder.decode(frame.data) { pictures.append(picture) }
        }
        return pictures
    }
}

import Codecs
import MediaCore
import MediaFiles

extension LoadClip {
    /// Frames of a clip at most: an hour of video at 30 frames/s, well over what memory is worth.
    private static let maximumFrames = 120_000
    private static let maximumBytes = 1 << 30

    /// The frames of a VP8 IVF file, each resized so that the clip as a whole has the wanted rate.
    /// - Parameter bitrate: of the encoded video in bit/s; nil leaves the file's own.
    /// - Throws: `EndpointError` or `MediaFileError`.
    static func video(path: String, bitrate: Int?) throws -> LoadClip {
        var source = try ReplayVideoSource(path: path)
        let rate = source.rate
        var frames: [[UInt8]] = []
        var total = 0
        while true {
            let (frame, number) = try source.next()
            if number == 0, !frames.isEmpty { break }
            total += frame.data.count
            guard frames.count < maximumFrames, total <= maximumBytes else { throw tooLong(path) }
            frames.append(frame.data)
        }
        func time(_ index: Int) -> Int64 { rate.nanoseconds(toFrame: index) }
        if let bitrate { frames = resized(frames, to: bitrate, nanoseconds: time(frames.count)) }
        let timed = frames.enumerated().map { ($1, time($0 + 1) - time($0)) }
        guard let clip = LoadClip(.video, frames: timed) else {
            throw EndpointError.unsupportedMedia(path: path, reason: "it has empty frames")
        }
        return clip
    }

    /// The packets of an Ogg Opus file.
    /// - Throws: `EndpointError` or `MediaFileError`.
    static func audio(path: String) throws -> LoadClip {
        guard try MediaFileKind(path: path) == .oggOpus else {
            throw EndpointError.unsupportedMedia(path: path, reason: "only Opus in Ogg can be replayed")
        }
        var reader = try OggOpusReader(path: path)
        var packets: [(data: [UInt8], durationNanoseconds: Int64)] = []
        while let packet = try reader.next() {
            guard packets.count < maximumFrames else { throw tooLong(path) }
            packets.append((packet.data, Int64(packet.samples) * 1_000_000_000 / 48_000))
        }
        guard let clip = LoadClip(.audio, frames: packets), clip.longestPayload <= 1400 else {
            throw EndpointError.unsupportedMedia(
                path: path, reason: "it has no packets, empty ones, or some over 1400 bytes")
        }
        return clip
    }

    private static func tooLong(_ path: String) -> EndpointError {
        .unsupportedMedia(path: path, reason: "it is too long to keep in memory; cut it to a minute")
    }

    /// Makes every frame longer or shorter by the same factor: it is cut, or its bytes are repeated. Sizes keep their
    /// proportions (a keyframe stays a big burst), and their sum is exact: what rounding takes from one frame the next one gets.
    /// Such frames are no pictures any more, but no relay can tell: their first bytes stay.
    static func resized(_ frames: [[UInt8]], to bitrate: Int, nanoseconds: Int64) -> [[UInt8]] {
        let total = frames.reduce(0) { $0 + $1.count }
        guard total > 0, nanoseconds > 0 else { return frames }
        let wanted = Double(bitrate) * Double(nanoseconds) / 8e9
        var (before, written) = (0, 0)
        return frames.map { frame in
            before += frame.count
            let end = Int((wanted * Double(before) / Double(total)).rounded())
            let size = max(smallestFrame, end - written)
            written += size
            return resized(frame, to: size)
        }
    }

    /// The header of a VP8 keyframe (RFC 6386 section 9.1).
    private static let smallestFrame = 10

    private static func resized(_ frame: [UInt8], to size: Int) -> [UInt8] {
        guard size > frame.count, !frame.isEmpty else { return Array(frame.prefix(size)) }
        var result = frame
        result.reserveCapacity(size)
        while result.count < size { result += frame.prefix(size - result.count) }
        return result
    }
}

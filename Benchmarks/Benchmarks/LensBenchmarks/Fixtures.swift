internal import Codecs
internal import MediaFiles

/// The media under `Fixtures/`, found from this file's own place.
enum Fixtures {
    private static func path(_ name: String) -> String {
        var parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
        // Fixtures.swift, LensBenchmarks, Benchmarks, Benchmarks.
        parts.removeLast(4)
        return parts.joined(separator: "/") + "/Fixtures/" + name
    }

    /// The first frames of the customer's camera, as VP8; the first is a keyframe.
    static func cameraFrames(_ count: Int) throws -> [[UInt8]] {
        var reader = try IVFReader(path: path("customer.ivf"))
        var frames: [[UInt8]] = []
        while frames.count < count, let frame = try reader.next() { frames.append(frame.data) }
        try check(frames.count == count, "customer.ivf has only \(frames.count) frames")
        return frames
    }

    /// The first frames of the customer's camera, decoded.
    static func cameraPictures(_ count: Int) throws -> [I420Frame] {
        var decoder = try VP8Decoder()
        var pictures: [I420Frame] = []
        for frame in try cameraFrames(count) {
            if let picture = try decoder.decode(frame) { pictures.append(picture) }
        }
        try check(pictures.count == count, "only \(pictures.count) of \(count) frames gave a picture")
        return pictures
    }

    /// The first packets of the customer's voice, as Opus.
    static func voicePackets(_ count: Int) throws -> [[UInt8]] {
        var reader = try OggOpusReader(path: path("customer.ogg"))
        var packets: [[UInt8]] = []
        while packets.count < count, let packet = try reader.next() { packets.append(packet.data) }
        try check(packets.count == count, "customer.ogg has only \(packets.count) packets")
        return packets
    }
}

public import Codecs
import MediaFiles

/// Encoded frames of a VP8 IVF file, sent as they are; after the last comes the first again.
public struct ReplayVideoSource: ~Copyable {
    public let path: String
    public let width: Int
    public let height: Int
    public let rate: FrameRate
    private var reader: IVFReader
    /// Number in the file of the next frame.
    private var position = 0

    /// - Throws: `EndpointError` or `MediaFileError`.
    public init(path: String) throws {
        guard try MediaFileKind(path: path) == .ivf else {
            throw EndpointError.unsupportedMedia(path: path, reason: "only VP8 in IVF can be replayed")
        }
        var reader = try IVFReader(path: path)
        rate = try reader.frameRate(path: path)
        (width, height) = (reader.width, reader.height)
        self.path = path
        self.reader = reader
    }

    /// The next frame and its number in the file. Time stamps are the caller's business and left 0.
    /// - Throws: `MediaFileError` where the file is broken, `EndpointError` if it does not begin with a keyframe.
    public mutating func next() throws -> (frame: EncodedVideoFrame, number: Int) {
        if let frame = try reader.next() { return try take(frame.data) }
        try restartAtKeyframe()
        guard let frame = try reader.next() else {
            throw EndpointError.unsupportedMedia(path: path, reason: "there is no picture in it")
        }
        return try take(frame.data)
    }

    /// The next frame will be the first of the file, which is a keyframe.
    public mutating func restartAtKeyframe() throws {
        try reader.rewind()
        position = 0
    }

    private mutating func take(_ data: [UInt8]) throws -> (frame: EncodedVideoFrame, number: Int) {
        // RFC 6386 section 9.1: the lowest bit of a frame is 0 in keyframes.
        let isKeyframe = data.first.map { $0 & 1 == 0 } ?? false
        guard isKeyframe || position > 0 else {
            throw EndpointError.unsupportedMedia(path: path, reason: "it does not begin with a keyframe")
        }
        defer { position += 1 }
        return (EncodedVideoFrame(data: data, isKeyframe: isKeyframe, timestamp: 0), position)
    }
}

/// Opus packets of an Ogg file, sent as they are; after the last comes the first again.
public struct ReplayAudioSource: ~Copyable {
    public let path: String
    private var reader: OggOpusReader

    /// - Throws: `EndpointError` or `MediaFileError`.
    public init(path: String) throws {
        guard try MediaFileKind(path: path) == .oggOpus else {
            throw EndpointError.unsupportedMedia(path: path, reason: "only Opus in Ogg can be replayed")
        }
        reader = try OggOpusReader(path: path)
        self.path = path
    }

    /// The next packet and its samples at 48 kHz per channel.
    public mutating func next() throws -> (data: [UInt8], samples: Int) {
        if let packet = try reader.next() { return (packet.data, packet.samples) }
        try reader.rewind()
        guard let packet = try reader.next() else {
            throw EndpointError.unsupportedMedia(path: path, reason: "there is no sound in it")
        }
        return (packet.data, packet.samples)
    }
}

/// Encoded media that simulated peers send again and again, as a camera and a microphone would.
public struct ReplayedMedia: Sendable {
    public struct VideoFrame: Sendable {
        public var data: [UInt8]
        public var isKeyframe: Bool

        public init(data: [UInt8], isKeyframe: Bool) {
            self.data = data
            self.isKeyframe = isKeyframe
        }
    }

    /// Begins with a keyframe.
    public var video: [VideoFrame]
    public var videoIntervalNanoseconds: Int64
    public var audio: [[UInt8]]
    /// Samples per channel in each audio packet, at 48 kHz.
    public var samplesPerPacket: Int

    public init(
        video: [VideoFrame], videoIntervalNanoseconds: Int64 = 33_333_333, audio: [[UInt8]],
        samplesPerPacket: Int = 960
    ) {
        self.video = video
        self.videoIntervalNanoseconds = videoIntervalNanoseconds
        self.audio = audio
        self.samplesPerPacket = samplesPerPacket
    }
}

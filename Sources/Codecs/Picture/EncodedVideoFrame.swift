/// One compressed video frame.
public struct EncodedVideoFrame: Equatable, Sendable {
    /// The frame as the codec made it, without container or RTP payload header.
    public var data: [UInt8]
    /// True if the frame stands alone.
    public var isKeyframe: Bool
    /// Capture time in ticks of 90 kHz.
    public var timestamp: Int64

    public init(data: [UInt8], isKeyframe: Bool, timestamp: Int64) {
        self.data = data
        self.isKeyframe = isKeyframe
        self.timestamp = timestamp
    }
}

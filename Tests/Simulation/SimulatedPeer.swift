import Endpoints
import MediaCore
import MediaWire

/// A customer or a technician: the real endpoint, what it sends, and what it was handed.
public final class SimulatedPeer {
    public let side: SessionSide
    public let call: Int
    let index: Int
    public internal(set) var endpoint: CallEndpoint
    let media: ReplayedMedia
    /// The next video frame of the clip, and the next audio packet.
    private var videoPosition = 0
    private var audioPosition = 0
    /// The wake-up that is planned already.
    var plannedWake: Instant?
    public internal(set) var isSending = true

    /// Which frame of the clip each capture time stands for.
    public private(set) var sentVideo: [UInt64: Int] = [:]
    /// Packets that frames were cut into, by capture time, are in the network's record.
    public internal(set) var video: [SeenFrame] = []
    public internal(set) var audio: [SeenAudio] = []
    public internal(set) var goodbyes = 0
    public internal(set) var keyframeRequests = 0
    /// Looks at every frame, for instance to decode it; without it only figures are kept.
    public var onVideoFrame: ((ReceivedVideoFrame) -> Void)?

    /// What is kept of a frame that the endpoint handed over.
    public struct SeenFrame {
        public var captureTime: UInt64
        public var isKeyframe: Bool
        public var readyAt: Instant
        public var playoutAt: Instant
        public var missingBefore: Int
        /// The bytes were those that the sender's camera gave.
        public var isIntact: Bool
    }

    /// What is kept of a packet's worth of sound.
    public struct SeenAudio {
        public var captureTime: UInt64?
        public var timestamp: RTPTimestamp
        public var samples: Int
        public var playoutAt: Instant
        public var isConcealed: Bool
    }

    init(side: SessionSide, call: Int, index: Int, endpoint: consuming CallEndpoint, media: ReplayedMedia) {
        self.side = side
        self.call = call
        self.index = index
        self.endpoint = endpoint
        self.media = media
    }

    public var statistics: CallStatistics { endpoint.statistics }

    func sendVideo(at now: Instant) {
        let frame = media.video[videoPosition]
        let captureTime = endpoint.wallClock(at: now)
        sentVideo[captureTime.rawValue] = videoPosition
        endpoint.sendVideo(frame.data, isKeyframe: frame.isKeyframe, captureTime: captureTime, at: now)
        videoPosition = (videoPosition + 1) % media.video.count
    }

    func sendAudio(at now: Instant) {
        endpoint.sendAudio(
            media.audio[audioPosition], samples: media.samplesPerPacket, captureTime: endpoint.wallClock(at: now),
            at: now)
        audioPosition = (audioPosition + 1) % media.audio.count
    }

    /// - Parameter sender: the other side's peer, whose frames these are.
    func note(_ event: CallEvent, from sender: SimulatedPeer?) {
        switch event {
        case .keyframeRequested:
            keyframeRequests += 1
            // The clip has one keyframe: starting it anew is how this camera answers.
            videoPosition = 0
        case .videoFrame(let frame):
            let captureTime = frame.captureTime?.rawValue ?? 0
            let source = sender?.sentVideo[captureTime].map { media.video[$0].data }
            video.append(
                SeenFrame(
                    captureTime: captureTime, isKeyframe: frame.isKeyframe, readyAt: frame.readyTime,
                    playoutAt: frame.playoutTime, missingBefore: frame.framesMissingBefore,
                    isIntact: source == frame.data))
            onVideoFrame?(frame)
        case .audioPacket(let packet):
            audio.append(
                SeenAudio(
                    captureTime: packet.captureTime?.rawValue, timestamp: packet.rtpTimestamp,
                    samples: packet.samples, playoutAt: packet.playoutTime, isConcealed: packet.data == nil))
        case .goodbye: goodbyes += 1
        case .senderReport: break
        }
    }
}

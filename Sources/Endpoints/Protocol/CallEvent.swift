public import MediaCore
public import MediaWire

/// What a call endpoint tells its owner. Tracks are numbered from 0 among those of their kind and direction.
public enum CallEvent: Sendable {
    /// The other side needs a keyframe of a published video track (PLI or FIR).
    case keyframeRequested(track: Int)
    /// A whole frame, in order. Decode it at once and show it at its playout time.
    case videoFrame(ReceivedVideoFrame)
    /// One packet's worth of sound, due now.
    case audioPacket(ReceivedAudioPacket)
    /// A sender report of a played track has come: capture times can be told even without the header extension.
    case senderReport(MediaKind, track: Int)
    /// The sender of a played track, or the receiver of a published one, said that it leaves.
    case goodbye(MediaKind, track: Int, MediaDirection)
}

/// A frame whose packets have all come.
public struct ReceivedVideoFrame: Sendable {
    public var track: Int
    /// The encoded frame.
    public var data: [UInt8]
    public var isKeyframe: Bool
    /// In the publisher's clock, from the header extension or else from sender reports; nil while neither has come.
    public var captureTime: NTPTimestamp?
    public var rtpTimestamp: RTPTimestamp
    public var packetCount: Int
    /// When the frame was complete and its turn.
    public var readyTime: Instant
    /// When to show it, in sync with the sound; never before `readyTime`.
    public var playoutTime: Instant
    /// Frames given up since the previous one: pictures are damaged from here to the next keyframe if not 0.
    public var framesMissingBefore: Int
}

/// A packet of sound, or the place of a lost one.
public struct ReceivedAudioPacket: Sendable {
    public var track: Int
    /// The encoded packet; nil if it was lost: conceal it, or recover it from `next` where that carries FEC.
    public var data: [UInt8]?
    /// Its duration in samples per channel at 48 kHz.
    public var samples: Int
    public var captureTime: NTPTimestamp?
    public var rtpTimestamp: RTPTimestamp
    /// When its first sample is due. Events come at their playout time, or as soon after as the packet did.
    public var playoutTime: Instant
    /// The packet that follows at once, if it is there already.
    public var next: [UInt8]?
}

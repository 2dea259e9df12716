import MediaCore
import MediaWire

/// Encoded media cut into RTP payloads ahead of time, back to back in one piece of memory that all streams share.
///
/// Nothing in it changes during a run: a stream is a place in the clip, and what differs between streams (picture ids, header,
/// protection) is written into the packet's own memory.
struct LoadClip: Sendable {
    /// One frame of video or one packet of sound.
    struct Frame: Sendable {
        /// Its packets, by their place in the clip.
        var packets: Range<Int32>
        /// Until the next frame is due, in ns.
        var durationNanoseconds: Int64
    }

    let kind: MediaKind
    let frames: [Frame]
    /// Bytes of all encoded frames together, without payload descriptors.
    let mediaBytes: Int
    /// All payloads back to back.
    let bytes: [UInt8]
    /// Where each payload begins; one more than there are payloads.
    let starts: [Int32]

    /// - Parameters:
    ///   - frames: the encoded frames, in the order of sending, and how long each one lasts.
    ///   - maximumPayloadSize: of video, descriptor included; sound goes as it is.
    /// - Returns: nil if there is no frame, an empty one, one without duration, or more than 2 GiB.
    init?(
        _ kind: MediaKind, frames: [(data: [UInt8], durationNanoseconds: Int64)], maximumPayloadSize: Int = 1100
    ) {
        var packetizer = VP8Packetizer(maximumPayloadSize: maximumPayloadSize, initialPictureID: 0)
        var bytes: [UInt8] = []
        var starts: [Int32] = [0]
        var cut: [Frame] = []
        for frame in frames {
            guard !frame.data.isEmpty, frame.durationNanoseconds > 0 else { return nil }
            let first = Int32(starts.count - 1)
            for payload in kind == .video ? packetizer.packetize(frame.data) : [frame.data] {
                bytes += payload
                guard let end = Int32(exactly: bytes.count) else { return nil }
                starts.append(end)
            }
            cut.append(
                Frame(packets: first..<Int32(starts.count - 1), durationNanoseconds: frame.durationNanoseconds))
        }
        guard !cut.isEmpty else { return nil }
        self.kind = kind
        self.frames = cut
        self.bytes = bytes
        self.starts = starts
        mediaBytes = frames.reduce(0) { $0 + $1.data.count }
    }

    var packetCount: Int { starts.count - 1 }

    /// From the first frame to its next turn, in ns.
    var durationNanoseconds: Int64 { frames.reduce(0) { $0 + $1.durationNanoseconds } }

    /// Bits of encoded media per second.
    var bitrate: Double { Double(mediaBytes) * 8e9 / Double(durationNanoseconds) }

    /// RTP packets per second.
    var packetRate: Double { Double(packetCount) * 1e9 / Double(durationNanoseconds) }

    /// Bytes of the longest payload.
    var longestPayload: Int { zip(starts, starts.dropFirst()).map { Int($1 - $0) }.max() ?? 0 }
}

internal import MediaCore
internal import MediaWire

/// The numbers of one RTP stream that this side sends: sequence, timestamps, and what sender reports say (RFC 3550
/// section 5.1, 6.4.1).
struct OutgoingStream {
    let ssrc: SSRC
    let payloadType: UInt8
    let clock: MediaClock
    /// Id of the abs-capture-time header extension; nil if it was not agreed upon.
    let captureTimeID: UInt8?

    private(set) var packetCount: UInt64 = 0
    private(set) var octetCount: UInt64 = 0
    private var sequence: SequenceNumber
    private let start: RTPTimestamp
    private var firstCapture: NTPTimestamp?
    private var last: (timestamp: RTPTimestamp, capture: NTPTimestamp)?
    private var nextAudio: RTPTimestamp?

    /// Audio keeps counting samples while its capture times stay within this of them; beyond, silence was left out.
    private static let audioSlackNanoseconds: Int64 = 100_000_000

    init(ssrc: SSRC, payloadType: UInt8, clockRate: UInt32, captureTimeID: UInt8?, start: StreamStart) {
        self.ssrc = ssrc
        self.payloadType = payloadType
        self.captureTimeID = captureTimeID
        clock = MediaClock(rate: clockRate)
        sequence = start.sequence
        self.start = start.timestamp
    }

    /// The timestamp of a video frame: its capture time on the media clock.
    mutating func videoTimestamp(captureTime: NTPTimestamp) -> RTPTimestamp {
        let timestamp = sampled(captureTime)
        last = (timestamp, captureTime)
        return timestamp
    }

    /// The timestamp of an audio packet: the samples so far, or its capture time after a pause (RFC 7587 section 4.1).
    mutating func audioTimestamp(samples: Int, captureTime: NTPTimestamp) -> RTPTimestamp {
        let sampled = sampled(captureTime)
        var timestamp = nextAudio ?? sampled
        let slack = abs(clock.nanoseconds(sampled.distance(from: timestamp)))
        if slack > Self.audioSlackNanoseconds { timestamp = sampled }
        nextAudio = timestamp.advanced(by: samples)
        last = (timestamp, captureTime)
        return timestamp
    }

    private mutating func sampled(_ captureTime: NTPTimestamp) -> RTPTimestamp {
        let first = firstCapture ?? captureTime
        firstCapture = first
        return start.advanced(by: clock.ticks(captureTime.nanoseconds(since: first)))
    }

    /// The next packet of the stream. The capture time goes into every packet, so that no loss takes it away.
    mutating func packet(
        payload: [UInt8], marker: Bool, timestamp: RTPTimestamp, captureTime: NTPTimestamp
    ) -> RTPPacket {
        var extensions: [RTPPacket.HeaderExtension] = []
        if let captureTimeID {
            let data = AbsoluteCaptureTime(captureTime: captureTime).serialized()
            extensions.append(RTPPacket.HeaderExtension(id: captureTimeID, data: data))
        }
        let packet = RTPPacket(
            marker: marker, payloadType: payloadType, sequenceNumber: sequence, timestamp: timestamp, ssrc: ssrc,
            extensions: extensions, payload: payload)
        sequence = sequence.advanced(by: 1)
        packetCount &+= 1
        octetCount &+= UInt64(payload.count)
        return packet
    }

    /// What the next sender report says; nil before the first packet.
    ///
    /// The RTP timestamp stands for the same moment as `now` on the capture clock, though nothing was captured just
    /// then.
    func senderInfo(at now: NTPTimestamp) -> SenderInfo? {
        guard let last else { return nil }
        return SenderInfo(
            ntpTimestamp: now,
            rtpTimestamp: last.timestamp.advanced(by: clock.ticks(now.nanoseconds(since: last.capture))),
            packetCount: UInt32(truncatingIfNeeded: packetCount), octetCount: UInt32(truncatingIfNeeded: octetCount))
    }
}

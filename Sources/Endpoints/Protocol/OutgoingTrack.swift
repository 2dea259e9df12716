internal import MediaCore
internal import MediaWire

/// One published track: its stream, its retransmission cache, its reports, and what the other side asks of it.
final class OutgoingTrack {
    let link: MediaLink
    private var stream: OutgoingStream
    private var cache: RetransmissionCache
    private var packetizer: VP8Packetizer
    private var timer: ReportTimer
    private var roundTrip = RoundTripEstimator()
    private var lastCommandNumber: UInt8?
    private var figures: PublishedTrackStatistics

    init(_ link: MediaLink, configuration: CallEndpointConfiguration, start: StreamStart, seed: UInt64) {
        self.link = link
        stream = OutgoingStream(
            ssrc: link.ssrc, payloadType: link.payloadType, clockRate: link.clockRate,
            captureTimeID: link.captureTimeID, start: start)
        cache = RetransmissionCache(configuration.retransmission)
        packetizer = VP8Packetizer(
            maximumPayloadSize: configuration.maximumPayloadSize,
            initialPictureID: UInt16(truncatingIfNeeded: seed >> 8))
        timer = ReportTimer(intervalMilliseconds: configuration.reportIntervalMilliseconds, seed: seed)
        figures = PublishedTrackStatistics(kind: link.kind, ssrc: link.ssrc)
    }

    var statistics: PublishedTrackStatistics {
        var result = figures
        result.packetsSent = stream.packetCount
        result.octetsSent = stream.octetCount
        result.roundTripNanoseconds = roundTrip.smoothed
        return result
    }

    var roundTripNanoseconds: Int64? { roundTrip.smoothed }
    var nextTimeout: Instant? { timer.next }

    // MARK: - Media

    func sendVideo(
        _ frame: [UInt8], isKeyframe: Bool, captureTime: NTPTimestamp, at now: Instant,
        into queue: inout BoundedQueue<Transmit>
    ) {
        guard link.isReady else { return }
        let payloads = packetizer.packetize(frame)
        guard !payloads.isEmpty else { return }
        let timestamp = stream.videoTimestamp(captureTime: captureTime)
        for (index, payload) in payloads.enumerated() {
            let isLast = index == payloads.count - 1
            send(payload, marker: isLast, timestamp: timestamp, captureTime: captureTime, at: now, into: &queue)
        }
        figures.framesSent &+= 1
        if isKeyframe { figures.keyframesSent &+= 1 }
    }

    func sendAudio(
        _ packet: [UInt8], samples: Int, captureTime: NTPTimestamp, at now: Instant,
        into queue: inout BoundedQueue<Transmit>
    ) {
        guard link.isReady else { return }
        let before = stream.packetCount
        let timestamp = stream.audioTimestamp(samples: samples, captureTime: captureTime)
        // The marker says that a talkspurt begins (RFC 3551 section 4.1).
        send(packet, marker: before == 0, timestamp: timestamp, captureTime: captureTime, at: now, into: &queue)
        figures.framesSent &+= 1
    }

    private func send(
        _ payload: [UInt8], marker: Bool, timestamp: RTPTimestamp, captureTime: NTPTimestamp, at now: Instant,
        into queue: inout BoundedQueue<Transmit>
    ) {
        timer.start(at: now)
        let packet = stream.packet(payload: payload, marker: marker, timestamp: timestamp, captureTime: captureTime)
        guard let transmit = link.protect(packet) else { return }
        if link.usesNACK { cache.store(transmit.bytes, sequence: packet.sequenceNumber, at: now) }
        queue.append(transmit)
    }

    // MARK: - Reports

    func handleTimeout(at now: Instant, wallClock: NTPTimestamp, into queue: inout BoundedQueue<Transmit>) {
        guard timer.isDue(at: now), let report = report(wallClock) else { return }
        if let transmit = link.protectRTCP(report.bytes) { queue.append(transmit) }
    }

    func close(wallClock: NTPTimestamp, into queue: inout BoundedQueue<Transmit>) {
        timer.stop()
        guard var report = report(wallClock) else { return }
        report.append(Goodbye(sources: [link.ssrc]))
        if let transmit = link.protectRTCP(report.bytes) { queue.append(transmit) }
    }

    private func report(_ wallClock: NTPTimestamp) -> RTCPCompound? {
        guard let info = stream.senderInfo(at: wallClock) else { return nil }
        var compound = RTCPCompound()
        compound.append(SenderReport(ssrc: link.ssrc, info: info))
        compound.append(SourceDescription(ssrc: link.ssrc, cname: link.cname))
        return compound
    }

    // MARK: - Feedback

    func receive(_ block: ReportBlock, wallClock: NTPTimestamp) {
        guard block.ssrc == link.ssrc else { return }
        figures.lastReport = block
        figures.reportsReceived &+= 1
        roundTrip.record(block, at: wallClock)
    }

    func receive(_ nack: GenericNACK, at now: Instant, into queue: inout BoundedQueue<Transmit>) {
        guard nack.mediaSSRC == link.ssrc else { return }
        for sequence in nack.lost {
            figures.packetsRequested &+= 1
            guard let bytes = cache.take(sequence, at: now) else { continue }
            figures.packetsRetransmitted &+= 1
            if let transmit = link.resend(bytes) { queue.append(transmit) }
        }
    }

    /// True if the request is about this track.
    func receive(_ request: PictureLossIndication) -> Bool {
        guard request.mediaSSRC == link.ssrc else { return false }
        figures.keyframeRequestsReceived &+= 1
        return true
    }

    /// True if the command is about this track and not a repeat (RFC 5104 section 4.3.1.2).
    func receive(_ request: FullIntraRequest) -> Bool {
        guard let entry = request.entries.first(where: { $0.ssrc == link.ssrc }),
            entry.commandNumber != lastCommandNumber
        else { return false }
        lastCommandNumber = entry.commandNumber
        figures.keyframeRequestsReceived &+= 1
        return true
    }
}

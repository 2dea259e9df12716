internal import MediaCore
internal import MediaWire

/// One played track: what was received of it, what is missing, its jitter buffer, and the feedback to its sender.
final class IncomingTrack {
    let link: MediaLink
    /// How long a new stream may take to bring its first keyframe before it is asked for one.
    private static let patienceMilliseconds: Int64 = 250
    /// Time between two keyframe requests, in nanoseconds.
    private let requestInterval: Int64
    private var unwrapper = SequenceUnwrapper()
    private var reception: ReceptionStatistics?
    private var nacks = NackGenerator()
    private var clock: MediaClock
    private var video: VideoJitterBuffer
    private var audio: AudioJitterBuffer
    private var timer: ReportTimer
    private var nextKeyframeRequest: Instant?
    private var commandNumber: UInt8 = 0
    private var lost: [SequenceNumber] = []
    private var lastPlayout = Instant(nanoseconds: 0)
    private var figures: PlayedTrackStatistics

    init(_ link: MediaLink, configuration: CallEndpointConfiguration, seed: UInt64) {
        self.link = link
        clock = MediaClock(rate: link.clockRate)
        video = VideoJitterBuffer(waitMilliseconds: configuration.jitterBuffer.videoWaitMilliseconds)
        audio = AudioJitterBuffer(configuration.jitterBuffer)
        timer = ReportTimer(intervalMilliseconds: configuration.reportIntervalMilliseconds, seed: seed)
        requestInterval = max(1, configuration.jitterBuffer.keyframeRequestMilliseconds) &* 1_000_000
        figures = PlayedTrackStatistics(kind: link.kind)
    }

    /// The stream that this track plays: announced, or the first that passed authentication.
    var ssrc: SSRC? { reception?.ssrc ?? link.remoteSSRC }

    var statistics: PlayedTrackStatistics {
        var result = figures
        result.ssrc = ssrc
        if let reception {
            result.packetsReceived = reception.packetsReceived
            result.octetsReceived = reception.bytesReceived
            result.packetsLost = reception.packetsLost
            result.jitterNanoseconds = reception.jitterNanoseconds
        }
        result.packetsRecovered = nacks.recovered
        result.packetsRequested = nacks.requested
        result.roundTripNanoseconds = nacks.measuredRoundTrip
        result.packetsLate = video.packetsLate &+ audio.packetsLate
        result.packetsConcealed = audio.packetsConcealed
        result.framesDropped = video.framesDropped
        result.playoutDelayNanoseconds = link.kind == .audio ? audio.targetDelay : 0
        return result
    }

    var nextTimeout: Instant? {
        var earliest = Instant.earlier(timer.next, nextKeyframeRequest)
        earliest = Instant.earlier(earliest, nacks.nextTimeout)
        earliest = Instant.earlier(earliest, video.nextTimeout)
        return Instant.earlier(earliest, audio.nextTimeout)
    }

    // MARK: - Media

    /// Takes a decrypted packet. False if it does not belong to the track.
    func receive(_ bytes: [UInt8], at now: Instant) -> Bool {
        guard let header = RTPHeader(bytes.rawSpan), header.payloadType == link.payloadType,
            let range = header.payloadRange(in: bytes.rawSpan), ssrc == nil || ssrc == header.ssrc
        else { return false }
        if reception == nil { reception = ReceptionStatistics(ssrc: header.ssrc) }
        reception?.record(
            sequence: header.sequenceNumber, timestamp: header.timestamp, arrival: now, clockRate: link.clockRate,
            bytes: bytes.count)
        if link.usesNACK { nacks.received(header.sequenceNumber, at: now) }
        timer.start(at: now)

        let number = unwrapper.unwrap(header.sequenceNumber)
        let payload = [UInt8](bytes[range])
        let captureTime = captureTime(of: header, in: bytes) ?? clock.time(of: header.timestamp)
        switch link.kind {
        case .video:
            video.insert(
                VideoJitterBuffer.Packet(
                    number: number, timestamp: header.timestamp, marker: header.marker, payload: payload,
                    captureTime: captureTime, arrival: now))
        case .audio:
            guard let samples = OpusPacket.duration(payload.rawSpan) else { return false }
            audio.insert(
                AudioJitterBuffer.Packet(
                    number: number, timestamp: header.timestamp, samples: samples, payload: payload,
                    captureTime: captureTime, arrival: now))
        }
        return true
    }

    private func captureTime(of header: RTPHeader, in bytes: [UInt8]) -> NTPTimestamp? {
        guard let id = link.captureTimeID, let range = header.extensionElement(id, in: bytes.rawSpan) else {
            return nil
        }
        return AbsoluteCaptureTime(bytes.rawSpan.extracting(range))?.captureTime
    }

    /// Moves everything that is ready into `events`.
    func deliver(at now: Instant, sync: inout PlayoutSync, into events: inout BoundedQueue<CallEvent>) {
        while let frame = video.pop(at: now) {
            figures.framesReceived &+= 1
            if frame.isKeyframe { figures.keyframes &+= 1 }
            events.append(
                .videoFrame(
                    ReceivedVideoFrame(
                        track: link.track, data: frame.data, isKeyframe: frame.isKeyframe,
                        captureTime: frame.captureTime, rtpTimestamp: frame.timestamp,
                        packetCount: frame.packetCount, readyTime: now,
                        playoutTime: sync.playout(captureTime: frame.captureTime, ready: now),
                        framesMissingBefore: frame.missingBefore)))
        }
        while let item = audio.pop(at: now, hold: sync.hold) {
            if item.data != nil { figures.framesReceived &+= 1 }
            // Never before the item in front, though the delay may have shrunk since.
            let due = max(item.due.advanced(byNanoseconds: sync.hold), item.arrival ?? item.due, lastPlayout)
            lastPlayout = due
            events.append(
                .audioPacket(
                    ReceivedAudioPacket(
                        track: link.track, data: item.data, samples: item.samples,
                        captureTime: item.captureTime ?? clock.time(of: item.timestamp),
                        rtpTimestamp: item.timestamp, playoutTime: due, next: item.next)))
            if let captureTime = item.captureTime { sync.recordAudio(captureTime: captureTime, due: item.due) }
        }
        if video.needsKeyframe {
            if nextKeyframeRequest == nil {
                // A stream that begins is about to bring a keyframe: whoever let it begin has asked for one.
                let isBeginning = figures.keyframes == 0
                nextKeyframeRequest = isBeginning ? now.advanced(byMilliseconds: Self.patienceMilliseconds) : now
            }
        } else {
            nextKeyframeRequest = nil
        }
    }

    // MARK: - Reports and feedback

    func receive(_ report: SenderReport, at now: Instant) -> Bool {
        guard report.ssrc == ssrc else { return false }
        reception?.recordSenderReport(report.info.ntpTimestamp, arrival: now)
        clock.record(ntp: report.info.ntpTimestamp, rtp: report.info.rtpTimestamp)
        figures.senderPacketCount = report.info.packetCount
        figures.senderOctetCount = report.info.octetCount
        return true
    }

    /// - Parameter roundTrip: to the other side, if a published track knows it.
    func handleTimeout(at now: Instant, roundTrip: Int64?, into queue: inout BoundedQueue<Transmit>) {
        lost.removeAll(keepingCapacity: true)
        nacks.due(at: now, roundTrip: roundTrip, into: &lost)
        if !lost.isEmpty, let ssrc {
            sendFeedback(GenericNACK(senderSSRC: link.ssrc, mediaSSRC: ssrc, lost: lost), into: &queue)
        }
        if let time = nextKeyframeRequest, time <= now {
            nextKeyframeRequest = now.advanced(byNanoseconds: requestInterval)
            requestKeyframe(into: &queue)
        }
        if timer.isDue(at: now) { sendReport(at: now, into: &queue) }
    }

    private func requestKeyframe(into queue: inout BoundedQueue<Transmit>) {
        guard let ssrc else { return }
        if link.usesPLI {
            sendFeedback(PictureLossIndication(senderSSRC: link.ssrc, mediaSSRC: ssrc), into: &queue)
        } else if link.usesFIR {
            commandNumber &+= 1
            let entry = FullIntraRequest.Entry(ssrc: ssrc, commandNumber: commandNumber)
            sendFeedback(FullIntraRequest(senderSSRC: link.ssrc, entries: [entry]), into: &queue)
        } else {
            return
        }
        figures.keyframeRequestsSent &+= 1
    }

    private func sendReport(at now: Instant, into queue: inout BoundedQueue<Transmit>) {
        var blocks: [ReportBlock] = []
        if reception?.isReportDue == true, let block = reception?.reportBlock(at: now) {
            figures.lastFractionLost = block.fractionLost
            blocks.append(block)
        }
        figures.reportsSent &+= 1
        var compound = RTCPCompound()
        compound.append(ReceiverReport(ssrc: link.ssrc, reportBlocks: blocks))
        compound.append(SourceDescription(ssrc: link.ssrc, cname: link.cname))
        if let transmit = link.protectRTCP(compound.bytes) { queue.append(transmit) }
    }

    /// Feedback goes in the smallest compound packet, behind an empty report, so that it does not shorten the next
    /// report's interval (RFC 4585 section 3.1).
    private func sendFeedback(_ packet: some RTCPWritable, into queue: inout BoundedQueue<Transmit>) {
        var compound = RTCPCompound()
        compound.append(ReceiverReport(ssrc: link.ssrc))
        compound.append(SourceDescription(ssrc: link.ssrc, cname: link.cname))
        compound.append(packet)
        if let transmit = link.protectRTCP(compound.bytes) { queue.append(transmit) }
    }

    func close(into queue: inout BoundedQueue<Transmit>) {
        timer.stop()
        nextKeyframeRequest = nil
        var compound = RTCPCompound()
        compound.append(ReceiverReport(ssrc: link.ssrc))
        compound.append(SourceDescription(ssrc: link.ssrc, cname: link.cname))
        compound.append(Goodbye(sources: [link.ssrc]))
        if let transmit = link.protectRTCP(compound.bytes) { queue.append(transmit) }
    }
}

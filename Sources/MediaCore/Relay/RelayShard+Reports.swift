internal import MediaWire

/// RTCP that goes out: reports on time, NACKs and keyframe requests when they are due.
extension RelayShard {
    /// Reports of a stream that has been silent for this many intervals stop until it speaks again.
    private static let silentIntervals: Int64 = 5
    /// Spacing of the points in time at which reports are due, in ns.
    private static let reportGrid: UInt64 = 10_000_000

    // MARK: Timers

    mutating func startTrackReports(_ track: Int, at now: Instant) {
        tracks[track].hasReportTimer = true
        if tracks[track].side == .customer { watchPresence(at: now) }
        leaveTrail(ofTrack: track)
        tracks[track].reportPace.begin(bytes: tracks[track].incoming?.reception.bytesReceived ?? 0, at: now)
        // RFC 3550 section 6.2: the first after half of the interval.
        let first = reportTime(after: reportIntervals.upperBound / 2, at: now)
        timers.schedule(.trackReport, track, tracks.generation(of: track), at: first)
    }

    mutating func startSlotReports(_ slot: Int, at now: Instant) {
        slots[slot].hasReportTimer = true
        slots[slot].lastReportedPackets = 0
        slots[slot].reportPace.begin(bytes: slots[slot].output.payloadBytesSent, at: now)
        timers.schedule(.slotReport, slot, slots.generation(of: slot), at: now.advanced(byMilliseconds: 20))
    }

    /// When the next report is due: after an interval in ms, spread by half to either side so that reports do not fall into step
    /// (RFC 3550 section 6.3.1), on the shard's grid, so that those of many streams leave with one call to the kernel.
    private mutating func reportTime(after middle: Int64, at now: Instant) -> Instant {
        let due = now.advanced(byMilliseconds: Int64.random(in: (middle / 2)...(middle * 3 / 2), using: &random))
        let beyond = due.nanoseconds % Self.reportGrid
        return beyond == 0 ? due : Instant(nanoseconds: due.nanoseconds &+ (Self.reportGrid &- beyond))
    }

    private var reportIntervals: ClosedRange<Int64> {
        let shortest = configuration.reportIntervalMilliseconds
        return shortest...max(shortest, configuration.longestReportIntervalMilliseconds)
    }

    mutating func hastenSlotReports(ofTrack track: Int, at now: Instant) {
        for position in 0..<tracks[track].subscriptions.count {
            let slot = Int(tracks[track].subscriptions[position])
            guard slots[slot].output.packetsSent > 0 else { continue }
            timers.schedule(.firstSlotReport, slot, slots.generation(of: slot), at: now)
        }
    }

    mutating func scheduleNACK(track: Int) {
        guard let due = tracks[track].incoming?.nacks.nextTimeout else { return }
        if let planned = tracks[track].nackTimer, planned <= due { return }
        tracks[track].nackTimer = due
        timers.schedule(.nack, track, tracks.generation(of: track), at: due)
    }

    mutating func requestKeyframe(track: Int, at now: Instant) {
        if let ring = tracks[track].ring {
            ring.requestKeyframe()
            return
        }
        guard tracks[track].kind == .video, tracks[track].supportsPLI || tracks[track].supportsFIR else { return }
        tracks[track].keyframes.want()
        scheduleKeyframeRequest(track: track, at: now)
    }

    /// Plans the next keyframe request, if one is wanted, its stream is known and the publisher's path is proven: before,
    /// there is nothing to name and nowhere to ask.
    mutating func scheduleKeyframeRequest(track: Int, at now: Instant) {
        guard let wanted = tracks[track].keyframes.nextTimeout, tracks[track].mediaSSRC != nil,
            tracks[track].feedbackPath != nil
        else { return }
        let due = max(now, wanted)
        if let planned = tracks[track].keyframeTimer, planned <= due { return }
        tracks[track].keyframeTimer = due
        timers.schedule(.keyframe, track, tracks.generation(of: track), at: due)
    }

    // MARK: What is due

    mutating func keyframeDue(_ timer: TimerQueue.Entry, into send: inout SendBatch, at now: Instant) {
        let track = timer.index
        guard tracks.contains(track), tracks.generation(of: track) == timer.generation,
            tracks[track].keyframeTimer.map({ $0 <= now }) ?? false
        else { return }
        tracks[track].keyframeTimer = nil
        if tracks[track].keyframes.handleTimeout(at: now) { sendKeyframeRequest(track, into: &send, at: now) }
        scheduleKeyframeRequest(track: track, at: now)
    }

    mutating func nackDue(_ timer: TimerQueue.Entry, into send: inout SendBatch, at now: Instant) {
        let track = timer.index
        guard tracks.contains(track), tracks.generation(of: track) == timer.generation,
            tracks[track].nackTimer.map({ $0 <= now }) ?? false
        else { return }
        tracks[track].nackTimer = nil
        lostNumbers.removeAll(keepingCapacity: true)
        tracks[track].incoming?.nacks.due(at: now, into: &lostNumbers)
        if !lostNumbers.isEmpty { sendNACK(track, into: &send, at: now) }
        scheduleNACK(track: track)
    }

    mutating func trackReportDue(_ timer: TimerQueue.Entry, into send: inout SendBatch, at now: Instant) {
        let track = timer.index
        guard tracks.contains(track), tracks.generation(of: track) == timer.generation else { return }
        let received = tracks[track].incoming?.reception.packetsReceived ?? 0
        if received == tracks[track].lastReportedPackets {
            tracks[track].silentReports += 1
        } else {
            tracks[track].silentReports = 0
        }
        tracks[track].lastReportedPackets = received
        leaveTrail(ofTrack: track)
        sendToPublisher(track, into: &send) { writer, track in
            let fractionLost = track.writeReport(withBlock: true, at: now, to: &writer)
            guard track.estimate != nil, let incoming = track.incoming else { return }
            track.estimate?.update(fractionLost: fractionLost, bytes: incoming.reception.bytesReceived, at: now)
            writer.writeMaximumBitrate(
                UInt64(clamping: track.estimate?.bitrate ?? 0), sender: track.feedbackSSRC, media: incoming.ssrc)
        }
        if tracks[track].silentReports >= Self.silentIntervals {
            tracks[track].hasReportTimer = false
        } else {
            let bytes = tracks[track].incoming?.reception.bytesReceived ?? 0
            let next = tracks[track].reportPace.next(bytes: bytes, at: now, within: reportIntervals)
            timers.schedule(.trackReport, track, timer.generation, at: reportTime(after: next, at: now))
        }
    }

    mutating func slotReportDue(_ timer: TimerQueue.Entry, into send: inout SendBatch, at now: Instant) {
        let slot = timer.index
        guard slots.contains(slot), slots.generation(of: slot) == timer.generation else { return }
        if slots[slot].output.packetsSent == slots[slot].lastReportedPackets {
            slots[slot].silentReports += 1
        } else {
            slots[slot].silentReports = 0
        }
        slots[slot].lastReportedPackets = slots[slot].output.packetsSent
        sendSenderReport(slot, into: &send, at: now)
        if slots[slot].silentReports >= Self.silentIntervals {
            slots[slot].hasReportTimer = false
        } else {
            let next = slots[slot].reportPace.next(
                bytes: slots[slot].output.payloadBytesSent, at: now, within: reportIntervals)
            timers.schedule(.slotReport, slot, timer.generation, at: reportTime(after: next, at: now))
        }
    }

    mutating func firstSlotReportDue(_ timer: TimerQueue.Entry, into send: inout SendBatch, at now: Instant) {
        guard slots.contains(timer.index), slots.generation(of: timer.index) == timer.generation else { return }
        sendSenderReport(timer.index, into: &send, at: now)
    }

    // MARK: Packets

    private mutating func sendSenderReport(_ slot: Int, into send: inout SendBatch, at now: Instant) {
        guard let source = slots[slot].output.source, tracks.generation(of: source.index) == source.generation,
            !slots[slot].output.rewriter.needsAnchor, let clock = tracks[source.index].senderReport,
            let buffer = unsafe send.nextSlot()
        else { return }
        let (ntp, rtp) = clock.extrapolated(to: now, clockRate: tracks[source.index].clockRate)
        var writer = unsafe PacketWriter(buffer)
        writer.writeSenderReport(
            ssrc: slots[slot].output.ssrc,
            SenderInfo(
                ntpTimestamp: ntp,
                rtpTimestamp: RTPTimestamp(rtp.rawValue &+ slots[slot].output.rewriter.timestampOffset),
                packetCount: UInt32(truncatingIfNeeded: slots[slot].output.packetsSent),
                octetCount: UInt32(truncatingIfNeeded: slots[slot].output.payloadBytesSent)))
        writer.writeCanonicalName(legs[slots[slot].leg].cname, ssrc: slots[slot].output.ssrc)
        let link = Int(slots[slot].link)
        guard !writer.overflowed, link >= 0,
            case .success(let length) = unsafe links[link].sender.protectRTCP(buffer, length: writer.count)
        else { return }
        slots[slot].reports.sent(compactNTP: ntp.compact, at: now)
        send.commit(length: length, to: slots[slot].rtcpPath)
    }

    private mutating func sendKeyframeRequest(_ track: Int, into send: inout SendBatch, at now: Instant) {
        guard let media = tracks[track].mediaSSRC else { return }
        if !tracks[track].supportsPLI { tracks[track].firSequence &+= 1 }
        sendToPublisher(track, into: &send) { writer, track in
            track.writeReport(withBlock: false, at: now, to: &writer)
            if track.supportsPLI {
                writer.writeHead(.payloadFeedback, count: RTCPFeedbackFormat.pictureLossIndication, words: 2)
                writer.write(track.feedbackSSRC.rawValue)
                writer.write(media.rawValue)
            } else {
                writer.writeHead(.payloadFeedback, count: RTCPFeedbackFormat.fullIntraRequest, words: 4)
                writer.write(track.feedbackSSRC.rawValue)
                writer.write(UInt32(0))
                writer.write(media.rawValue)
                writer.write(UInt32(track.firSequence) << 24)
            }
        }
    }

    private mutating func sendNACK(_ track: Int, into send: inout SendBatch, at now: Instant) {
        guard let media = tracks[track].ssrc else { return }
        let lost = lostNumbers
        sendToPublisher(track, into: &send) { writer, track in
            track.writeReport(withBlock: false, at: now, to: &writer)
            writer.writeGenericNACK(sender: track.feedbackSSRC, media: media, lost: lost)
        }
    }

    /// Writes a compound packet for a track's publisher, protects it and commits it, if there is a proven path.
    private mutating func sendToPublisher(
        _ track: Int, into send: inout SendBatch,
        _ write: (inout PacketWriter, inout PublishedTrack) -> Void
    ) {
        guard let path = tracks[track].feedbackPath, let buffer = unsafe send.nextSlot() else { return }
        var writer = unsafe PacketWriter(buffer)
        write(&writer, &tracks[track])
        let link = Int(tracks[track].link)
        guard !writer.overflowed, link >= 0,
            case .success(let length) = unsafe links[link].sender.protectRTCP(buffer, length: writer.count)
        else { return }
        send.commit(length: length, to: path)
    }

    /// Says BYE for every stream of a leg, with the next timeout.
    mutating func sayGoodbye(leg: Int) {
        guard pending.count < configuration.maximumEvents else { return }
        defer { closeHandshake(leg: leg) }
        for stream in legs[leg].streams {
            switch legs[leg].direction {
            case .play:
                let link = Int(slots[stream].link)
                guard slots[stream].output.packetsSent > 0, link >= 0 else { continue }
                var packet = Self.goodbye(slots[stream].output.ssrc, cname: legs[leg].cname)
                guard case .success = links[link].sender.protectRTCP(&packet) else { continue }
                pending.append((packet, slots[stream].rtcpPath))
            case .publish:
                let link = Int(tracks[stream].link)
                guard let path = tracks[stream].feedbackPath, link >= 0 else { continue }
                var packet = Self.goodbye(tracks[stream].feedbackSSRC, cname: legs[leg].cname)
                guard case .success = links[link].sender.protectRTCP(&packet) else { continue }
                pending.append((packet, path))
            }
        }
    }

    private static func goodbye(_ ssrc: SSRC, cname: [UInt8]) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 320)
        let length = unsafe bytes.withUnsafeMutableBytes { buffer in
            var writer = unsafe PacketWriter(buffer)
            writer.writeHead(.receiverReport, count: 0, words: 1)
            writer.write(ssrc.rawValue)
            writer.writeCanonicalName(cname, ssrc: ssrc)
            writer.writeHead(.goodbye, count: 1, words: 1)
            writer.write(ssrc.rawValue)
            return writer.count
        }
        return Array(bytes[..<length])
    }
}

extension PublishedTrack {
    /// The receiver report and CNAME that every compound packet to a publisher begins with (RFC 3550 section 6.1). Answers the share of
    /// packets that the report tells as lost, in 1/256.
    @discardableResult
    mutating func writeReport(withBlock: Bool, at now: Instant, to writer: inout PacketWriter) -> UInt8 {
        let block = withBlock ? incoming?.reception.reportBlock(at: now) : nil
        writer.writeHead(.receiverReport, count: block == nil ? 0 : 1, words: block == nil ? 1 : 7)
        writer.write(feedbackSSRC.rawValue)
        if let block { writer.write(block) }
        writer.writeCanonicalName(cname, ssrc: feedbackSSRC)
        return block?.fractionLost ?? 0
    }
}

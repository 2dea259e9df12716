import MediaCore
import MediaIO
import MediaWire

extension LoadEngine {
    /// Fills the batch with what is due, as long as it goes through the same socket.
    /// - Parameter unixNanoseconds: the wall clock at `now`; what is captured carries it.
    /// - Returns: the socket to send the batch through, or nil if nothing is due. Call again until then.
    mutating func fill(_ batch: inout SendBatch, at now: Instant, unixNanoseconds: UInt64) -> Int? {
        var chosen: Int?
        while batch.room >= Self.roomForReports, let entry = schedule.next, entry.due <= now {
            let turn = LoadTurn(id: entry.id)
            guard entry.generation == sessions[turn.session].generation else {
                schedule.removeFirst()
                continue
            }
            let socket = socket(of: turn)
            if let chosen, chosen != socket, batch.count > 0 { break }
            chosen = socket
            switch turn.purpose {
            case .media(let kind):
                guard
                    let duration = sendFrame(
                        kind, of: turn.session, due: entry.due, into: &batch, at: now, unixNanoseconds: unixNanoseconds)
                else { return chosen }
                reschedule(entry, after: duration)
            case .report(let side):
                sendReports(of: side, session: turn.session, into: &batch, at: now, unixNanoseconds: unixNanoseconds)
                if sessions[turn.session].isActive {
                    reschedule(entry, after: Self.reportInterval)
                } else {
                    schedule.removeFirst()
                }
            }
        }
        return batch.count > 0 ? chosen : nil
    }

    /// What one side sends at once at most: a report of each of its three flows.
    private static var roomForReports: Int { 3 }

    private func socket(of turn: LoadTurn) -> Int {
        switch turn.purpose {
        case .media(let kind): sessions[turn.session].socket(of: kind.publisher)
        case .report(let side): sessions[turn.session].socket(of: side)
        }
    }

    /// From the time that it was due, not from now: being late once does not shift the stream.
    private mutating func reschedule(_ entry: PacingSchedule.Entry, after nanoseconds: Int64) {
        var next = entry
        next.due = entry.due.advanced(byNanoseconds: nanoseconds)
        schedule.replaceFirst(with: next)
    }

    /// Writes the rest of a frame into the batch. Answers how long the frame lasts, or nil while packets of it are left.
    private mutating func sendFrame(
        _ kind: LoadFlowKind, of session: Int, due: Instant, into batch: inout SendBatch, at now: Instant,
        unixNanoseconds: UInt64
    ) -> Int64? {
        guard let index = sessions[session].flow(kind), let clip = clips.clip(of: kind) else {
            return Self.reportInterval
        }
        let frame = clip.frames[flows[index].outgoing.position]
        if !flows[index].outgoing.hasBegunFrame {
            flows[index].outgoing.beginFrame(due: due, unixNanoseconds: unixNanoseconds)
            figures.lateness.record(nanoseconds: UInt64(clamping: now.nanoseconds(since: due)))
        }
        let timestamp = flows[index].outgoing.timestamp(at: due)
        let isCounted = window.contains(flows[index].outgoing.captureUnixNanoseconds)
        while flows[index].outgoing.packetsOfFrameSent < Int32(frame.packets.count) {
            guard batch.room > 0 else { return nil }
            let packet = frame.packets.lowerBound &+ flows[index].outgoing.packetsOfFrameSent
            let isLast = packet &+ 1 == frame.packets.upperBound
            put(Int(packet), of: clip, flow: index, timestamp: timestamp, isLast: isLast, into: &batch)
            if isCounted { figures.packetsSent &+= 1 }
        }
        flows[index].outgoing.endFrame(of: clip.frames.count)
        return frame.durationNanoseconds
    }

    /// Bytes of the RTP header with a capture time in it.
    private static var headerLength: Int { 28 }

    private mutating func put(
        _ packet: Int, of clip: LoadClip, flow index: Int, timestamp: RTPTimestamp, isLast: Bool,
        into batch: inout SendBatch
    ) {
        let link = flows[index].publisher
        let outgoing = flows[index].outgoing
        let sequence = outgoing.nextSequence
        stamps[stampIndex(flow: index, sequence)] = outgoing.captureTime.rawValue
        let length = clip.payloadLength(packet)
        flows[index].outgoing.sentPacket(payloadBytes: length)
        guard let slot = unsafe batch.nextSlot() else { return }
        // The marker ends a frame of video, and begins sound (RFC 3551 section 4.1).
        let isMarked = clip.kind == .video ? isLast : outgoing.packetCount == 0
        var writer = unsafe PacketWriter(slot)
        writer.write(UInt8(0x90))
        writer.write((isMarked ? 0x80 : 0) | link.payloadType)
        writer.write(sequence.rawValue)
        writer.write(timestamp.rawValue)
        writer.write(link.ssrc.rawValue)
        // RFC 8285, one-byte form: an element of 8 bytes, padded to three words.
        writer.write(UInt16(0xBEDE))
        writer.write(UInt16(3))
        writer.write(link.captureTimeID << 4 | 7)
        writer.write(outgoing.captureTime.rawValue)
        writer.padToWord()
        let payload = unsafe UnsafeMutableRawBufferPointer(rebasing: slot[Self.headerLength...])
        let written = unsafe clip.write(packet, pictureID: outgoing.pictureID, into: payload)
        if case .success(let total) = unsafe link.protectRTP(slot, length: Self.headerLength &+ written) {
            batch.commit(length: total, to: link.path)
        }
    }

    func stampIndex(flow: Int, _ sequence: SequenceNumber) -> Int {
        flow &* Self.stampsPerFlow &+ Int(sequence.rawValue) & (Self.stampsPerFlow &- 1)
    }
}

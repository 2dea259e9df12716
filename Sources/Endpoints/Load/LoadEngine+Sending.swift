import MediaCore
import MediaIO
import MediaWire

extension LoadEngine {
    /// Packets that may wait to be sent again; a relay that asks for more has them asked for again later.
    static let maximumRequests = 1024

    /// Fills the batch with what is due, as long as it goes through the same socket.
    /// - Parameter unixNanoseconds: the wall clock at `now`; what is captured carries it.
    /// - Returns: the socket to send the batch through, or nil if nothing is due. Call again until then.
    mutating func fill(_ batch: inout SendBatch, at now: Instant, unixNanoseconds: UInt64) -> Int? {
        if let socket = fillWithTransmits(&batch, at: now) { return socket }
        if repeated < requests.count, let socket = fillWithRequested(&batch) { return socket }
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
            case .report(let end):
                sendReports(of: end, session: turn.session, into: &batch, at: now, unixNanoseconds: unixNanoseconds)
                if sessions[turn.session].isActive {
                    reschedule(entry, after: Self.reportInterval)
                } else {
                    schedule.removeFirst()
                }
            }
        }
        return batch.count > 0 ? chosen : nil
    }

    /// What one end sends at once at most: a report of each of its two flows.
    private static var roomForReports: Int { 2 }

    /// Turns are made only for flows that are there.
    private func socket(of turn: LoadTurn) -> Int {
        switch turn.purpose {
        case .media(let kind): return sessions[turn.session].flow(kind).map { flows[$0].publisher.socket } ?? 0
        case .report(let end):
            guard let flow = sessions[turn.session].firstFlow(at: end) else { return 0 }
            return end.isPublisher ? flows[flow].publisher.socket : flows[flow].player.socket
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
        guard let index = sessions[session].flow(kind) else { return Self.reportInterval }
        let frame = clips.frame(kind, flows[index].outgoing.position)
        if !flows[index].outgoing.hasBegunFrame {
            flows[index].outgoing.beginFrame(due: due, unixNanoseconds: unixNanoseconds)
            figures.lateness.record(nanoseconds: UInt64(clamping: now.nanoseconds(since: due)))
        }
        let timestamp = flows[index].outgoing.timestamp(at: due)
        let first = frame.packets.lowerBound &+ flows[index].outgoing.packetsOfFrameSent
        let end = min(frame.packets.upperBound, first &+ Int32(truncatingIfNeeded: batch.room))
        if window.contains(flows[index].outgoing.captureUnixNanoseconds) {
            figures.packetsSent &+= UInt64(truncatingIfNeeded: end &- first)
        }
        var payload = first
        while payload < end {
            guard let slot = unsafe batch.nextSlot() else { break }
            let isLast = payload &+ 1 == frame.packets.upperBound
            let length = unsafe flows[index].writeNext(
                payload, isLast: isLast, timestamp: timestamp, from: clips, into: slot)
            if length > 0 {
                batch.commit(length: length, to: flows[index].publisher.path, run: &flows[index].run)
            }
            payload &+= 1
        }
        guard end == frame.packets.upperBound else { return nil }
        flows[index].outgoing.endFrame(of: clips.frameCount(kind))
        return frame.durationNanoseconds
    }

    // MARK: - Again

    /// Remembers that a packet of a stream is wanted again, if it is still known.
    mutating func request(_ sequence: SequenceNumber, flow: Int) {
        figures.packetsRequested &+= 1
        guard requests.count < Self.maximumRequests, flows[flow].history.packet(sequence) != nil else { return }
        requests.append(
            LoadRequest(
                flow: Int32(truncatingIfNeeded: flow), socket: Int32(truncatingIfNeeded: flows[flow].publisher.socket),
                sequence: sequence))
    }

    /// Writes packets that were asked for, as long as they go through the same socket.
    private mutating func fillWithRequested(_ batch: inout SendBatch) -> Int? {
        let socket = requests[repeated].socket
        while repeated < requests.count, requests[repeated].socket == socket, let slot = unsafe batch.nextSlot() {
            let request = requests[repeated]
            let flow = Int(request.flow)
            repeated += 1
            guard let packet = flows[flow].history.packet(request.sequence) else { continue }
            let length = unsafe flows[flow].write(packet, from: clips, into: slot)
            guard length > 0 else { continue }
            batch.commit(length: length, to: flows[flow].publisher.path)
            figures.packetsRepeated &+= 1
        }
        if repeated == requests.count {
            requests.removeAll(keepingCapacity: true)
            repeated = 0
        }
        return batch.count > 0 ? Int(socket) : nil
    }
}

import MediaCore
import MediaIO
import MediaWire

extension LoadEngine {
    /// Takes what a socket has received.
    /// - Parameter unixNanoseconds: the wall clock at `now`, for datagrams without a stamp of the kernel's.
    mutating func receive(_ batch: inout ReceiveBatch, socket: Int, at now: Instant, unixNanoseconds: UInt64) {
        let known = isShared(socket) ? nil : place(ofSocket: socket)
        for index in 0..<batch.count {
            let bytes = unsafe batch.bytes(index)
            let datagram = batch[index]
            let kernelStamp = datagram.kernelStamp
            let place = known ?? LoadLeg.number(of: datagram.path.local)
            let stamp = kernelStamp == 0 ? unixNanoseconds : kernelStamp
            // Since the datagram came, the thread may have slept.
            let age = Int64(clamping: unixNanoseconds > stamp ? unixNanoseconds &- stamp : 0)
            let arrival = now.advanced(byNanoseconds: -age)
            switch DatagramKind(unsafe RawSpan(_unsafeBytes: UnsafeRawBufferPointer(bytes))) {
            case .rtp: unsafe receiveRTP(bytes, place: place, arrival: arrival, unixNanoseconds: stamp)
            case .rtcp: unsafe receiveRTCP(bytes, place: place, arrival: arrival)
            case .stun: unsafe receiveTransport(bytes, isSTUN: true, leg: place, at: now, arrival: arrival)
            case .dtls: unsafe receiveTransport(bytes, isSTUN: false, leg: place, at: now, arrival: arrival)
            case .unknown: figures.strangers &+= 1
            }
        }
    }

    // MARK: - Media

    private mutating func receiveRTP(
        _ bytes: UnsafeMutableRawBufferPointer, place: Int, arrival: Instant, unixNanoseconds: UInt64
    ) {
        guard let header = RTPHeader(unsafe RawSpan(_unsafeBytes: UnsafeRawBufferPointer(bytes))),
            let route = routes.find(LoadRouteKey(place: place, ssrc: header.ssrc)), !route.isPublisher
        else {
            figures.strangers &+= 1
            return
        }
        let length: Int
        switch unsafe flows[route.flow].player.receiver.unprotectRTP(bytes) {
        case .success(let plain): length = plain
        case .replay:
            figures.duplicates &+= 1
            return
        case .authenticationFailure, .malformed, .limit:
            figures.damaged &+= 1
            return
        }
        let plain = unsafe RawSpan(_unsafeBytes: UnsafeRawBufferPointer(rebasing: bytes[..<length]))
        flows[route.flow].incoming.reception.record(
            sequence: header.sequenceNumber, timestamp: header.timestamp, arrival: arrival,
            clockRate: flows[route.flow].kind == .video ? 90_000 : 48_000, bytes: length)
        guard let captureTime = captureTime(header, in: plain, flow: route.flow) else {
            figures.wrongCaptureTimes &+= 1
            return
        }
        if flows[route.flow].incoming.sequenceOffset == nil { noteFirstMedia(ofFlow: route.flow, arrival: arrival) }
        check(header, captureTime, startsFrame: startsFrame(header, in: plain, flow: route.flow), flow: route.flow)
        let captured = captureTime.unixNanoseconds
        guard window.contains(captured) else { return }
        figures.packetsReceived &+= 1
        figures.latency.record(nanoseconds: unixNanoseconds > captured ? unixNanoseconds &- captured : 0)
    }

    private func captureTime(_ header: RTPHeader, in packet: RawSpan, flow: Int) -> NTPTimestamp? {
        guard let range = header.extensionElement(flows[flow].player.captureTimeID, in: packet) else { return nil }
        return packet.uint64(at: range.lowerBound).map(NTPTimestamp.init(rawValue:))
    }

    /// Sound has a packet a frame; of video the first one says so (RFC 7741 section 4.2).
    private func startsFrame(_ header: RTPHeader, in packet: RawSpan, flow: Int) -> Bool {
        guard flows[flow].kind == .video else { return true }
        return packet.uint8(at: Int(header.headerLength)).map { $0 & 0x10 != 0 } ?? false
    }

    /// Compares a packet with the one that was sent: the relay numbers packets anew, but keeps their distances.
    private mutating func check(_ header: RTPHeader, _ captureTime: NTPTimestamp, startsFrame: Bool, flow: Int) {
        guard let offset = flows[flow].incoming.sequenceOffset else {
            guard startsFrame else { return }
            if let sent = firstPacket(capturedAt: captureTime, flow: flow) {
                flows[flow].incoming.sequenceOffset = header.sequenceNumber.rawValue &- sent.rawValue
            } else {
                figures.wrongCaptureTimes &+= 1
            }
            return
        }
        let sent = SequenceNumber(header.sequenceNumber.rawValue &- offset)
        guard flows[flow].outgoing.nextSequence.isNewer(than: sent), let packet = flows[flow].history.packet(sent)
        else {
            figures.misplaced &+= 1
            return
        }
        if packet.captureTime != captureTime { figures.wrongCaptureTimes &+= 1 }
    }

    /// Only for a stream's first packet.
    private func firstPacket(capturedAt captureTime: NTPTimestamp, flow: Int) -> SequenceNumber? {
        let next = flows[flow].outgoing.nextSequence
        for age in stride(from: min(Int(flows[flow].outgoing.packetCount), LoadHistory.capacity), to: 0, by: -1) {
            let sent = next.advanced(by: -age)
            if flows[flow].history.packet(sent)?.captureTime == captureTime { return sent }
        }
        return nil
    }

    // MARK: - Reports

    private mutating func receiveRTCP(_ bytes: UnsafeMutableRawBufferPointer, place: Int, arrival: Instant) {
        if certificate != nil { return unsafe receiveRTCP(bytes, ofLeg: place, arrival: arrival) }
        // The first sender's SSRC stays clear (RFC 3711 section 3.4).
        guard let sender = unsafe RawSpan(_unsafeBytes: UnsafeRawBufferPointer(bytes)).uint32(at: 4).map({ SSRC($0) })
        else {
            figures.damaged &+= 1
            return
        }
        guard let route = routes.find(LoadRouteKey(place: place, ssrc: sender)) else {
            unsafe bindReporter(bytes, sender, place: place, arrival: arrival)
            return
        }
        let outcome =
            route.isPublisher
            ? unsafe flows[route.flow].publisher.receiver.unprotectRTCP(bytes)
            : unsafe flows[route.flow].player.receiver.unprotectRTCP(bytes)
        unsafe read(bytes, outcome, route, place: place, arrival: arrival)
    }

    /// Reports of a leg: its streams share the keys, and one of them keeps account of what has come.
    private mutating func receiveRTCP(_ bytes: UnsafeMutableRawBufferPointer, ofLeg number: Int, arrival: Instant) {
        guard let leg = place(ofLeg: number) else {
            figures.strangers &+= 1
            return
        }
        // The relay may ask for a keyframe while other legs of the session are still on their way.
        guard let flow = legs[leg].firstFlow else { return }
        let outcome =
            legs[leg].direction == .publish
            ? unsafe flows[flow].publisher.receiver.unprotectRTCP(bytes)
            : unsafe flows[flow].player.receiver.unprotectRTCP(bytes)
        unsafe read(bytes, outcome, nil, place: number, arrival: arrival)
    }

    private mutating func read(
        _ bytes: UnsafeMutableRawBufferPointer, _ outcome: SRTPOutcome, _ route: LoadRoute?, place: Int,
        arrival: Instant
    ) {
        switch outcome {
        case .success(let length): unsafe read(bytes, length: length, route, place: place, arrival: arrival)
        case .replay: figures.duplicates &+= 1
        case .authenticationFailure, .malformed, .limit: figures.damaged &+= 1
        }
    }

    /// A report from an SSRC not seen before is about the stream whose key fits.
    private mutating func bindReporter(
        _ bytes: UnsafeMutableRawBufferPointer, _ sender: SSRC, place socket: Int, arrival: Instant
    ) {
        for (place, flow) in (unbound[socket] ?? []).enumerated() where unsafe bytes.count <= scratch.count {
            let trial = unsafe UnsafeMutableRawBufferPointer(rebasing: scratch[..<bytes.count])
            unsafe trial.copyMemory(from: UnsafeRawBufferPointer(bytes))
            guard case .success(let length) = unsafe flows[flow].publisher.receiver.unprotectRTCP(trial) else {
                continue
            }
            unbound[socket]?.remove(at: place)
            let route = LoadRoute(flow: flow, isPublisher: true)
            routes.insert(LoadRouteKey(place: socket, ssrc: sender), route)
            unsafe read(trial, length: length, route, place: socket, arrival: arrival)
            return
        }
        figures.strangers &+= 1
    }

    /// - Parameter known: the stream that all of it is about; nil where each packet names its own.
    private mutating func read(
        _ bytes: UnsafeMutableRawBufferPointer, length: Int, _ known: LoadRoute?, place: Int, arrival: Instant
    ) {
        let plain = unsafe RawSpan(_unsafeBytes: UnsafeRawBufferPointer(rebasing: bytes[..<length]))
        guard var reader = RTCPReader(plain) else {
            figures.damaged &+= 1
            return
        }
        while let packet = reader.next() {
            let route = known ?? subject(of: packet, in: plain, place: place)
            switch packet.type {
            case .senderReport:
                guard let route, !route.isPublisher, let info = packet.senderInfo(in: plain) else { continue }
                flows[route.flow].incoming.reception.recordSenderReport(info.ntpTimestamp, arrival: arrival)
                figures.senderReportsReceived &+= 1
            case .receiverReport where route?.isPublisher == true: figures.receiverReportsReceived &+= 1
            case .payloadFeedback where packet.isPictureLossIndication || packet.isFullIntraRequest:
                figures.keyframeRequests &+= 1
            case .transportFeedback where packet.isGenericNACK:
                guard let route, route.isPublisher else { continue }
                for index in 0..<packet.nackEntryCount {
                    guard let entry = packet.nackEntry(index, in: plain) else { continue }
                    for sequence in entry { request(sequence, flow: route.flow) }
                }
            case .goodbye: figures.goodbyes &+= 1
            default: break
            }
        }
    }

    /// The stream that a packet names: the sender of an SR, whom an RR or feedback is about.
    private func subject(of packet: RTCPHeaderView, in plain: RawSpan, place: Int) -> LoadRoute? {
        let named =
            switch packet.type {
            case .senderReport: packet.senderSSRC(in: plain)
            case .receiverReport: packet.reportBlock(0, in: plain)?.ssrc
            default: packet.mediaSSRC(in: plain)
            }
        return named.flatMap { routes.find(LoadRouteKey(place: place, ssrc: $0)) }
    }
}

import MediaCore
import MediaIO
import MediaWire

extension LoadEngine {
    /// Takes what a socket has received.
    /// - Parameter unixNanoseconds: the wall clock at `now`, for datagrams without a stamp of the kernel's.
    mutating func receive(_ batch: inout ReceiveBatch, socket: Int, at now: Instant, unixNanoseconds: UInt64) {
        for index in 0..<batch.count {
            let datagram = batch[index]
            let bytes = unsafe UnsafeMutableRawBufferPointer(
                start: batch.bytes(index).baseAddress, count: datagram.length)
            let stamp = datagram.kernelStamp == 0 ? unixNanoseconds : datagram.kernelStamp
            // Since the datagram came, the thread may have slept.
            let age = Int64(clamping: unixNanoseconds > stamp ? unixNanoseconds &- stamp : 0)
            let arrival = now.advanced(byNanoseconds: -age)
            switch DatagramKind(unsafe RawSpan(_unsafeBytes: UnsafeRawBufferPointer(bytes))) {
            case .rtp: unsafe receiveRTP(bytes, socket: socket, arrival: arrival, unixNanoseconds: stamp)
            case .rtcp: unsafe receiveRTCP(bytes, socket: socket, arrival: arrival)
            case .stun, .dtls, .unknown: figures.strangers &+= 1
            }
        }
    }

    // MARK: - Media

    private mutating func receiveRTP(
        _ bytes: UnsafeMutableRawBufferPointer, socket: Int, arrival: Instant, unixNanoseconds: UInt64
    ) {
        guard let header = RTPHeader(unsafe RawSpan(_unsafeBytes: UnsafeRawBufferPointer(bytes))),
            let route = routes[LoadRouteKey(socket: socket, ssrc: header.ssrc)], !route.isPublisher
        else {
            figures.strangers &+= 1
            return
        }
        let length: Int
        switch unsafe flows[route.flow].player.unprotectRTP(bytes) {
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
        let next = flows[flow].outgoing.nextSequence
        guard let offset = flows[flow].incoming.sequenceOffset else {
            guard startsFrame else { return }
            if let sent = firstPacket(capturedAt: captureTime, flow: flow, before: next) {
                flows[flow].incoming.sequenceOffset = header.sequenceNumber.rawValue &- sent.rawValue
            } else {
                figures.wrongCaptureTimes &+= 1
            }
            return
        }
        let sent = SequenceNumber(header.sequenceNumber.rawValue &- offset)
        let age = next.distance(from: sent)
        if age < 1 || age > Self.stampsPerFlow {
            figures.misplaced &+= 1
        } else if stamps[stampIndex(flow: flow, sent)] != captureTime.rawValue {
            figures.wrongCaptureTimes &+= 1
        }
    }

    /// Only for a stream's first packet.
    private func firstPacket(
        capturedAt captureTime: NTPTimestamp, flow: Int, before next: SequenceNumber
    ) -> SequenceNumber? {
        let sent = min(Int(flows[flow].outgoing.packetCount), Self.stampsPerFlow)
        return (0..<sent).lazy.map { next.advanced(by: $0 - sent) }
            .first { stamps[stampIndex(flow: flow, $0)] == captureTime.rawValue }
    }

    // MARK: - Reports

    private mutating func receiveRTCP(_ bytes: UnsafeMutableRawBufferPointer, socket: Int, arrival: Instant) {
        // The first sender's SSRC stays clear (RFC 3711 section 3.4).
        guard let sender = unsafe RawSpan(_unsafeBytes: UnsafeRawBufferPointer(bytes)).uint32(at: 4).map({ SSRC($0) })
        else {
            figures.damaged &+= 1
            return
        }
        guard let route = routes[LoadRouteKey(socket: socket, ssrc: sender)] else {
            unsafe bindReporter(bytes, sender, socket: socket, arrival: arrival)
            return
        }
        let link = route.isPublisher ? flows[route.flow].publisher : flows[route.flow].player
        switch unsafe link.unprotectRTCP(bytes) {
        case .success(let length): unsafe read(bytes, length: length, route, arrival: arrival)
        case .replay: figures.duplicates &+= 1
        case .authenticationFailure, .malformed, .limit: figures.damaged &+= 1
        }
    }

    /// A report from an SSRC not seen before is about the stream whose key fits.
    private mutating func bindReporter(
        _ bytes: UnsafeMutableRawBufferPointer, _ sender: SSRC, socket: Int, arrival: Instant
    ) {
        for (place, flow) in (unbound[socket] ?? []).enumerated() where unsafe bytes.count <= scratch.count {
            let trial = unsafe UnsafeMutableRawBufferPointer(rebasing: scratch[..<bytes.count])
            unsafe trial.copyMemory(from: UnsafeRawBufferPointer(bytes))
            guard case .success(let length) = unsafe flows[flow].publisher.unprotectRTCP(trial) else { continue }
            unbound[socket]?.remove(at: place)
            let route = LoadRoute(flow: flow, isPublisher: true)
            routes[LoadRouteKey(socket: socket, ssrc: sender)] = route
            unsafe read(trial, length: length, route, arrival: arrival)
            return
        }
        figures.strangers &+= 1
    }

    private mutating func read(
        _ bytes: UnsafeMutableRawBufferPointer, length: Int, _ route: LoadRoute, arrival: Instant
    ) {
        let plain = unsafe RawSpan(_unsafeBytes: UnsafeRawBufferPointer(rebasing: bytes[..<length]))
        guard var reader = RTCPReader(plain) else {
            figures.damaged &+= 1
            return
        }
        while let packet = reader.next() {
            switch packet.type {
            case .senderReport:
                guard !route.isPublisher, let info = packet.senderInfo(in: plain) else { continue }
                flows[route.flow].incoming.reception.recordSenderReport(info.ntpTimestamp, arrival: arrival)
                figures.senderReportsReceived &+= 1
            case .receiverReport where route.isPublisher: figures.receiverReportsReceived &+= 1
            case .payloadFeedback where packet.isPictureLossIndication || packet.isFullIntraRequest:
                figures.keyframeRequests &+= 1
            case .transportFeedback:
                for index in 0..<packet.nackEntryCount {
                    figures.packetsRequested &+= UInt64(packet.nackEntry(index, in: plain)?.lostCount ?? 0)
                }
            case .goodbye: figures.goodbyes &+= 1
            default: break
            }
        }
    }
}

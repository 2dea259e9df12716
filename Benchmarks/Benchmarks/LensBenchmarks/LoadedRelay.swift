internal import MediaCore
internal import MediaWire

/// A relay core with whole sessions on it, set up by SDES offers: customer's camera and microphone to the technician, and
/// the technician's voice back. Their gates are open, and one kind of the customers' media flows, each session's turn
/// coming once a round.
final class LoadedRelay {
    static let packetsPerBatch = 32
    /// Sequence numbers per second of one stream.
    private static let packetsPerSecond: [MediaKind: Int64] = [.video: 150, .audio: 50]

    private struct Stream: ~Copyable {
        var sender: SRTPSender
        var receiver: SRTPReceiver
        let source: SocketAddress
        let payloadType: UInt8
        let ssrc: SSRC
        let profile: SRTPProfile
        var sequence: UInt16 = 0
        var sent: UInt32 = 0
    }

    private let kind: MediaKind
    private let packetSize: Int
    private var streams: [StreamBox] = []
    private var shard: RelayShard
    private var received = ReceiveBatch(capacity: packetsPerBatch)
    // Room for a batch behind what the shard keeps free before it takes a packet.
    private var outgoing = SendBatch(capacity: 8 * packetsPerBatch)
    private var now = Instant(nanoseconds: 1_000_000_000)
    private var turn = 0
    private var generator = SeededGenerator(seed: 4)
    private let noise: [UInt8]

    /// A stream in a place of its own, since arrays hold no values that cannot be copied.
    private final class StreamBox {
        var stream: Stream
        init(_ stream: consuming Stream) { self.stream = stream }
    }

    /// - Parameters:
    ///   - packetSize: bytes of a plain packet, header and extension included.
    ///   - backend: the shard's; the customers always have the best.
    init(
        sessions: Int, profile: SRTPProfile, kind: MediaKind, packetSize: Int, backend: SRTPBackend
    ) throws {
        var configuration = RelayConfiguration(seed: 3)
        configuration.srtpBackend = backend
        shard = RelayShard(configuration)
        self.kind = kind
        self.packetSize = packetSize
        noise = generator.bytes(ReceiveBatch.slotSize)
        for index in 0..<sessions { try addSession(UInt32(index), profile) }
        settle()
        try checkOneBatch()
        // Every retransmission cache is full once, so that none of its pages is touched for the first time while measuring.
        let cacheBytes = kind == .video ? 256 * 1024 : 16 * 1024
        let packets = (cacheBytes / packetSize + 1) * sessions
        for _ in 0..<((packets + Self.packetsPerBatch - 1) / Self.packetsPerBatch) {
            prepare()
            forward()
            settle()
        }
    }

    // MARK: - Set-up

    private func addSession(_ index: UInt32, _ profile: SRTPProfile) throws {
        let session = RelaySessionKey(rawValue: UInt64(index) + 1)
        let customer = SocketAddress(IPAddress(v4: 0x0A00_0000 + index), port: 5_000)
        let technician = SocketAddress(IPAddress(v4: 0x0B00_0000 + index), port: 6_000)
        let published = try addLeg(session, .customer, .publish, customer, [.audio, .video], profile)
        let played = try addLeg(session, .technician, .play, technician, [.audio, .video], profile)
        _ = try addLeg(session, .technician, .publish, technician, [.audio], profile)
        _ = try addLeg(session, .customer, .play, customer, [.audio], profile)
        try shard.openGate(session, at: now)
        guard let track = published.tracks.first(where: { $0.kind == kind }),
            let slot = played.tracks.first(where: { $0.kind == kind }), let ssrc = track.declaredSSRCs.first
        else { throw BenchmarkFailure("the relay did not take the \(kind) of session \(index)") }
        streams.append(
            StreamBox(
                Stream(
                    sender: try SRTPSender(track.incomingKey), receiver: try SRTPReceiver(slot.outgoingKey),
                    source: customer, payloadType: track.payloadType, ssrc: ssrc, profile: profile)))
    }

    private func addLeg(
        _ session: RelaySessionKey, _ side: SessionSide, _ direction: MediaDirection, _ address: SocketAddress,
        _ kinds: [MediaKind], _ profile: SRTPProfile
    ) throws -> NegotiatedMedia {
        let tracks = kinds.enumerated().map { index, kind in
            SDESOffer.Track(
                kind: kind, payloadType: kind == .video ? 96 : 111, address: address,
                key: SRTPKey(profile: profile, using: &generator), mid: String(index),
                ssrcs: [SSRC(UInt32.random(in: 1 ... .max, using: &generator))], cname: "benchmark",
                extensions: [HeaderExtensionMapping(id: 1, uri: RTPHeaderExtensionURI.absoluteCaptureTime)])
        }
        let offer = SDESOffer(direction: direction, sessionID: session.rawValue, tracks: tracks)
        let context = NegotiationContext(
            direction: direction, clientAddress: address.address, requestIsPrivate: true,
            mediaAddresses: [IPAddress(v4: 0xC000_0201)], mediaPort: 7_000, sessionID: session.rawValue)
        let media = try negotiateSDES(
            offer: offer.sessionDescription().serialized(), context: context, using: &generator)
        _ = try shard.addLeg(LegDescription(session: session, side: side, media: media), at: now)
        return media
    }

    /// What the technician receives of one batch is what the customer sent.
    private func checkOneBatch() throws {
        let first = turn
        prepare()
        forward()
        try check(
            outgoing.count == Self.packetsPerBatch,
            "\(outgoing.count) packets of the first batch went out: \(shard.counters)")
        for index in 0..<outgoing.count {
            let box = streams[(first + index) % streams.count]
            var packet = outgoing.bytes(at: index)
            guard box.stream.receiver.unprotectRTP(&packet) == .success(length: packetSize),
                let header = RTPHeader(packet.rawSpan)
            else { throw BenchmarkFailure("a forwarded packet cannot be unprotected") }
            let start = Int(header.headerLength)
            try check(start == 28, "the capture time was not forwarded")
            try check(
                packet[(start + 8)...].elementsEqual(noise[(start + 8)..<packetSize]), "a forwarded payload is damaged")
        }
        settle()
    }

    // MARK: - Iterations

    /// Receives the next batch: protected packets of the sessions whose turn it is.
    func prepare() {
        received.removeAll()
        for index in 0..<Self.packetsPerBatch {
            let box = streams[turn]
            turn = (turn + 1) % streams.count
            let slot = unsafe UnsafeMutableRawBufferPointer(
                start: received.message(index), count: ReceiveBatch.slotSize)
            let length = unsafe write(&box.stream, to: slot)
            received.add(
                ReceivedDatagram(
                    path: Path(local: IPAddress(v4: 0xC000_0201), remote: box.stream.source), length: length))
        }
        let rate = Self.packetsPerSecond[kind, default: 50] * Int64(streams.count)
        now = now.advanced(byNanoseconds: Int64(Self.packetsPerBatch) * 1_000_000_000 / rate)
    }

    private func write(_ stream: inout Stream, to slot: UnsafeMutableRawBufferPointer) -> Int {
        // Frames of five packets; only the very first is a keyframe.
        let place = kind == .video ? stream.sent % 5 : 0
        let frame = kind == .video ? stream.sent / 5 : stream.sent
        let fields = PacketFields(
            payloadType: stream.payloadType, ssrc: stream.ssrc, marker: kind == .video && place == 4,
            sequence: stream.sequence, timestamp: frame &* (kind == .video ? 3_000 : 960),
            captureTime: UInt64(frame) << 27)
        unsafe slot.copyBytes(from: noise[..<packetSize])
        unsafe fields.write(to: slot)
        if kind == .video {
            // Descriptor with a 15-bit picture id, then the frame header's first byte: P is 0 in keyframes only.
            let start = fields.headerLength
            unsafe slot.storeBytes(of: place == 0 ? 0x90 : 0x80, toByteOffset: start, as: UInt8.self)
            unsafe slot.storeBytes(of: 0x80, toByteOffset: start + 1, as: UInt8.self)
            unsafe slot.storeBytes(
                of: (0x8000 | UInt16(truncatingIfNeeded: frame)).bigEndian, toByteOffset: start + 2, as: UInt16.self)
            unsafe slot.storeBytes(of: frame == 0 ? 0 : 1, toByteOffset: start + 4, as: UInt8.self)
        }
        stream.sequence &+= 1
        stream.sent &+= 1
        guard case .success(let length) = unsafe stream.sender.protectRTP(slot, length: packetSize) else { return 0 }
        return length
    }

    /// Takes the prepared batch through the core, the part that is measured.
    func forward() {
        outgoing.removeAll()
        _ = shard.receive(&received, startingAt: 0, into: &outgoing, at: now)
    }

    /// Datagrams that the last batch caused.
    var sent: Int { outgoing.count }

    /// Sends the reports that are due and reads events, so that nothing piles up.
    func settle() {
        outgoing.removeAll()
        while let timeout = shard.nextTimeout, timeout <= now {
            shard.handleTimeout(at: now, into: &outgoing)
            if outgoing.count == 0 { break }
            outgoing.removeAll()
        }
        while shard.pollEvent() != nil {}
    }
}

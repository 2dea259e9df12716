import MediaWire
import TestSupport
import Testing

@testable import MediaCore

/// A datagram that the relay sent.
struct Sent {
    let bytes: [UInt8]
    let to: SocketAddress
    let local: IPAddress
    let at: Instant

    var isRTCP: Bool { bytes.count > 1 && 192...223 ~= bytes[1] }
}

/// A shard, its batches and a clock of its own.
final class RelayBench {
    var shard: RelayShard
    var now = Instant(nanoseconds: 10_000_000_000)
    var send: SendBatch
    private var batch = ReceiveBatch(capacity: 64)
    private var generator: SeededGenerator

    static let address = SocketAddress(IPAddress(v4: 0xC000_0201), port: 7000)
    static let session = RelaySessionKey(rawValue: 1)

    init(seed: UInt64 = 1, sendCapacity: Int = 256, _ change: (inout RelayConfiguration) -> Void = { _ in }) {
        var configuration = RelayConfiguration(seed: seed)
        change(&configuration)
        shard = RelayShard(configuration)
        send = SendBatch(capacity: sendCapacity)
        generator = SeededGenerator(seed: seed ^ 0xABCD)
    }

    static func host(_ number: Int, port: UInt16 = 5000) -> SocketAddress {
        SocketAddress(IPAddress(v4: 0x0A00_0000 + UInt32(number)), port: port)
    }

    /// Offers and adds a leg by SDP, as WHIP and WHEP do.
    @discardableResult
    func join(
        _ side: SessionSide, _ direction: MediaDirection, _ kinds: [MediaKind] = [.video], from address: SocketAddress,
        session: RelaySessionKey = RelayBench.session, profile: SRTPProfile = .aeadAES128GCM,
        _ change: (inout SDESOffer.Track) -> Void = { _ in }
    ) throws -> TestLeg {
        let offered = kinds.map { kind in
            var track = SDESOffer.Track(
                kind: kind, payloadType: kind == .video ? 96 : 111, address: address,
                key: SRTPKey(profile: profile, using: &generator),
                ssrcs: direction == .publish ? [SSRC(UInt32.random(in: 1 ... .max, using: &generator))] : [],
                cname: "peer")
            change(&track)
            return track
        }
        let offer = SDESOffer(direction: direction, sessionID: 1, tracks: offered)
        let context = NegotiationContext(
            direction: direction, clientAddress: address.address, requestIsPrivate: true,
            mediaAddresses: [Self.address.address], mediaPort: Self.address.port, sessionID: 2)
        let media = try negotiateSDES(offer: offer.sessionDescription(), context: context, using: &generator)
        let id = try shard.addLeg(LegDescription(session: session, side: side, media: media), at: now)
        return TestLeg(
            id: id, streams: try media.tracks.map { try TestStream($0, cname: media.cname, address: address) })
    }

    /// Hands datagrams in, as many calls as that takes, and answers all that came out.
    @discardableResult
    func deliver(_ datagrams: [[UInt8]], from source: SocketAddress, to local: SocketAddress = address) -> [Sent] {
        deliver(datagrams.map { ($0, source) }, to: local)
    }

    /// Datagrams of several sources, in one batch as far as they fit.
    @discardableResult
    func deliver(_ datagrams: [(bytes: [UInt8], source: SocketAddress)], to local: SocketAddress = address) -> [Sent] {
        var sent: [Sent] = []
        var rest = datagrams[...]
        while !rest.isEmpty {
            batch.removeAll()
            while let next = rest.first, batch.append(next.bytes, from: next.source, to: local) { rest.removeFirst() }
            var index = 0
            while index < batch.count {
                let taken = shard.receive(&batch, startingAt: index, into: &send, at: now)
                if taken == index { #expect(send.count > 0, "no progress with an empty batch") }
                index = taken
                sent += collect()
            }
        }
        return sent + due()
    }

    @discardableResult
    func deliver(_ datagram: [UInt8], from source: SocketAddress, to local: SocketAddress = address) -> [Sent] {
        deliver([datagram], from: source, to: local)
    }

    /// Moves the clock and answers what timers sent on the way.
    @discardableResult
    func advance(milliseconds: Int64) -> [Sent] {
        let end = now.advanced(byMilliseconds: milliseconds)
        var sent = due()
        while let next = shard.nextTimeout, next <= end {
            now = max(now, next)
            sent += due()
        }
        now = end
        return sent
    }

    /// Runs the timers that are due now.
    func due() -> [Sent] {
        var sent: [Sent] = []
        while let next = shard.nextTimeout, next <= now {
            shard.handleTimeout(at: now, into: &send)
            let round = collect()
            if round.isEmpty { break }
            sent += round
        }
        return sent
    }

    func collect() -> [Sent] {
        defer { send.removeAll() }
        return (0..<send.count).map {
            Sent(bytes: send.bytes(at: $0), to: send.destination(at: $0), local: send[$0].path.local, at: now)
        }
    }

    func figures(_ session: RelaySessionKey = RelayBench.session) throws -> SessionFigures {
        let figures = shard.figures(of: session)
        return try #require(figures)
    }

    func contains(_ leg: LegID) -> Bool { shard.contains(leg) }

    func events() -> [ShardEvent] {
        var events: [ShardEvent] = []
        while let event = shard.pollEvent() { events.append(event) }
        return events
    }

    var counters: ShardCounters { shard.counters }
}

struct TestLeg {
    let id: LegID
    let streams: [TestStream]

    var video: TestStream { stream(.video) }
    var audio: TestStream { stream(.audio) }

    private func stream(_ kind: MediaKind) -> TestStream { streams.first { $0.kind == kind } ?? streams[0] }
}

/// The peer's end of one m-line: protects with the offer's key, opens with the answer's.
final class TestStream {
    let kind: MediaKind
    let track: NegotiatedTrack
    let relayCNAME: String
    var address: SocketAddress
    var ssrc: SSRC
    private var sender: SRTPSender
    private var receiver: SRTPReceiver

    init(_ track: NegotiatedTrack, cname: String, address: SocketAddress) throws {
        kind = track.kind
        self.track = track
        relayCNAME = cname
        self.address = address
        ssrc = track.declaredSSRCs.first ?? SSRC(0x7070_0000 | UInt32(address.port))
        sender = try SRTPSender(track.incomingKey)
        receiver = try SRTPReceiver(track.outgoingKey)
    }

    func packet(
        _ sequence: Int, timestamp: UInt32? = nil, payload: [UInt8]? = nil, marker: Bool = false,
        extensions: [RTPPacket.HeaderExtension] = [], payloadType: UInt8? = nil
    ) -> RTPPacket {
        RTPPacket(
            marker: marker, payloadType: payloadType ?? track.payloadType,
            sequenceNumber: SequenceNumber(UInt16(truncatingIfNeeded: sequence)),
            timestamp: RTPTimestamp(timestamp ?? UInt32(truncatingIfNeeded: sequence &* 3000)), ssrc: ssrc,
            extensions: extensions, payload: payload ?? Self.video(sequence))
    }

    /// A protected packet.
    func rtp(_ sequence: Int, timestamp: UInt32? = nil, payload: [UInt8]? = nil) -> [UInt8] {
        protect(packet(sequence, timestamp: timestamp, payload: payload))
    }

    func protect(_ packet: RTPPacket) -> [UInt8] {
        var bytes = packet.serialized()
        #expect(sender.protectRTP(&bytes).isSuccess)
        return bytes
    }

    func rtcp(_ packets: [RTCPPacket]) -> [UInt8] {
        var writer = ByteWriter()
        for packet in packets { packet.write(to: &writer) }
        return rtcp(plain: writer.bytes)
    }

    func rtcp(plain: [UInt8]) -> [UInt8] {
        var bytes = plain
        #expect(sender.protectRTCP(&bytes).isSuccess)
        return bytes
    }

    /// A report and what follows it.
    func feedback(_ packets: RTCPPacket...) -> [UInt8] {
        rtcp([.receiverReport(ReceiverReport(ssrc: ssrc))] + packets)
    }

    func pli() -> RTCPPacket {
        .pictureLossIndication(PictureLossIndication(senderSSRC: ssrc, mediaSSRC: track.slotSSRC))
    }

    func nack(_ lost: [SequenceNumber]) -> RTCPPacket {
        .genericNACK(GenericNACK(senderSSRC: ssrc, mediaSSRC: track.slotSSRC, lost: lost))
    }

    func senderReport(ntp: NTPTimestamp, rtp: UInt32, packets: UInt32 = 1, octets: UInt32 = 1) -> RTCPPacket {
        .senderReport(
            SenderReport(
                ssrc: ssrc,
                info: SenderInfo(
                    ntpTimestamp: ntp, rtpTimestamp: RTPTimestamp(rtp), packetCount: packets, octetCount: octets)))
    }

    /// The media packets among `sent` that are for this stream, opened.
    func media(_ sent: [Sent]) -> [RTPPacket] {
        sent.filter { !$0.isRTCP && $0.to == address }.compactMap { datagram in
            guard RTPHeader(datagram.bytes.rawSpan)?.ssrc == track.slotSSRC else { return nil }
            var bytes = datagram.bytes
            guard receiver.unprotectRTP(&bytes).isSuccess else { return nil }
            return RTPPacket(bytes.rawSpan)
        }
    }

    /// The RTCP packets among `sent` that are for this stream, opened.
    func control(_ sent: [Sent]) -> [RTCPPacket] {
        sent.filter { $0.isRTCP && $0.to == address }.flatMap { datagram -> [RTCPPacket] in
            guard datagram.bytes.rawSpan.uint32(at: 4) == track.slotSSRC.rawValue else { return [] }
            var bytes = datagram.bytes
            guard receiver.unprotectRTCP(&bytes).isSuccess else { return [] }
            return RTCPPacket.parseCompound(bytes.rawSpan, allowReducedSize: false) ?? []
        }
    }

    /// The beginning of a VP8 frame of one packet.
    static func video(_ number: Int, keyframe: Bool = false, pictureID: UInt16? = nil, tl0: UInt8? = nil) -> [UInt8] {
        var writer = ByteWriter()
        VP8PayloadDescriptor(startOfPartition: true, pictureID: pictureID, tl0PictureIndex: tl0).write(to: &writer)
        writer.write(keyframe ? UInt8(0x10) : UInt8(0x11))
        writer.write((0..<30).map { UInt8(truncatingIfNeeded: $0 &+ number) })
        return writer.bytes
    }
}

extension RTCPPacket {
    var isPLI: Bool { if case .pictureLossIndication = self { true } else { false } }
    var asNACK: GenericNACK? { if case .genericNACK(let packet) = self { packet } else { nil } }
    var asTransportWideFeedback: TransportWideFeedback? {
        if case .transportWideFeedback(let packet) = self { packet } else { nil }
    }
    var asMaximumBitrate: ReceiverEstimatedMaximumBitrate? {
        if case .receiverEstimatedMaximumBitrate(let packet) = self { packet } else { nil }
    }
    var asSenderReport: SenderReport? { if case .senderReport(let packet) = self { packet } else { nil } }
    var asReceiverReport: ReceiverReport? { if case .receiverReport(let packet) = self { packet } else { nil } }
    var asGoodbye: Goodbye? { if case .goodbye(let packet) = self { packet } else { nil } }
    var asSourceDescription: SourceDescription? {
        if case .sourceDescription(let packet) = self { packet } else { nil }
    }
}

/// A customer who publishes, a technician who plays.
struct Call {
    let bench: RelayBench
    let publisher: TestStream
    let player: TestStream
    let publisherLeg: TestLeg
    let playerLeg: TestLeg

    init(
        _ bench: RelayBench = RelayBench(), session: RelaySessionKey = RelayBench.session, kind: MediaKind = .video,
        host: Int = 1, isOpen: Bool = true
    ) throws {
        self.bench = bench
        publisherLeg = try bench.join(.customer, .publish, [kind], from: RelayBench.host(host), session: session)
        playerLeg = try bench.join(
            .technician, .play, [kind], from: RelayBench.host(host, port: 6000), session: session)
        publisher = publisherLeg.streams[0]
        player = playerLeg.streams[0]
        if isOpen { try bench.shard.openGate(session, at: bench.now) }
    }

    @discardableResult
    func publish(_ sequences: ClosedRange<Int>) -> [Sent] {
        bench.deliver(sequences.map { publisher.rtp($0) }, from: publisher.address)
    }

    @discardableResult
    func publish(_ sequence: Int) -> [Sent] { publish(sequence...sequence) }

    @discardableResult
    func feedback(_ packets: RTCPPacket...) -> [Sent] {
        bench.deliver(player.rtcp([.receiverReport(ReceiverReport(ssrc: player.ssrc))] + packets), from: player.address)
    }
}

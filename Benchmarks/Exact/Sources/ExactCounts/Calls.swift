internal import MediaCore
internal import MediaWire

/// Something that cannot be measured, and why.
struct CountingFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

extension RelayShard {
    /// Puts calls on the shard, gates open.
    mutating func setUp(_ legs: [LegDescription<NegotiatedMedia>], at now: Instant) throws {
        for leg in legs {
            _ = try addLeg(leg, at: now)
            try openGate(leg.session, at: now)
        }
    }
}

/// Calls with one video and one audio stream each, from the customer to the technician: their legs, negotiated by SDES
/// offers, and their protected packets. Same seed, same packets.
final class Calls {
    /// What a participant is reached at.
    struct Addresses {
        var customer: SocketAddress
        var technician: SocketAddress
    }

    private final class Stream {
        let kind: MediaKind
        let ssrc: SSRC
        let payloadType: UInt8
        var media: SRTPSender
        /// The player's reports.
        var player: SRTPSender
        let playerSSRC: SSRC
        let slotSSRC: SSRC
        var packets: UInt32 = 0

        init(published: NegotiatedTrack, played: NegotiatedTrack, playerSSRC: SSRC) throws {
            kind = published.kind
            guard let ssrc = published.declaredSSRCs.first else { throw CountingFailure("an offer lost its SSRC") }
            self.ssrc = ssrc
            payloadType = published.payloadType
            media = try SRTPSender(published.incomingKey)
            player = try SRTPSender(played.incomingKey)
            self.playerSSRC = playerSSRC
            slotSSRC = played.slotSSRC
        }
    }

    static let videoPacketSize = 1_100
    static let audioPacketSize = 90
    static let packetsPerFrame = 5

    let addresses: [Addresses]
    private let profile: SRTPProfile
    private var video: [Stream] = []
    private var audio: [Stream] = []
    private var generator = SeededGenerator(seed: 4)
    private var packet: [UInt8] = []
    private let noise: [UInt8]

    init(_ addresses: [Addresses], profile: SRTPProfile) throws {
        self.addresses = addresses
        self.profile = profile
        noise = generator.bytes(2_048)
        for index in addresses.indices { try negotiate(index) }
    }

    var count: Int { addresses.count }

    // MARK: - Set-up

    /// The legs of every call, to be put on one shard by `setUp`.
    private(set) var legs: [LegDescription<NegotiatedMedia>] = []

    private func negotiate(_ index: Int) throws {
        let customer = addresses[index].customer
        let technician = addresses[index].technician
        let published = try addLeg(index, .customer, .publish, customer, [.audio, .video])
        let played = try addLeg(index, .technician, .play, technician, [.audio, .video])
        _ = try addLeg(index, .technician, .publish, technician, [.audio])
        _ = try addLeg(index, .customer, .play, customer, [.audio])
        audio.append(try stream(.audio, published, played))
        video.append(try stream(.video, published, played))
    }

    private func stream(_ kind: MediaKind, _ published: NegotiatedMedia, _ played: NegotiatedMedia) throws -> Stream {
        guard let source = published.tracks.first(where: { $0.kind == kind }),
            let sink = played.tracks.first(where: { $0.kind == kind })
        else { throw CountingFailure("the relay did not take \(kind)") }
        return try Stream(published: source, played: sink, playerSSRC: randomSSRC())
    }

    private func addLeg(
        _ index: Int, _ side: SessionSide, _ direction: MediaDirection, _ address: SocketAddress, _ kinds: [MediaKind]
    ) throws -> NegotiatedMedia {
        let tracks = kinds.enumerated().map { index, kind in
            SDESOffer.Track(
                kind: kind, payloadType: kind == .video ? 96 : 111, address: address,
                key: SRTPKey(profile: profile, using: &generator), mid: String(index), ssrcs: [randomSSRC()],
                cname: "counting",
                extensions: [HeaderExtensionMapping(id: 1, uri: RTPHeaderExtensionURI.absoluteCaptureTime)])
        }
        let session = RelaySessionKey(rawValue: UInt64(index) + 1)
        let offer = SDESOffer(direction: direction, sessionID: session.rawValue, tracks: tracks)
        let context = NegotiationContext(
            direction: direction, clientAddress: address.address, requestIsPrivate: true,
            mediaAddresses: [.loopbackV4], mediaPort: 7_000, sessionID: session.rawValue)
        let media = try negotiateSDES(
            offer: offer.sessionDescription().serialized(), context: context, using: &generator)
        legs.append(LegDescription(session: session, side: side, media: media))
        return media
    }

    private func randomSSRC() -> SSRC { SSRC(UInt32.random(in: 1 ... .max, using: &generator)) }

    // MARK: - Packets

    /// Hands the packets of one video frame of a call to `body`, one after the other.
    func frame(of call: Int, _ body: ([UInt8]) throws -> Void) throws {
        for place in 0..<Self.packetsPerFrame {
            let stream = video[call]
            let frame = stream.packets / UInt32(Self.packetsPerFrame)
            writeHead(
                stream, marker: place == Self.packetsPerFrame - 1, timestamp: frame &* 3_000, size: Self.videoPacketSize
            )
            // Descriptor with a 15-bit picture id, then the frame header's first byte: P is 0 in keyframes only.
            packet[28] = place == 0 ? 0x90 : 0x80
            packet[29] = 0x80
            packet[30] = 0x80 | UInt8(truncatingIfNeeded: frame >> 8) & 0x7F
            packet[31] = UInt8(truncatingIfNeeded: frame)
            packet[32] = frame == 0 ? 0 : 1
            try protect(stream, body)
        }
    }

    /// Hands one audio packet of a call to `body`.
    func audioPacket(of call: Int, _ body: ([UInt8]) throws -> Void) throws {
        let stream = audio[call]
        writeHead(stream, marker: false, timestamp: stream.packets &* 960, size: Self.audioPacketSize)
        try protect(stream, body)
    }

    private func writeHead(_ stream: Stream, marker: Bool, timestamp: UInt32, size: Int) {
        packet = Array(noise[..<size])
        let sequence = UInt16(truncatingIfNeeded: stream.packets)
        packet[0] = 0x90
        packet[1] = (marker ? 0x80 : 0) | stream.payloadType
        put(sequence, at: 2)
        put(timestamp, at: 4)
        put(stream.ssrc.rawValue, at: 8)
        // Capture time as element 1 of a one-byte header extension (RFC 8285): 8 bytes, and 3 of padding.
        put(UInt32(0xBEDE_0003), at: 12)
        packet[16] = 0x17
        put(UInt64(timestamp) << 20, at: 17)
        for offset in 25..<28 { packet[offset] = 0 }
    }

    private func protect(_ stream: Stream, _ body: ([UInt8]) throws -> Void) throws {
        guard case .success = stream.media.protectRTP(&packet) else {
            throw CountingFailure("a packet could not be protected")
        }
        stream.packets &+= 1
        try body(packet)
    }

    /// Hands one report of each of a call's streams by its customer to `body`: SR and CNAME.
    func senderReports(of call: Int, at now: Instant, _ body: ([UInt8]) throws -> Void) throws {
        for stream in [audio[call], video[call]] where stream.packets > 0 {
            var report = RTCPCompound()
            let info = SenderInfo(
                ntpTimestamp: NTPTimestamp(unixNanoseconds: 1_700_000_000_000_000_000 + now.nanoseconds),
                rtpTimestamp: RTPTimestamp(stream.packets), packetCount: stream.packets,
                octetCount: stream.packets &* 1_000)
            _ = report.append(SenderReport(ssrc: stream.ssrc, info: info))
            _ = report.append(SourceDescription(ssrc: stream.ssrc, cname: "counting"))
            var bytes = report.bytes
            guard case .success = stream.media.protectRTCP(&bytes) else {
                throw CountingFailure("a report could not be protected")
            }
            try body(bytes)
        }
    }

    /// Hands one report on each of a call's streams by its technician to `body`: RR with a block, and CNAME.
    func receiverReports(of call: Int, _ body: ([UInt8]) throws -> Void) throws {
        for stream in [audio[call], video[call]] where stream.packets > 0 {
            var report = RTCPCompound()
            let block = ReportBlock(
                ssrc: stream.slotSSRC, fractionLost: 0, cumulativeLost: 0, extendedHighestSequence: stream.packets,
                jitter: 10, lastSenderReport: 0, delaySinceLastSenderReport: 0)
            _ = report.append(ReceiverReport(ssrc: stream.playerSSRC, reportBlocks: [block]))
            _ = report.append(SourceDescription(ssrc: stream.playerSSRC, cname: "counting"))
            var bytes = report.bytes
            guard case .success = stream.player.protectRTCP(&bytes) else {
                throw CountingFailure("a report could not be protected")
            }
            try body(bytes)
        }
    }

    private func put<Value: FixedWidthInteger>(_ value: Value, at offset: Int) {
        for index in 0..<(Value.bitWidth / 8) {
            packet[offset + index] = UInt8(truncatingIfNeeded: value >> Value(Value.bitWidth - 8 - 8 * index))
        }
    }
}

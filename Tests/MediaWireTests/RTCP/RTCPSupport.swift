import MediaWire
import TestSupport

/// The one packet that `bytes` hold, reduced size allowed; nil if there is not exactly one that parses.
func single(_ bytes: [UInt8]) -> RTCPPacket? {
    guard let packets = RTCPPacket.parseCompound(bytes, allowReducedSize: true), packets.count == 1 else {
        return nil
    }
    return packets[0]
}

func written(_ packets: any RTCPWritable...) -> [UInt8] {
    var writer = ByteWriter()
    for packet in packets { packet.write(to: &writer) }
    return writer.bytes
}

/// Heads of all packets, or nil if the datagram is refused.
func heads(_ bytes: [UInt8], allowReducedSize: Bool = true) -> [RTCPHeaderView]? {
    guard var reader = RTCPReader(bytes.rawSpan, allowReducedSize: allowReducedSize) else { return nil }
    var found: [RTCPHeaderView] = []
    while let head = reader.next() { found.append(head) }
    return found
}

/// Random packets of every kind, each of the form that is read back as it was written.
extension SeededGenerator {
    mutating func reportBlock() -> ReportBlock {
        ReportBlock(
            ssrc: ssrc(), fractionLost: integer(),
            cumulativeLost: Int32.random(in: -0x80_0000...0x7F_FFFF, using: &self),
            extendedHighestSequence: integer(), jitter: integer(), lastSenderReport: integer(),
            delaySinceLastSenderReport: integer())
    }

    mutating func senderReport() -> SenderReport {
        SenderReport(
            ssrc: ssrc(),
            info: SenderInfo(
                ntpTimestamp: NTPTimestamp(rawValue: integer()), rtpTimestamp: RTPTimestamp(integer()),
                packetCount: integer(), octetCount: integer()),
            reportBlocks: list(0...31) { $0.reportBlock() }, profileExtension: words(0...3))
    }

    mutating func receiverReport() -> ReceiverReport {
        ReceiverReport(ssrc: ssrc(), reportBlocks: list(0...31) { $0.reportBlock() }, profileExtension: words(0...3))
    }

    mutating func words(_ count: ClosedRange<Int>) -> [UInt8] {
        Array(list(count) { $0.bytes(4...4) }.joined())
    }

    mutating func sourceDescription() -> SourceDescription {
        SourceDescription(
            chunks: list(0...31) { generator in
                SourceDescription.Chunk(
                    ssrc: generator.ssrc(),
                    items: generator.list(0...4) {
                        SourceDescription.Item(
                            type: .init(rawValue: UInt8(1 + $0.below(255))), value: $0.bytes(0...($0.flag() ? 12 : 255))
                        )
                    })
            })
    }

    mutating func goodbye() -> Goodbye {
        Goodbye(
            sources: list(0...31) { $0.ssrc() },
            reason: optional { String($0.list(0...60) { ["a", " ", "ö", "€", "🎥"][$0.below(5)] as Character }) })
    }

    mutating func rtcpPacket() -> RTCPPacket {
        switch below(9) {
        case 0: .senderReport(senderReport())
        case 1: .receiverReport(receiverReport())
        case 2: .sourceDescription(sourceDescription())
        case 3: .goodbye(goodbye())
        case 4: .pictureLossIndication(PictureLossIndication(senderSSRC: ssrc(), mediaSSRC: ssrc()))
        case 5:
            .fullIntraRequest(
                FullIntraRequest(
                    senderSSRC: ssrc(), mediaSSRC: ssrc(),
                    entries: list(1...6) { .init(ssrc: $0.ssrc(), commandNumber: $0.integer()) }))
        case 6:
            .genericNACK(
                GenericNACK(
                    senderSSRC: ssrc(), mediaSSRC: ssrc(),
                    entries: list(1...20) {
                        NACKEntry(first: SequenceNumber($0.integer()), following: $0.integer())
                    }))
        case 7: .transportWideFeedback(transportWideFeedback())
        default:
            // APP, XR, a feedback format and a type nobody has named, REMB.
            .other(
                OtherRTCPPacket(
                    type: RTCPPacketType(rawValue: [204, 207, 205, 195][below(4)]), count: 14, body: words(0...8)))
        }
    }

    mutating func transportWideFeedback() -> TransportWideFeedback {
        let lossy = below(4) * 30, wild = below(3) * 10
        return TransportWideFeedback(
            senderSSRC: ssrc(), mediaSSRC: ssrc(), baseSequence: integer(),
            referenceTime: Int32.random(in: -0x80_0000...0x7F_FFFF, using: &self), feedbackCount: integer(),
            arrivals: list(1...60) {
                if $0.below(100) < lossy { return .lost }
                return .received(delta: $0.below(100) < wild ? $0.integer() : Int16($0.below(256)))
            })
    }
}

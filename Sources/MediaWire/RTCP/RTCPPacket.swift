/// An RTCP packet as values, for endpoints, signalling-rate work and tests. The relay walks with `RTCPReader` instead.
public enum RTCPPacket: RTCPWritable, Sendable, Hashable {
    case senderReport(SenderReport)
    case receiverReport(ReceiverReport)
    case sourceDescription(SourceDescription)
    case goodbye(Goodbye)
    case pictureLossIndication(PictureLossIndication)
    case fullIntraRequest(FullIntraRequest)
    case genericNACK(GenericNACK)
    case transportWideFeedback(TransportWideFeedback)
    case receiverEstimatedMaximumBitrate(ReceiverEstimatedMaximumBitrate)
    /// Any other type or feedback message type, carried through as it came.
    case other(OtherRTCPPacket)

    /// Reads one packet of a datagram. Nil if it is of a known kind and its body does not hold what the kind asks for.
    public init?(_ header: RTCPHeaderView, in datagram: RawSpan) {
        let packet: RTCPPacket? =
            switch (header.type, header.count) {
            case (.senderReport, _): SenderReport(header, in: datagram).map(Self.senderReport)
            case (.receiverReport, _): ReceiverReport(header, in: datagram).map(Self.receiverReport)
            case (.sourceDescription, _): SourceDescription(header, in: datagram).map(Self.sourceDescription)
            case (.goodbye, _): Goodbye(header, in: datagram).map(Self.goodbye)
            case (.payloadFeedback, RTCPFeedbackFormat.pictureLossIndication):
                PictureLossIndication(header, in: datagram).map(Self.pictureLossIndication)
            case (.payloadFeedback, RTCPFeedbackFormat.fullIntraRequest):
                FullIntraRequest(header, in: datagram).map(Self.fullIntraRequest)
            case (.transportFeedback, RTCPFeedbackFormat.genericNACK):
                GenericNACK(header, in: datagram).map(Self.genericNACK)
            case (.transportFeedback, RTCPFeedbackFormat.transportWideFeedback):
                TransportWideFeedback(header, in: datagram).map(Self.transportWideFeedback)
            // Applications may say other things in this format.
            case (.payloadFeedback, RTCPFeedbackFormat.applicationLayer):
                ReceiverEstimatedMaximumBitrate(header, in: datagram).map(Self.receiverEstimatedMaximumBitrate)
                    ?? OtherRTCPPacket(header, in: datagram).map(Self.other)
            default: OtherRTCPPacket(header, in: datagram).map(Self.other)
            }
        guard let packet else { return nil }
        self = packet
    }

    /// All packets of a decrypted datagram (RFC 3550 section 6.1, RFC 5506). Nil if the datagram breaks the rules that
    /// `RTCPReader` checks, or if one of its packets is malformed: a datagram is taken whole or not at all.
    public static func parseCompound(_ datagram: RawSpan, allowReducedSize: Bool) -> [RTCPPacket]? {
        guard var reader = RTCPReader(datagram, allowReducedSize: allowReducedSize) else { return nil }
        var packets: [RTCPPacket] = []
        while let header = reader.next() {
            guard let packet = RTCPPacket(header, in: datagram) else { return nil }
            packets.append(packet)
        }
        return packets
    }

    public func write(to writer: inout ByteWriter) {
        switch self {
        case .senderReport(let packet): packet.write(to: &writer)
        case .receiverReport(let packet): packet.write(to: &writer)
        case .sourceDescription(let packet): packet.write(to: &writer)
        case .goodbye(let packet): packet.write(to: &writer)
        case .pictureLossIndication(let packet): packet.write(to: &writer)
        case .fullIntraRequest(let packet): packet.write(to: &writer)
        case .genericNACK(let packet): packet.write(to: &writer)
        case .transportWideFeedback(let packet): packet.write(to: &writer)
        case .receiverEstimatedMaximumBitrate(let packet): packet.write(to: &writer)
        case .other(let packet): packet.write(to: &writer)
        }
    }
}

/// A packet of a type or format that this module does not interpret.
public struct OtherRTCPPacket: RTCPWritable, Sendable, Hashable {
    public var type: RTCPPacketType
    /// Count, subtype or FMT: the low 5 bits are written.
    public var count: UInt8
    /// The bytes behind the 4-byte head; written with zeros up to a multiple of 4.
    public var body: [UInt8]

    public init(type: RTCPPacketType, count: UInt8, body: [UInt8]) {
        self.type = type
        self.count = count
        self.body = body
    }

    public init?(_ header: RTCPHeaderView, in datagram: RawSpan) {
        guard let body = datagram.slice(header.body) else { return nil }
        self.init(type: header.type, count: header.count, body: body.toArray())
    }

    public func write(to writer: inout ByteWriter) {
        writer.writeRTCP(type, count: Int(count)) { $0.write(body.prefix(RTCPLimits.bodyBytes)) }
    }
}

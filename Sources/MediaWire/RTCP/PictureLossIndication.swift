/// PLI: the receiver lost an unknown amount of picture and asks for a keyframe (RFC 4585 section 6.3.1).
public struct PictureLossIndication: RTCPWritable, Sendable, Hashable {
    public var senderSSRC: SSRC
    public var mediaSSRC: SSRC

    public init(senderSSRC: SSRC, mediaSSRC: SSRC) {
        self.senderSSRC = senderSSRC
        self.mediaSSRC = mediaSSRC
    }

    /// Nil if the packet is not a PLI of exactly the length that the RFC gives it.
    public init?(_ header: RTCPHeaderView, in datagram: RawSpan) {
        guard header.isPictureLossIndication, let sender = header.senderSSRC(in: datagram),
            let media = header.mediaSSRC(in: datagram)
        else { return nil }
        self.init(senderSSRC: sender, mediaSSRC: media)
    }

    public func write(to writer: inout ByteWriter) {
        writer.writeRTCP(.payloadFeedback, count: Int(RTCPFeedbackFormat.pictureLossIndication)) { writer in
            writer.write(senderSSRC.rawValue)
            writer.write(mediaSSRC.rawValue)
        }
    }
}

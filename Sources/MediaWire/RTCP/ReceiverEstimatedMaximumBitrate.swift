/// REMB: what a receiver believes that all streams of its sender may take together (draft-alvestrand-rmcat-remb-03 section 2.2).
public struct ReceiverEstimatedMaximumBitrate: RTCPWritable, Sendable, Hashable {
    public var senderSSRC: SSRC
    /// In bit/s. On the wire it has 18 significant bits; what they cannot hold is rounded down.
    public var bitrate: UInt64
    /// The streams that share it; at most 255 are written.
    public var ssrcs: [SSRC]

    /// `REMB`.
    public static let name: UInt32 = 0x5245_4D42

    public init(senderSSRC: SSRC, bitrate: UInt64, ssrcs: [SSRC]) {
        self.senderSSRC = senderSSRC
        self.bitrate = bitrate
        self.ssrcs = ssrcs
    }

    /// Nil if the packet is no whole REMB, or says more bit/s than 64 bits hold.
    public init?(_ header: RTCPHeaderView, in datagram: RawSpan) {
        guard let sender = header.senderSSRC(in: datagram), let bitrate = header.estimatedMaximumBitrate(in: datagram)
        else { return nil }
        let start = header.body.lowerBound &+ 16
        let count = (header.body.upperBound &- start) / 4
        ssrcs = (0..<count).compactMap { datagram.uint32(at: start &+ 4 &* $0).map(SSRC.init(rawValue:)) }
        senderSSRC = sender
        self.bitrate = bitrate
    }

    /// Exponent in 6 bits and mantissa in 18.
    public static func encoded(_ bitrate: UInt64) -> UInt32 {
        let exponent = max(0, UInt64.bitWidth - bitrate.leadingZeroBitCount - 18)
        return UInt32(exponent) << 18 | UInt32(truncatingIfNeeded: bitrate >> UInt64(exponent))
    }

    public func write(to writer: inout ByteWriter) {
        writer.writeRTCP(.payloadFeedback, count: Int(RTCPFeedbackFormat.applicationLayer)) { writer in
            writer.write(senderSSRC.rawValue)
            writer.write(UInt32(0))
            writer.write(Self.name)
            writer.write(UInt32(UInt8(clamping: ssrcs.count)) << 24 | Self.encoded(bitrate))
            for ssrc in ssrcs.prefix(255) { writer.write(ssrc.rawValue) }
        }
    }
}

extension RTCPHeaderView {
    /// The bit/s of a REMB; nil for other packets, and for one that is not as long as it says.
    public func estimatedMaximumBitrate(in datagram: RawSpan) -> UInt64? {
        let start = body.lowerBound
        guard type == .payloadFeedback, count == RTCPFeedbackFormat.applicationLayer,
            datagram.uint32(at: start &+ 8) == ReceiverEstimatedMaximumBitrate.name,
            let word = datagram.uint32(at: start &+ 12), body.count == 16 &+ 4 &* Int(word >> 24)
        else { return nil }
        let mantissa = UInt64(word & 0x3_FFFF)
        let exponent = Int(word >> 18 & 0x3F)
        guard mantissa == 0 || mantissa.leadingZeroBitCount >= exponent else { return nil }
        return mantissa << UInt64(exponent)
    }
}

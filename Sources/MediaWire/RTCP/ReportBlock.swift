/// What a receiver says about one source (RFC 3550 section 6.4.1).
@frozen
public struct ReportBlock: Sendable, Hashable {
    /// The source that this block is about.
    public var ssrc: SSRC
    /// Packets lost since the previous report, in 1/256.
    public var fractionLost: UInt8
    /// Packets lost since the beginning, less duplicates: 24-bit signed, -8388608 ... 8388607; written clamped to that.
    public var cumulativeLost: Int32
    /// Cycles of the sequence number in the high 16 bits, highest number received in the low 16 bits.
    public var extendedHighestSequence: UInt32
    /// Interarrival jitter in RTP clock ticks.
    public var jitter: UInt32
    /// LSR: the middle 32 bits of the NTP time of the last sender report; 0 if none came.
    public var lastSenderReport: UInt32
    /// DLSR: delay since that report, in units of 1/65536 s.
    public var delaySinceLastSenderReport: UInt32

    public static let byteCount = 24

    public init(
        ssrc: SSRC, fractionLost: UInt8 = 0, cumulativeLost: Int32 = 0, extendedHighestSequence: UInt32 = 0,
        jitter: UInt32 = 0, lastSenderReport: UInt32 = 0, delaySinceLastSenderReport: UInt32 = 0
    ) {
        self.ssrc = ssrc
        self.fractionLost = fractionLost
        self.cumulativeLost = cumulativeLost
        self.extendedHighestSequence = extendedHighestSequence
        self.jitter = jitter
        self.lastSenderReport = lastSenderReport
        self.delaySinceLastSenderReport = delaySinceLastSenderReport
    }

    /// Reads the block at `offset`, or nil if it does not lie whole within the span.
    public init?(_ bytes: RawSpan, at offset: Int) {
        guard let block = bytes.slice(at: offset, count: Self.byteCount), let ssrc = block.uint32(at: 0),
            let fraction = block.uint8(at: 4), let lost = block.uint24(at: 5), let highest = block.uint32(at: 8),
            let jitter = block.uint32(at: 12), let report = block.uint32(at: 16), let delay = block.uint32(at: 20)
        else { return nil }
        self.init(
            ssrc: SSRC(ssrc), fractionLost: fraction, cumulativeLost: Int32(bitPattern: lost << 8) >> 8,
            extendedHighestSequence: highest, jitter: jitter, lastSenderReport: report,
            delaySinceLastSenderReport: delay)
    }

    public func write(to writer: inout ByteWriter) {
        writer.write(ssrc.rawValue)
        writer.write(fractionLost)
        writer.writeUInt24(UInt32(bitPattern: min(max(cumulativeLost, -0x80_0000), 0x7F_FFFF)))
        writer.write(extendedHighestSequence)
        writer.write(jitter)
        writer.write(lastSenderReport)
        writer.write(delaySinceLastSenderReport)
    }
}

/// The part of a sender report that is about the sender's own stream (RFC 3550 section 6.4.1).
@frozen
public struct SenderInfo: Sendable, Hashable {
    public var ntpTimestamp: NTPTimestamp
    /// The same moment as `ntpTimestamp` on the stream's RTP clock.
    public var rtpTimestamp: RTPTimestamp
    public var packetCount: UInt32
    /// Payload bytes sent, headers and padding left out.
    public var octetCount: UInt32

    public static let byteCount = 20

    public init(ntpTimestamp: NTPTimestamp, rtpTimestamp: RTPTimestamp, packetCount: UInt32, octetCount: UInt32) {
        self.ntpTimestamp = ntpTimestamp
        self.rtpTimestamp = rtpTimestamp
        self.packetCount = packetCount
        self.octetCount = octetCount
    }

    /// Reads the information at `offset`, or nil if it does not lie whole within the span.
    public init?(_ bytes: RawSpan, at offset: Int) {
        guard let info = bytes.slice(at: offset, count: Self.byteCount), let ntp = info.uint64(at: 0),
            let rtp = info.uint32(at: 8), let packets = info.uint32(at: 12), let octets = info.uint32(at: 16)
        else { return nil }
        self.init(
            ntpTimestamp: NTPTimestamp(rawValue: ntp), rtpTimestamp: RTPTimestamp(rtp), packetCount: packets,
            octetCount: octets)
    }

    public func write(to writer: inout ByteWriter) {
        writer.write(ntpTimestamp.rawValue)
        writer.write(rtpTimestamp.rawValue)
        writer.write(packetCount)
        writer.write(octetCount)
    }
}

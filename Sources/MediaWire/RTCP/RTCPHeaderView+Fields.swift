// Fields read in place, for the relay: every one answers nil where the body ends too early or the packet is of another
// kind, so a lying count does no harm.
extension RTCPHeaderView {
    /// The packet's own SSRC: the reporter's or the feedback sender's. Nil for SDES and BYE, which carry lists.
    public func senderSSRC(in datagram: RawSpan) -> SSRC? {
        guard type != .sourceDescription, type != .goodbye, body.count >= 4 else { return nil }
        return datagram.uint32(at: body.lowerBound).map(SSRC.init(rawValue:))
    }

    /// The media source that a feedback packet is about (RFC 4585 section 6.1); 0 in FIR.
    public func mediaSSRC(in datagram: RawSpan) -> SSRC? {
        guard type == .transportFeedback || type == .payloadFeedback, body.count >= 8 else { return nil }
        return datagram.uint32(at: body.lowerBound &+ 4).map(SSRC.init(rawValue:))
    }

    /// The sender information of a sender report.
    public func senderInfo(in datagram: RawSpan) -> SenderInfo? {
        guard type == .senderReport, body.count >= 4 + SenderInfo.byteCount else { return nil }
        return SenderInfo(datagram, at: body.lowerBound &+ 4)
    }

    /// Report blocks that a sender or receiver report really holds: its count, or fewer where the body ends before.
    public var reportBlockCount: Int {
        guard let start = reportBlocksStart else { return 0 }
        return max(0, min(Int(count), (body.upperBound &- start) / ReportBlock.byteCount))
    }

    /// Report block `index` of a sender or receiver report.
    public func reportBlock(_ index: Int, in datagram: RawSpan) -> ReportBlock? {
        guard let start = reportBlocksStart, index >= 0, index < reportBlockCount else { return nil }
        return ReportBlock(datagram, at: start &+ index &* ReportBlock.byteCount)
    }

    private var reportBlocksStart: Int? {
        switch type {
        case .senderReport: body.lowerBound &+ 4 &+ SenderInfo.byteCount
        case .receiverReport: body.lowerBound &+ 4
        default: nil
        }
    }

    /// A picture loss indication (RFC 4585 section 6.3.1).
    public var isPictureLossIndication: Bool {
        type == .payloadFeedback && count == RTCPFeedbackFormat.pictureLossIndication && body.count == 8
    }

    /// A full intra request (RFC 5104 section 4.3.1).
    public var isFullIntraRequest: Bool { type == .payloadFeedback && count == RTCPFeedbackFormat.fullIntraRequest }

    /// A generic NACK (RFC 4585 section 6.2.1).
    public var isGenericNACK: Bool { type == .transportFeedback && count == RTCPFeedbackFormat.genericNACK }

    /// Pairs of a generic NACK, 0 for other packets.
    public var nackEntryCount: Int { isGenericNACK ? max(0, (body.count &- 8) / NACKEntry.byteCount) : 0 }

    /// Pair `index` of a generic NACK.
    public func nackEntry(_ index: Int, in datagram: RawSpan) -> NACKEntry? {
        guard index >= 0, index < nackEntryCount else { return nil }
        return NACKEntry(datagram, at: body.lowerBound &+ 8 &+ index &* NACKEntry.byteCount)
    }

    /// Requests of a full intra request, 0 for other packets.
    public var fullIntraEntryCount: Int {
        isFullIntraRequest ? max(0, (body.count &- 8) / FullIntraRequest.Entry.byteCount) : 0
    }

    /// Request `index` of a full intra request.
    public func fullIntraEntry(_ index: Int, in datagram: RawSpan) -> FullIntraRequest.Entry? {
        guard index >= 0, index < fullIntraEntryCount else { return nil }
        return FullIntraRequest.Entry(datagram, at: body.lowerBound &+ 8 &+ index &* FullIntraRequest.Entry.byteCount)
    }

    /// Sources that a BYE really names, 0 for other packets.
    public var goodbyeSourceCount: Int { type == .goodbye ? min(Int(count), body.count / 4) : 0 }

    /// Source `index` of a BYE.
    public func goodbyeSource(_ index: Int, in datagram: RawSpan) -> SSRC? {
        guard index >= 0, index < goodbyeSourceCount else { return nil }
        return datagram.uint32(at: body.lowerBound &+ 4 &* index).map(SSRC.init(rawValue:))
    }
}

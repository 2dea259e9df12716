/// SR: a sender's clock and counts, and what it receives (RFC 3550 section 6.4.1).
public struct SenderReport: RTCPWritable, Sendable, Hashable {
    public var ssrc: SSRC
    public var info: SenderInfo
    public var reportBlocks: [ReportBlock]
    /// Profile-specific extension behind the blocks, kept as it came; a multiple of 4 bytes.
    public var profileExtension: [UInt8]

    public init(ssrc: SSRC, info: SenderInfo, reportBlocks: [ReportBlock] = [], profileExtension: [UInt8] = []) {
        self.ssrc = ssrc
        self.info = info
        self.reportBlocks = reportBlocks
        self.profileExtension = profileExtension
    }

    /// Nil if the packet is of another type or shorter than its count says.
    public init?(_ header: RTCPHeaderView, in datagram: RawSpan) {
        guard let ssrc = header.senderSSRC(in: datagram), let info = header.senderInfo(in: datagram),
            let (blocks, rest) = header.allReportBlocks(in: datagram, behind: 4 + SenderInfo.byteCount)
        else { return nil }
        self.init(ssrc: ssrc, info: info, reportBlocks: blocks, profileExtension: rest)
    }

    /// More than 31 report blocks go on in receiver reports right behind (RFC 3550 section 6.1).
    public func write(to writer: inout ByteWriter) {
        writer.writeRTCP(.senderReport, count: min(reportBlocks.count, RTCPLimits.count)) { writer in
            writer.write(ssrc.rawValue)
            info.write(to: &writer)
            for block in reportBlocks.prefix(RTCPLimits.count) { block.write(to: &writer) }
            writer.write(profileExtension.prefix(RTCPLimits.bodyBytes))
        }
        let rest = reportBlocks.dropFirst(RTCPLimits.count)
        if !rest.isEmpty { ReceiverReport(ssrc: ssrc, reportBlocks: [ReportBlock](rest)).write(to: &writer) }
    }
}

/// RR: what a receiver gets of its sources (RFC 3550 section 6.4.2).
public struct ReceiverReport: RTCPWritable, Sendable, Hashable {
    public var ssrc: SSRC
    public var reportBlocks: [ReportBlock]
    /// Profile-specific extension behind the blocks, kept as it came; a multiple of 4 bytes.
    public var profileExtension: [UInt8]

    public init(ssrc: SSRC, reportBlocks: [ReportBlock] = [], profileExtension: [UInt8] = []) {
        self.ssrc = ssrc
        self.reportBlocks = reportBlocks
        self.profileExtension = profileExtension
    }

    /// Nil if the packet is of another type or shorter than its count says.
    public init?(_ header: RTCPHeaderView, in datagram: RawSpan) {
        guard header.type == .receiverReport, let ssrc = header.senderSSRC(in: datagram),
            let (blocks, rest) = header.allReportBlocks(in: datagram, behind: 4)
        else { return nil }
        self.init(ssrc: ssrc, reportBlocks: blocks, profileExtension: rest)
    }

    /// More than 31 report blocks go on in further receiver reports (RFC 3550 section 6.1).
    public func write(to writer: inout ByteWriter) {
        var rest = reportBlocks[...]
        var isFirst = true
        repeat {
            let blocks = rest.prefix(RTCPLimits.count)
            rest = rest.dropFirst(RTCPLimits.count)
            writer.writeRTCP(.receiverReport, count: blocks.count) { writer in
                writer.write(ssrc.rawValue)
                for block in blocks { block.write(to: &writer) }
                if isFirst { writer.write(profileExtension.prefix(RTCPLimits.bodyBytes)) }
            }
            isFirst = false
        } while !rest.isEmpty
    }
}

extension RTCPHeaderView {
    /// All blocks that the count promises, and the bytes behind them. Nil if there are fewer.
    fileprivate func allReportBlocks(in datagram: RawSpan, behind fixed: Int) -> ([ReportBlock], [UInt8])? {
        guard reportBlockCount == Int(count) else { return nil }
        let blocks = (0..<reportBlockCount).compactMap { reportBlock($0, in: datagram) }
        let rest = body.lowerBound &+ fixed &+ blocks.count &* ReportBlock.byteCount
        guard blocks.count == Int(count), rest <= body.upperBound, let bytes = datagram.slice(rest..<body.upperBound)
        else { return nil }
        return (blocks, bytes.toArray())
    }
}

import MediaCore
import MediaWire

extension LoadEngine {
    /// An end's reports: an SR of each stream that it publishes, or an RR of each that it plays.
    mutating func sendReports(
        of end: LoadEnd, session: Int, into batch: inout SendBatch, at now: Instant, unixNanoseconds: UInt64
    ) {
        let isLeaving = sessions[session].isLeaving
        let isPublisher = end.isPublisher
        for kind in LoadFlowKind.allCases where end.has(kind) {
            guard let index = sessions[session].flow(kind) else { continue }
            let hasNews =
                isPublisher
                ? flows[index].outgoing.packetCount > 0 : flows[index].incoming.reception.packetsReceived > 0
            guard hasNews, let slot = unsafe batch.nextSlot() else { continue }
            let count =
                isPublisher
                ? unsafe writeSenderReport(index, slot, isLeaving: isLeaving, at: now, unixNanoseconds: unixNanoseconds)
                : unsafe writeReceiverReport(index, slot, isLeaving: isLeaving, at: now)
            guard count > 0 else { continue }
            let path = isPublisher ? flows[index].publisher.controlPath : flows[index].player.controlPath
            let outcome =
                isPublisher
                ? unsafe flows[index].publisher.sender.protectRTCP(slot, length: count)
                : unsafe flows[index].player.sender.protectRTCP(slot, length: count)
            if case .success(let total) = outcome {
                batch.commit(length: total, to: path)
                figures.reportsSent &+= 1
            }
        }
    }

    /// Answers its length, 0 if there is no room for it.
    private func writeSenderReport(
        _ index: Int, _ slot: UnsafeMutableRawBufferPointer, isLeaving: Bool, at now: Instant, unixNanoseconds: UInt64
    ) -> Int {
        var writer = unsafe PacketWriter(slot)
        let outgoing = flows[index].outgoing
        let ssrc = flows[index].publisher.ssrc
        writer.writeSenderReport(
            ssrc: ssrc,
            SenderInfo(
                ntpTimestamp: NTPTimestamp(unixNanoseconds: unixNanoseconds),
                rtpTimestamp: outgoing.timestamp(at: now), packetCount: outgoing.packetCount,
                octetCount: outgoing.octetCount))
        writer.writeCanonicalName(flows[index].publisher.cname, ssrc: ssrc)
        if isLeaving { writer.writeGoodbye(ssrc) }
        return writer.overflowed ? 0 : writer.count
    }

    private mutating func writeReceiverReport(
        _ index: Int, _ slot: UnsafeMutableRawBufferPointer, isLeaving: Bool, at now: Instant
    ) -> Int {
        var writer = unsafe PacketWriter(slot)
        let ssrc = flows[index].player.ssrc
        writer.writeReceiverReport(ssrc: ssrc, flows[index].incoming.reception.reportBlock(at: now))
        writer.writeCanonicalName(flows[index].player.cname, ssrc: ssrc)
        if isLeaving { writer.writeGoodbye(ssrc) }
        return writer.overflowed ? 0 : writer.count
    }
}

/// The few RTCP packets that a load sends, written in place (RFC 3550 section 6).
extension PacketWriter {
    private mutating func writeHead(_ type: RTCPPacketType, count: UInt8, words: UInt16) {
        write(0x80 | count & 0x1F)
        write(type.rawValue)
        write(words)
    }

    fileprivate mutating func writeSenderReport(ssrc: SSRC, _ info: SenderInfo) {
        writeHead(.senderReport, count: 0, words: 6)
        write(ssrc.rawValue)
        write(info.ntpTimestamp.rawValue)
        write(info.rtpTimestamp.rawValue)
        write(info.packetCount)
        write(info.octetCount)
    }

    fileprivate mutating func writeReceiverReport(ssrc: SSRC, _ block: ReportBlock) {
        writeHead(.receiverReport, count: 1, words: 7)
        write(ssrc.rawValue)
        write(block.ssrc.rawValue)
        write(UInt32(block.fractionLost) << 24 | UInt32(bitPattern: block.cumulativeLost) & 0xFF_FFFF)
        write(block.extendedHighestSequence)
        write(block.jitter)
        write(block.lastSenderReport)
        write(block.delaySinceLastSenderReport)
    }

    fileprivate mutating func writeCanonicalName(_ name: [UInt8], ssrc: SSRC) {
        let start = count
        writeHead(.sourceDescription, count: 1, words: 0)
        write(ssrc.rawValue)
        write(UInt8(1))
        write(UInt8(truncatingIfNeeded: name.count))
        for byte in name { write(byte) }
        // A zero byte ends the items.
        write(UInt8(0))
        padToWord()
        patch(UInt16(truncatingIfNeeded: (count &- start) / 4 &- 1), at: start &+ 2)
    }

    fileprivate mutating func writeGoodbye(_ ssrc: SSRC) {
        writeHead(.goodbye, count: 1, words: 1)
        write(ssrc.rawValue)
    }
}

import MediaCore
import MediaWire

extension LoadEngine {
    /// One side's reports: an SR of each stream that it publishes, an RR of each that it plays.
    mutating func sendReports(
        of side: SessionSide, session: Int, into batch: inout SendBatch, at now: Instant, unixNanoseconds: UInt64
    ) {
        let isLeaving = sessions[session].isLeaving
        for kind in LoadFlowKind.allCases {
            guard let index = sessions[session].flow(kind) else { continue }
            let isPublisher = kind.publisher == side
            let hasNews =
                isPublisher
                ? flows[index].outgoing.packetCount > 0 : flows[index].incoming.reception.packetsReceived > 0
            guard hasNews, let slot = unsafe batch.nextSlot() else { continue }
            let link = isPublisher ? flows[index].publisher : flows[index].player
            var writer = unsafe PacketWriter(slot)
            if isPublisher {
                let outgoing = flows[index].outgoing
                writer.writeSenderReport(
                    ssrc: link.ssrc,
                    SenderInfo(
                        ntpTimestamp: NTPTimestamp(unixNanoseconds: unixNanoseconds),
                        rtpTimestamp: outgoing.timestamp(at: now), packetCount: outgoing.packetCount,
                        octetCount: outgoing.octetCount))
            } else {
                writer.writeReceiverReport(ssrc: link.ssrc, flows[index].incoming.reception.reportBlock(at: now))
            }
            writer.writeCanonicalName(link.cname, ssrc: link.ssrc)
            if isLeaving { writer.writeGoodbye(link.ssrc) }
            guard !writer.overflowed else { continue }
            if case .success(let total) = unsafe link.protectRTCP(slot, length: writer.count) {
                batch.commit(length: total, to: link.controlPath)
                figures.reportsSent &+= 1
            }
        }
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

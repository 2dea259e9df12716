internal import MediaWire

/// RTCP written straight into packet memory.
extension PacketWriter {
    /// The head of an RTCP packet whose body is `words` 32-bit words long (RFC 3550 section 6.4.1).
    mutating func writeHead(_ type: RTCPPacketType, count: UInt8, words: UInt16) {
        write(0x80 | count & 0x1F)
        write(type.rawValue)
        write(words)
    }

    mutating func writeSenderReport(ssrc: SSRC, _ info: SenderInfo) {
        writeHead(.senderReport, count: 0, words: 6)
        write(ssrc.rawValue)
        write(info.ntpTimestamp.rawValue)
        write(info.rtpTimestamp.rawValue)
        write(info.packetCount)
        write(info.octetCount)
    }

    mutating func write(_ block: ReportBlock) {
        write(block.ssrc.rawValue)
        let lost = UInt32(bitPattern: block.cumulativeLost) & 0xFF_FFFF
        write(UInt32(block.fractionLost) << 24 | lost)
        write(block.extendedHighestSequence)
        write(block.jitter)
        write(block.lastSenderReport)
        write(block.delaySinceLastSenderReport)
    }

    /// A source description with one CNAME of at most 255 bytes (RFC 3550 section 6.5).
    mutating func writeCanonicalName(_ name: [UInt8], ssrc: SSRC) {
        let start = count
        let length = min(name.count, 255)
        writeHead(.sourceDescription, count: 1, words: 0)
        write(ssrc.rawValue)
        write(UInt8(1))
        write(UInt8(truncatingIfNeeded: length))
        for index in 0..<length { write(name[index]) }
        // At least one zero byte ends the list of items.
        write(UInt8(0))
        padToWord()
        patch(UInt16(truncatingIfNeeded: (count &- start) / 4 &- 1), at: start &+ 2)
    }

    /// REMB for one stream (draft-alvestrand-rmcat-remb-03 section 2.2). `bitrate` in bit/s.
    mutating func writeMaximumBitrate(_ bitrate: UInt64, sender: SSRC, media: SSRC) {
        writeHead(.payloadFeedback, count: RTCPFeedbackFormat.applicationLayer, words: 5)
        write(sender.rawValue)
        write(UInt32(0))
        write(ReceiverEstimatedMaximumBitrate.name)
        write(1 << 24 | ReceiverEstimatedMaximumBitrate.encoded(bitrate))
        write(media.rawValue)
    }

    /// A generic NACK for numbers in ascending order (RFC 4585 section 6.2.1).
    mutating func writeGenericNACK(sender: SSRC, media: SSRC, lost: [SequenceNumber]) {
        let start = count
        writeHead(.transportFeedback, count: RTCPFeedbackFormat.genericNACK, words: 0)
        write(sender.rawValue)
        write(media.rawValue)
        var index = 0
        while index < lost.count {
            let first = lost[index]
            var following: UInt16 = 0
            index &+= 1
            while index < lost.count, (1...16).contains(lost[index].distance(from: first)) {
                following |= 1 << UInt16(lost[index].distance(from: first) &- 1)
                index &+= 1
            }
            write(first.rawValue)
            write(following)
        }
        patch(UInt16(truncatingIfNeeded: (count &- start) / 4 &- 1), at: start &+ 2)
    }
}

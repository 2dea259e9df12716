/// FIR: a command to send a keyframe, once per command number (RFC 5104 section 4.3.1).
public struct FullIntraRequest: RTCPWritable, Sendable, Hashable {
    public var senderSSRC: SSRC
    /// 0 by the RFC; the sources asked stand in the entries.
    public var mediaSSRC: SSRC
    /// At least one in a packet that is read; at most 8192 are written.
    public var entries: [Entry]

    public init(senderSSRC: SSRC, mediaSSRC: SSRC = SSRC(0), entries: [Entry]) {
        self.senderSSRC = senderSSRC
        self.mediaSSRC = mediaSSRC
        self.entries = entries
    }

    /// One source asked for a keyframe.
    @frozen
    public struct Entry: Sendable, Hashable {
        public var ssrc: SSRC
        /// Counts commands modulo 256; a repeat of the same number asks for nothing new.
        public var commandNumber: UInt8

        public static let byteCount = 8

        public init(ssrc: SSRC, commandNumber: UInt8) {
            self.ssrc = ssrc
            self.commandNumber = commandNumber
        }

        /// Reads the entry at `offset`, or nil if it does not lie whole within the span.
        public init?(_ bytes: RawSpan, at offset: Int) {
            guard let entry = bytes.slice(at: offset, count: Self.byteCount), let ssrc = entry.uint32(at: 0),
                let number = entry.uint8(at: 4)
            else { return nil }
            self.init(ssrc: SSRC(ssrc), commandNumber: number)
        }
    }

    /// Nil if the packet is not a FIR with one or more whole entries.
    public init?(_ header: RTCPHeaderView, in datagram: RawSpan) {
        let length = header.body.count &- 8
        guard header.isFullIntraRequest, length > 0, length % Entry.byteCount == 0,
            let sender = header.senderSSRC(in: datagram), let media = header.mediaSSRC(in: datagram)
        else { return nil }
        let entries = (0..<header.fullIntraEntryCount).compactMap { header.fullIntraEntry($0, in: datagram) }
        self.init(senderSSRC: sender, mediaSSRC: media, entries: entries)
    }

    public func write(to writer: inout ByteWriter) {
        writer.writeRTCP(.payloadFeedback, count: Int(RTCPFeedbackFormat.fullIntraRequest)) { writer in
            writer.write(senderSSRC.rawValue)
            writer.write(mediaSSRC.rawValue)
            for entry in entries.prefix(8192) {
                writer.write(entry.ssrc.rawValue)
                writer.write(UInt32(entry.commandNumber) << 24)
            }
        }
    }
}

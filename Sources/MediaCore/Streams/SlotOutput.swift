internal import MediaWire

/// The relay as a sender of its own: what a slot's packets look like, whatever feeds it. Serves peers and ports alike.
struct SlotOutput {
    let kind: MediaKind
    let ssrc: SSRC
    let payloadType: UInt8
    let clockRate: UInt32
    let extensions: [HeaderExtensionMapping]

    /// Slab index and generation of the track that feeds it.
    private(set) var source: (index: Int, generation: UInt32)?
    var rewriter: RTPRewriter
    private var pictures = VP8Continuity()
    /// After a change of source, video waits for a keyframe.
    var waitsForKeyframe = false
    /// Extension ids of the source → of this slot; 0 drops the element.
    private var extensionMap = InlineArray<16, UInt8>(repeating: 0)
    var packetsSent: UInt64 = 0
    /// Payload bytes sent, as sender reports count them.
    var payloadBytesSent: UInt64 = 0

    init(
        kind: MediaKind, ssrc: SSRC, payloadType: UInt8, clockRate: UInt32, extensions: [HeaderExtensionMapping],
        rewriter: RTPRewriter
    ) {
        self.kind = kind
        self.ssrc = ssrc
        self.payloadType = payloadType
        self.clockRate = clockRate
        self.extensions = extensions
        self.rewriter = rewriter
    }

    /// What follows does not continue what was sent: the numbers are joined at the next packet, and video that has begun
    /// waits for a keyframe.
    mutating func endSegment() {
        rewriter.endSegment()
        pictures.endSegment()
        waitsForKeyframe = packetsSent > 0 && kind == .video
    }

    /// Takes a track as the source, or none.
    mutating func feed(
        from source: (index: Int, generation: UInt32)?, extensions sourceExtensions: [HeaderExtensionMapping]
    ) {
        endSegment()
        self.source = source
        extensionMap = InlineArray(repeating: 0)
        // A MID names the publisher's own m-line; it would be wrong at the player's.
        for element in sourceExtensions
        where (1...14).contains(element.id) && element.uri != RTPHeaderExtensionURI.mid {
            guard let mine = extensions.first(where: { $0.uri == element.uri }), (1...14).contains(mine.id) else {
                continue
            }
            extensionMap[Int(element.id)] = mine.id
        }
    }

    /// The numbers for a packet of the source, or nil if it is not for this slot.
    mutating func accept(
        _ header: RTPHeader, extended: Int64, startsKeyframe: Bool, clockRate: UInt32, at now: Instant
    ) -> (sequence: SequenceNumber, timestamp: RTPTimestamp)? {
        if waitsForKeyframe {
            guard startsKeyframe else { return nil }
            waitsForKeyframe = false
        }
        return rewriter.rewrite(header, extended: extended, clockRate: clockRate, at: now)
    }

    /// Writes a packet with the slot's own header. Answers its length, or nil if it does not fit.
    /// - Parameter isRepeat: the packet was written before: it comes out with the same bytes, and nothing here changes.
    mutating func write(
        _ packet: UnsafeRawBufferPointer, _ header: RTPHeader, payload: Range<Int>,
        numbers: (sequence: SequenceNumber, timestamp: RTPTimestamp), isRepeat: Bool,
        into buffer: UnsafeMutableRawBufferPointer
    ) -> Int? {
        var writer = unsafe PacketWriter(buffer)
        writer.write(UInt8(0x80))
        writer.write((header.marker ? 0x80 : 0) | payloadType & 0x7F)
        writer.write(numbers.sequence.rawValue)
        writer.write(numbers.timestamp.rawValue)
        writer.write(ssrc.rawValue)
        if header.hasExtension, unsafe writeExtensions(of: packet, header, to: &writer) {
            unsafe buffer.storeBytes(of: 0x90, as: UInt8.self)
        }
        let start = writer.count
        unsafe writer.write(UnsafeRawBufferPointer(rebasing: packet[payload]))
        guard !writer.overflowed else { return nil }
        if kind == .video {
            let written = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[start..<writer.count])
            if isRepeat {
                unsafe pictures.rewriteAgain(written)
            } else {
                unsafe pictures.rewrite(written)
            }
        }
        return writer.count
    }

    /// Copies the elements that the slot's receiver knows, under its ids, in one-byte form (RFC 8285 section 4.2). False, with
    /// nothing written, if there are none.
    private func writeExtensions(
        of packet: UnsafeRawBufferPointer, _ header: RTPHeader, to writer: inout PacketWriter
    ) -> Bool {
        var reader = RTPHeaderExtensionReader(header, in: unsafe RawSpan(_unsafeBytes: packet))
        let start = writer.count
        while let element = reader.next() {
            guard element.id < 16, (1...16).contains(element.range.count) else { continue }
            let id = extensionMap[Int(element.id)]
            guard id != 0 else { continue }
            if writer.count == start {
                writer.write(UInt16(0xBEDE))
                writer.write(UInt16(0))
            }
            writer.write(id << 4 | UInt8(truncatingIfNeeded: element.range.count &- 1))
            unsafe writer.write(UnsafeRawBufferPointer(rebasing: packet[element.range]))
        }
        guard writer.count > start else { return false }
        writer.padToWord()
        writer.patch(UInt16(truncatingIfNeeded: (writer.count &- start &- 4) / 4), at: start &+ 2)
        return true
    }
}

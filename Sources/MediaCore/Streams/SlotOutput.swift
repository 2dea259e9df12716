internal import MediaWire

/// The relay as a sender of its own: what a slot's packets look like, whatever feeds it. Serves peers and ports alike.
struct SlotOutput {
    let kind: MediaKind
    let ssrc: SSRC
    let payloadType: UInt8
    let clockRate: UInt32
    let extensions: [HeaderExtensionMapping]
    /// What each packet gets of its own.
    let hop: HopExtensions

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
        rewriter: RTPRewriter, hop: HopExtensions = HopExtensions()
    ) {
        self.kind = kind
        self.ssrc = ssrc
        self.payloadType = payloadType
        self.clockRate = clockRate
        self.extensions = extensions
        self.rewriter = rewriter
        self.hop = hop
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
        // A MID names the publisher's own m-line, and the other two are of one hop; they would be wrong at the player's.
        let ofOneHop = [
            RTPHeaderExtensionURI.mid, RTPHeaderExtensionURI.absoluteSendTime,
            RTPHeaderExtensionURI.transportSequenceNumber,
        ]
        for element in sourceExtensions
        where (1...14).contains(element.id) && !ofOneHop.contains(element.uri) {
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

    /// Writes the slot's own header for a packet. Answers its length, or nil if it does not fit.
    ///
    /// Mutating, as `writeExtendedHeader` is, although neither changes anything: a borrowed slot would be copied for each packet.
    @inline(__always)
    mutating func writeHeader(
        of packet: UnsafeRawBufferPointer, _ header: RTPHeader,
        numbers: (sequence: SequenceNumber, timestamp: RTPTimestamp), stamp: HopStamp,
        into buffer: UnsafeMutableRawBufferPointer
    ) -> Int? {
        guard buffer.count >= RTPHeader.fixedLength, let base = buffer.baseAddress else { return nil }
        let second = UInt32(payloadType & 0x7F) | (header.marker ? 0x80 : 0)
        let word = 0x8000_0000 | second << 16 | UInt32(numbers.sequence.rawValue)
        unsafe base.storeBytes(of: word.bigEndian, as: UInt32.self)
        unsafe base.storeBytes(of: numbers.timestamp.rawValue.bigEndian, toByteOffset: 4, as: UInt32.self)
        unsafe base.storeBytes(of: ssrc.rawValue.bigEndian, toByteOffset: 8, as: UInt32.self)
        guard header.hasExtension || hop.isUsed else { return RTPHeader.fixedLength }
        return unsafe writeExtendedHeader(of: packet, header, stamp, into: buffer)
    }

    /// Behind the fixed header: the elements that the slot's receiver knows, under its ids, in one-byte form (RFC 8285
    /// section 4.2). Nothing is written if there are none.
    private mutating func writeExtendedHeader(
        of packet: UnsafeRawBufferPointer, _ header: RTPHeader, _ stamp: HopStamp,
        into buffer: UnsafeMutableRawBufferPointer
    ) -> Int? {
        let start = RTPHeader.fixedLength &+ 4
        // No element grows, and padding fills up to a word at most.
        guard let base = buffer.baseAddress, let source = packet.baseAddress,
            buffer.count >= start &+ Int(header.extensionLength) &+ HopExtensions.length &+ 4
        else { return nil }
        var reader = RTPHeaderExtensionReader(header, in: unsafe RawSpan(_unsafeBytes: packet))
        var count = unsafe hop.write(stamp, to: base + start)
        while let element = reader.next() {
            let length = element.range.count
            guard element.id < 16, length > 0, length <= 16 else { continue }
            let id = extensionMap[Int(element.id)]
            guard id != 0 else { continue }
            let place = unsafe base + (start &+ count)
            unsafe place.storeBytes(of: id << 4 | UInt8(truncatingIfNeeded: length &- 1), as: UInt8.self)
            let data = unsafe source + element.range.lowerBound
            if length == 8 {
                unsafe (place + 1).storeBytes(of: data.loadUnaligned(as: UInt64.self), as: UInt64.self)
            } else {
                for offset in 0..<length {
                    unsafe place.storeBytes(
                        of: data.load(fromByteOffset: offset, as: UInt8.self), toByteOffset: 1 &+ offset, as: UInt8.self
                    )
                }
            }
            count &+= 1 &+ length
        }
        guard count > 0 else { return RTPHeader.fixedLength }
        while count & 3 != 0 {
            unsafe base.storeBytes(of: 0, toByteOffset: start &+ count, as: UInt8.self)
            count &+= 1
        }
        unsafe base.storeBytes(of: 0x90, as: UInt8.self)
        let head = 0xBEDE_0000 | UInt32(truncatingIfNeeded: count / 4)
        unsafe base.storeBytes(of: head.bigEndian, toByteOffset: RTPHeader.fixedLength, as: UInt32.self)
        return start &+ count
    }

    /// True if a payload's descriptor has to change on its way out; follows its numbers if not.
    @inline(__always)
    mutating func mustRewrite(_ payload: UnsafeRawBufferPointer) -> Bool {
        guard kind == .video else { return false }
        guard pictures.isTransparent else { return true }
        pictures.follow(unsafe RawSpan(_unsafeBytes: payload))
        return false
    }

    /// Changes the descriptor of a payload that `mustRewrite` named.
    /// - Parameter isRepeat: the packet was written before: it comes out with the same bytes, and nothing here changes.
    mutating func rewritePayload(_ payload: UnsafeMutableRawBufferPointer, isRepeat: Bool) {
        if isRepeat {
            unsafe pictures.rewriteAgain(payload)
        } else {
            unsafe pictures.rewrite(payload)
        }
    }

    /// Writes a packet with the slot's own header, plain. Answers its length, or nil if it does not fit.
    mutating func write(
        _ packet: UnsafeRawBufferPointer, _ header: RTPHeader, payload: Range<Int>,
        numbers: (sequence: SequenceNumber, timestamp: RTPTimestamp), into buffer: UnsafeMutableRawBufferPointer
    ) -> Int? {
        guard let start = unsafe writeHeader(of: packet, header, numbers: numbers, stamp: HopStamp(), into: buffer),
            buffer.count &- start >= payload.count
        else { return nil }
        let source = unsafe UnsafeRawBufferPointer(rebasing: packet[payload])
        let place = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[start..<(start &+ payload.count)])
        unsafe place.copyMemory(from: source)
        if unsafe mustRewrite(source) { unsafe rewritePayload(place, isRepeat: false) }
        return start &+ payload.count
    }
}

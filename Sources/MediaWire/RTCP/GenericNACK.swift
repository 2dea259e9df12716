/// One pair of a generic NACK: a lost packet and a bit for each of the sixteen behind it (RFC 4585 section 6.2.1).
///
/// As a sequence it gives the lost numbers, oldest first.
@frozen
public struct NACKEntry: Sendable, Hashable, Sequence {
    /// PID: the first lost packet.
    public var first: SequenceNumber
    /// BLP: bit i (0 is the lowest) says that packet `first + i + 1` is lost too.
    public var following: UInt16

    public static let byteCount = 4

    public init(first: SequenceNumber, following: UInt16 = 0) {
        self.first = first
        self.following = following
    }

    /// Reads the pair at `offset`, or nil if it does not lie whole within the span.
    public init?(_ bytes: RawSpan, at offset: Int) {
        guard let pair = bytes.uint32(at: offset) else { return nil }
        first = SequenceNumber(UInt16(truncatingIfNeeded: pair >> 16))
        following = UInt16(truncatingIfNeeded: pair)
    }

    /// How many numbers the pair names, 1 ... 17.
    public var lostCount: Int { 1 &+ following.nonzeroBitCount }

    public func makeIterator() -> Iterator { Iterator(position: first, bits: UInt32(following) << 1 | 1) }

    @frozen
    public struct Iterator: IteratorProtocol, Sendable {
        /// The number that the lowest bit stands for.
        var position: SequenceNumber
        var bits: UInt32

        public mutating func next() -> SequenceNumber? {
            guard bits != 0 else { return nil }
            let skipped = bits.trailingZeroBitCount
            let found = position.advanced(by: skipped)
            bits = bits >> UInt32(skipped &+ 1)
            position = found.advanced(by: 1)
            return found
        }
    }
}

/// Generic NACK: sequence numbers that a receiver misses (RFC 4585 section 6.2.1).
public struct GenericNACK: RTCPWritable, Sendable, Hashable {
    public var senderSSRC: SSRC
    public var mediaSSRC: SSRC
    /// At least one in a packet that is read; at most 16384 are written.
    public var entries: [NACKEntry]

    public init(senderSSRC: SSRC, mediaSSRC: SSRC, entries: [NACKEntry]) {
        self.senderSSRC = senderSSRC
        self.mediaSSRC = mediaSSRC
        self.entries = entries
    }

    /// - Parameter lost: in any order, repeats allowed; packed into as few pairs as will hold them.
    public init(senderSSRC: SSRC, mediaSSRC: SSRC, lost: some Sequence<SequenceNumber>) {
        self.init(senderSSRC: senderSSRC, mediaSSRC: mediaSSRC, entries: Self.pack(lost))
    }

    /// Nil if the packet is not a generic NACK with one or more whole pairs.
    public init?(_ header: RTCPHeaderView, in datagram: RawSpan) {
        guard header.isGenericNACK, header.nackEntryCount > 0, header.body.count % NACKEntry.byteCount == 0,
            let sender = header.senderSSRC(in: datagram), let media = header.mediaSSRC(in: datagram)
        else { return nil }
        let entries = (0..<header.nackEntryCount).compactMap { header.nackEntry($0, in: datagram) }
        self.init(senderSSRC: sender, mediaSSRC: media, entries: entries)
    }

    /// Every number named, in the order of the pairs.
    public var lost: [SequenceNumber] { entries.flatMap { $0 } }

    /// Greedy from behind the widest gap: where that gap is wider than a pair reaches, which holds for every list of
    /// fewer than 4096 numbers, no pair could span it, so the circle is a line and greedy is minimal.
    static func pack(_ lost: some Sequence<SequenceNumber>) -> [NACKEntry] {
        let numbers = Set(lost.map(\.rawValue)).sorted()
        guard let last = numbers.last else { return [] }
        var start = 0
        var widest = 0
        var previous = last
        for (index, number) in numbers.enumerated() {
            let gap = numbers.count == 1 ? 0 : Int(number &- previous)
            if gap > widest {
                widest = gap
                start = index
            }
            previous = number
        }
        var entries: [NACKEntry] = []
        for number in numbers[start...] + numbers[..<start] {
            if let entry = entries.last, 1...16 ~= number &- entry.first.rawValue {
                entries[entries.count - 1].following |= 1 << (number &- entry.first.rawValue &- 1)
            } else {
                entries.append(NACKEntry(first: SequenceNumber(number)))
            }
        }
        return entries
    }

    public func write(to writer: inout ByteWriter) {
        writer.writeRTCP(.transportFeedback, count: Int(RTCPFeedbackFormat.genericNACK)) { writer in
            writer.write(senderSSRC.rawValue)
            writer.write(mediaSSRC.rawValue)
            for entry in entries.prefix(16_384) {
                writer.write(entry.first.rawValue)
                writer.write(entry.following)
            }
        }
    }
}

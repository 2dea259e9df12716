/// Transport-wide feedback: which packets of a transport came, and when
/// (draft-holmer-rmcat-transport-wide-cc-extensions-01 section 3.1).
public struct TransportWideFeedback: RTCPWritable, Sendable, Hashable {
    /// What the feedback says of one packet.
    public enum Arrival: Sendable, Hashable {
        case lost
        /// In units of 250 us after the arrival before it, the first one after `referenceTime`. Negative where packets have overtaken each
        /// other.
        case received(delta: Int16)
    }

    public var senderSSRC: SSRC
    public var mediaSSRC: SSRC
    /// The transport-wide number of the first packet.
    public var baseSequence: UInt16
    /// In units of 64 ms, 24 bits and signed, from a moment of the receiver's choice.
    public var referenceTime: Int32
    /// Counts feedback packets, so that lost ones show.
    public var feedbackCount: UInt8
    /// Of `baseSequence` and the numbers that follow, in their order.
    public var arrivals: [Arrival]

    /// Units of `Arrival.received`, in ns.
    public static let deltaUnit: Int64 = 250_000
    /// Units of `referenceTime`, in ns.
    public static let referenceUnit: Int64 = 64_000_000
    /// Packets that one feedback speaks of at most when it is read; a count may say 65,535 in a few bytes.
    public static let maximumPackets = 8_192

    public init(
        senderSSRC: SSRC, mediaSSRC: SSRC, baseSequence: UInt16, referenceTime: Int32, feedbackCount: UInt8,
        arrivals: [Arrival]
    ) {
        self.senderSSRC = senderSSRC
        self.mediaSSRC = mediaSSRC
        self.baseSequence = baseSequence
        self.referenceTime = referenceTime
        self.feedbackCount = feedbackCount
        self.arrivals = arrivals
    }

    /// Nil if the packet is not whole feedback of this kind: chunks and deltas for as many packets as it counts.
    public init?(_ header: RTCPHeaderView, in datagram: RawSpan) {
        guard var reader = TransportWideFeedbackReader(header, in: datagram) else { return nil }
        senderSSRC = reader.senderSSRC
        mediaSSRC = reader.mediaSSRC
        baseSequence = reader.baseSequence
        referenceTime = reader.referenceTime
        feedbackCount = reader.feedbackCount
        arrivals = []
        arrivals.reserveCapacity(reader.packetCount)
        while let arrival = reader.next() { arrivals.append(arrival) }
    }

    // MARK: Chunks

    /// What two bits say of a packet.
    public enum Symbol: UInt16, Sendable {
        case lost, small, large, reserved

        /// Of a packet that came, by the size of its delta.
        public init(delta: Int16) { self = (0...255).contains(delta) ? .small : .large }
    }

    /// The chunk that holds most of the packets from `index` on, and how many.
    public static func chunk(from index: Int, to end: Int, _ symbol: (Int) -> Symbol) -> (chunk: UInt16, count: Int) {
        let first = symbol(index)
        var run = 1
        while index &+ run < end, run < 0x1FFF, symbol(index &+ run) == first { run &+= 1 }
        let ahead = min(14, end &- index)
        var isPlain = true
        for place in 0..<ahead where symbol(index &+ place) == .large { isPlain = false }
        let held = isPlain ? ahead : min(7, end &- index)
        if run >= held { return (first.rawValue << 13 | UInt16(truncatingIfNeeded: run), run) }
        var chunk: UInt16 = isPlain ? 0x8000 : 0xC000
        for place in 0..<held {
            chunk |= symbol(index &+ place).rawValue << UInt16(isPlain ? 13 - place : 12 - 2 * place)
        }
        return (chunk, held)
    }

    private func symbol(_ index: Int) -> Symbol {
        switch arrivals[index] {
        case .lost: .lost
        case .received(let delta): Symbol(delta: delta)
        }
    }

    /// At most 65,535 packets are written.
    public func write(to writer: inout ByteWriter) {
        let count = min(arrivals.count, 65_535)
        writer.writeRTCP(.transportFeedback, count: Int(RTCPFeedbackFormat.transportWideFeedback)) { writer in
            writer.write(senderSSRC.rawValue)
            writer.write(mediaSSRC.rawValue)
            writer.write(baseSequence)
            writer.write(UInt16(count))
            writer.write(UInt32(bitPattern: referenceTime) << 8 | UInt32(feedbackCount))
            var index = 0
            while index < count {
                let (chunk, held) = Self.chunk(from: index, to: count, symbol)
                writer.write(chunk)
                index += held
            }
            for arrival in arrivals.prefix(count) {
                guard case .received(let delta) = arrival else { continue }
                switch Symbol(delta: delta) {
                case .small: writer.write(UInt8(truncatingIfNeeded: delta))
                default: writer.write(UInt16(bitPattern: delta))
                }
            }
            while writer.bytes.count % 4 != 0 { writer.write(UInt8(0)) }
        }
    }
}

extension RTCPHeaderView {
    /// Transport-wide feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01 section 3.1).
    public var isTransportWideFeedback: Bool {
        type == .transportFeedback && count == RTCPFeedbackFormat.transportWideFeedback
    }
}

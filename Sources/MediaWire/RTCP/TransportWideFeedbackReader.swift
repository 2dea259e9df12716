/// Reads transport-wide feedback in place, packet by packet (draft-holmer-rmcat-transport-wide-cc-extensions-01 section 3.1).
///
/// It is made only of feedback that is whole: chunks and deltas for as many packets as it counts.
public struct TransportWideFeedbackReader: ~Escapable {
    public let senderSSRC: SSRC
    public let mediaSSRC: SSRC
    /// The transport-wide number of the first packet.
    public let baseSequence: UInt16
    /// Packets that it speaks of.
    public let packetCount: Int
    /// In units of 64 ms, 24 bits and signed, from a moment of the receiver's choice.
    public let referenceTime: Int32
    /// Counts feedback packets, so that lost ones show.
    public let feedbackCount: UInt8

    private let datagram: RawSpan
    private var chunkOffset: Int
    private var deltaOffset: Int
    private var chunk: UInt16 = 0
    /// Symbols of the chunk that are still to be read, and the place of the next.
    private var rest = 0
    private var place = 0
    private var count = 0

    /// Nil if the packet is not whole feedback of this kind.
    @_lifetime(copy datagram)
    public init?(_ header: RTCPHeaderView, in datagram: RawSpan) {
        let start = header.body.lowerBound
        guard header.isTransportWideFeedback, header.body.count >= 16, let sender = header.senderSSRC(in: datagram),
            let media = header.mediaSSRC(in: datagram), let base = datagram.uint16(at: start &+ 8),
            let count = datagram.uint16(at: start &+ 10), Int(count) <= TransportWideFeedback.maximumPackets,
            let times = datagram.uint32(at: start &+ 12)
        else { return nil }
        senderSSRC = sender
        mediaSSRC = media
        baseSequence = base
        packetCount = Int(count)
        referenceTime = Int32(bitPattern: times) >> 8
        feedbackCount = UInt8(truncatingIfNeeded: times)
        self.datagram = datagram
        chunkOffset = start &+ 16
        let end = header.body.upperBound
        guard let sizes = Self.measure(Int(count), in: datagram, from: start &+ 16, to: end) else { return nil }
        deltaOffset = start &+ 16 &+ sizes.chunks
        guard deltaOffset &+ sizes.deltas <= end else { return nil }
    }

    /// What it says of the next packet; nil behind the last.
    @_lifetime(self: copy self)
    public mutating func next() -> TransportWideFeedback.Arrival? {
        guard count < packetCount else { return nil }
        if rest == 0 {
            guard let word = datagram.uint16(at: chunkOffset) else { return nil }
            chunk = word
            chunkOffset &+= 2
            rest = Self.held(word)
            place = 0
        }
        let symbol = Self.symbol(place, of: chunk)
        rest &-= 1
        place &+= 1
        count &+= 1
        switch symbol {
        case .small:
            guard let delta = datagram.uint8(at: deltaOffset) else { return nil }
            deltaOffset &+= 1
            return .received(delta: Int16(delta))
        case .large:
            guard let delta = datagram.uint16(at: deltaOffset) else { return nil }
            deltaOffset &+= 2
            return .received(delta: Int16(bitPattern: delta))
        case .lost, .reserved: return .lost
        }
    }

    /// Bytes of the chunks for `count` packets and of their deltas; nil if a chunk is missing or holds what it must not.
    private static func measure(
        _ count: Int, in datagram: RawSpan, from start: Int, to end: Int
    ) -> (chunks: Int, deltas: Int)? {
        var offset = start
        var covered = 0
        var deltas = 0
        while covered < count {
            guard offset &+ 2 <= end, let chunk = datagram.uint16(at: offset) else { return nil }
            offset &+= 2
            let taken = min(held(chunk), count &- covered)
            guard taken > 0 else { return nil }
            covered &+= taken
            // Those of a run are all alike.
            let isRun = chunk & 0x8000 == 0
            for place in 0..<(isRun ? 1 : taken) {
                let symbol = symbol(place, of: chunk)
                guard symbol != .reserved else { return nil }
                deltas &+= (isRun ? taken : 1) &* (symbol == .small ? 1 : symbol == .large ? 2 : 0)
            }
        }
        return (offset &- start, deltas)
    }

    /// Symbols that a chunk has room for.
    private static func held(_ chunk: UInt16) -> Int {
        chunk & 0x8000 == 0 ? Int(chunk & 0x1FFF) : chunk & 0x4000 == 0 ? 14 : 7
    }

    private static func symbol(_ place: Int, of chunk: UInt16) -> TransportWideFeedback.Symbol {
        if chunk & 0x8000 == 0 { return .init(rawValue: chunk >> 13 & 3) ?? .reserved }
        if chunk & 0x4000 == 0 { return chunk >> UInt16(13 &- place) & 1 == 0 ? .lost : .small }
        return .init(rawValue: chunk >> UInt16(12 &- 2 &* place) & 3) ?? .reserved
    }
}

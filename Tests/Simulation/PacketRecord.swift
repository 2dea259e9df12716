import MediaCore
import MediaWire

/// What one hop did with its RTP packets, read off the parts of them that SRTP leaves in the clear.
public struct PacketRecord {
    /// Where a packet stands in the record.
    struct Receipt {
        var ssrc: SSRC
        var index: Int
    }

    /// One packet of one stream, however often it was sent.
    public struct Packet {
        public var sequence: SequenceNumber
        public var timestamp: RTPTimestamp
        /// Names the frame: the capture time in the header extension; 0 without one.
        public var captureTime: UInt64
        public var transmissions = 0
        public var sentAt: Instant
        /// The first time it arrived.
        public var arrivedAt: Instant?
        public var arrivals = 0

        mutating func arrived(at now: Instant) {
            arrivals += 1
            if arrivedAt == nil { arrivedAt = now }
        }
    }

    public struct Stream {
        /// In the order of their numbers, which is that of the first transmissions.
        public internal(set) var packets: [Packet] = []
        private var unwrapper = SequenceUnwrapper()
        private var first: Int64 = 0

        mutating func sent(_ header: RTPHeader, captureTime: UInt64, at now: Instant) -> Int? {
            let number = unwrapper.unwrap(header.sequenceNumber)
            if packets.isEmpty { first = number }
            guard number >= first else { return nil }
            // A sender whose own incoming packets were lost leaves numbers out: they stay without a transmission.
            while first + Int64(packets.count) <= number {
                let sequence = SequenceNumber(UInt16(truncatingIfNeeded: first + Int64(packets.count)))
                packets.append(Packet(sequence: sequence, timestamp: header.timestamp, captureTime: 0, sentAt: now))
            }
            let index = Int(number - first)
            packets[index].transmissions += 1
            packets[index].timestamp = header.timestamp
            packets[index].captureTime = captureTime
            return index
        }

        /// Packets that never arrived, between the first and the last that did: what RFC 3550 calls lost.
        public var lost: Int {
            guard let first = packets.firstIndex(where: { $0.arrivedAt != nil }),
                let last = packets.lastIndex(where: { $0.arrivedAt != nil })
            else { return 0 }
            return packets[first...last].count { $0.arrivedAt == nil }
        }
        /// Different packets that arrived.
        public var received: Int { packets.count { $0.arrivedAt != nil } }
        /// Arrivals beyond the first of each packet.
        public var repeats: Int { packets.reduce(0) { $0 + max(0, $1.arrivals - 1) } }
    }

    public private(set) var streams: [SSRC: Stream] = [:]
    /// Datagrams of RTCP sent.
    public private(set) var controlPackets = 0

    mutating func sent(_ bytes: [UInt8], at now: Instant) -> Receipt? {
        guard DatagramKind(bytes.rawSpan) == .rtp, let header = RTPHeader(bytes.rawSpan) else {
            controlPackets += 1
            return nil
        }
        let captureTime = Self.captureTime(header, bytes)
        guard let index = streams[header.ssrc, default: Stream()].sent(header, captureTime: captureTime, at: now) else {
            return nil
        }
        return Receipt(ssrc: header.ssrc, index: index)
    }

    mutating func arrived(_ receipt: Receipt, at now: Instant) {
        streams[receipt.ssrc]?.packets[receipt.index].arrived(at: now)
    }

    private static func captureTime(_ header: RTPHeader, _ bytes: [UInt8]) -> UInt64 {
        // The only extension that the endpoints of this simulation send.
        guard let range = header.extensionElement(1, in: bytes.rawSpan) else { return 0 }
        return bytes.rawSpan.uint64(at: range.lowerBound) ?? 0
    }
}

internal import MediaWire

/// What left for a peer under transport-wide numbers, until the peer has said when it came
/// (draft-holmer-rmcat-transport-wide-cc-extensions-01). Its memory is asked for once.
struct DepartureHistory {
    /// A packet that left.
    struct Departure: BitwiseCopyable {
        var time: Instant
        /// Bytes of payload; 0 for none, or one that was reported already.
        var bytes: Int32
    }

    /// Packets remembered, a power of two: some seconds of a very fast sender.
    static let capacity = 2_048

    private var departures: [Departure]
    /// Of the packet that leaves next, counted without wrap.
    private var next: Int64

    /// - Parameter first: number of the first packet.
    init(first: UInt16) {
        next = Int64(first)
        departures = Array(
            repeating: Departure(time: Instant(nanoseconds: 0), bytes: 0), count: Self.capacity)
    }

    /// What the next packet is to carry.
    var number: UInt16 { UInt16(truncatingIfNeeded: next) }

    /// The packet under `number` has left.
    mutating func note(bytes: Int, at now: Instant) {
        departures[Int(truncatingIfNeeded: next) & (Self.capacity - 1)] = Departure(
            time: now, bytes: Int32(clamping: max(1, bytes)))
        next &+= 1
    }

    /// The packet of a number without wrap, once.
    mutating func take(_ extended: Int64) -> Departure? {
        guard extended < next, extended >= next &- Int64(Self.capacity) else { return nil }
        let place = Int(truncatingIfNeeded: extended) & (Self.capacity - 1)
        guard departures[place].bytes > 0 else { return nil }
        defer { departures[place].bytes = 0 }
        return departures[place]
    }

    /// The number without wrap that is nearest to the newest.
    func extended(_ number: UInt16) -> Int64 {
        next &+ Int64(SequenceNumber(number).distance(from: SequenceNumber(self.number)))
    }
}

internal import MediaWire

/// When the packets of a transport came, by their transport-wide numbers, until that has been reported
/// (draft-holmer-rmcat-transport-wide-cc-extensions-01). Its memory is asked for once.
struct TransportArrivals {
    /// Numbers remembered, a power of two: several intervals of a very fast sender.
    static let capacity = 2_048
    /// Packets that one report speaks of: with two bytes each it stays within any MTU.
    static let packetsPerReport = 400
    /// Time between two reports, in ns.
    static let interval: Int64 = 50_000_000

    /// In ns; `missing` for what has not come.
    private var times: [Int64]
    /// Of the report that is written: delta of each packet, or `.min` for those that have not come.
    private var deltas: [Int16]
    private var unwrapper = SequenceUnwrapper()
    /// The first number that has not been reported.
    private var next: Int64 = 0
    private var reports: UInt8 = 0

    private static let missing = Int64.min

    init() {
        times = Array(repeating: Self.missing, count: Self.capacity)
        deltas = Array(repeating: .min, count: Self.packetsPerReport)
    }

    /// Something came that no report has spoken of.
    var hasNews: Bool { unwrapper.newest.map { $0 >= next } ?? false }

    /// Notes a packet. One that came long after its neighbours is reported with them once more.
    mutating func record(_ number: UInt16, at now: Instant) {
        let newest = unwrapper.newest
        let extended = unwrapper.unwrap(SequenceNumber(number))
        guard let newest else {
            next = extended
            times[place(extended)] = Int64(truncatingIfNeeded: now.nanoseconds)
            return
        }
        if extended > newest {
            var skipped = max(newest &+ 1, extended &- Int64(Self.capacity) &+ 1)
            while skipped < extended {
                times[place(skipped)] = Self.missing
                skipped &+= 1
            }
            next = max(next, extended &- Int64(Self.capacity) &+ 1)
        } else {
            guard extended > newest &- Int64(Self.capacity) / 2 else { return }
            next = min(next, extended)
        }
        times[place(extended)] = Int64(truncatingIfNeeded: now.nanoseconds)
    }

    private func place(_ number: Int64) -> Int { Int(truncatingIfNeeded: number) & (Self.capacity - 1) }

    /// Writes a report of what came since the last one. False, with nothing written, if nothing came.
    mutating func writeReport(sender: SSRC, media: SSRC, to writer: inout PacketWriter) -> Bool {
        guard let newest = unwrapper.newest, newest >= next else { return false }
        let base = next
        let (count, reference) = measure(from: base, to: newest)
        next = base &+ Int64(count)
        guard let reference else { return false }
        let start = writer.count
        writer.writeHead(.transportFeedback, count: RTCPFeedbackFormat.transportWideFeedback, words: 0)
        writer.write(sender.rawValue)
        writer.write(media.rawValue)
        writer.write(UInt16(truncatingIfNeeded: base))
        writer.write(UInt16(truncatingIfNeeded: count))
        writer.write(UInt32(truncatingIfNeeded: reference) << 8 | UInt32(reports))
        var index = 0
        while index < count {
            let (chunk, held) = TransportWideFeedback.chunk(from: index, to: count) { place in
                deltas[place] == .min ? .lost : .init(delta: deltas[place])
            }
            writer.write(chunk)
            index &+= held
        }
        for place in 0..<count where deltas[place] != .min {
            switch TransportWideFeedback.Symbol(delta: deltas[place]) {
            case .small: writer.write(UInt8(truncatingIfNeeded: deltas[place]))
            default: writer.write(UInt16(bitPattern: deltas[place]))
            }
        }
        writer.padToWord()
        writer.patch(UInt16(truncatingIfNeeded: (writer.count &- start) / 4 &- 1), at: start &+ 2)
        reports &+= 1
        return true
    }

    /// Fills `deltas` from `base` on, as far as one report reaches; answers for how many packets, and the reference time, nil if none
    /// of them came.
    private mutating func measure(from base: Int64, to newest: Int64) -> (count: Int, reference: Int64?) {
        var reference: Int64?
        // In units of a delta, as the receiver of the report adds them up.
        var ticks: Int64 = 0
        var count = 0
        while count < Self.packetsPerReport, base &+ Int64(count) <= newest {
            let time = times[place(base &+ Int64(count))]
            guard time != Self.missing else {
                deltas[count] = .min
                count &+= 1
                continue
            }
            if reference == nil {
                let unit = time / TransportWideFeedback.referenceUnit
                reference = unit
                ticks = unit &* (TransportWideFeedback.referenceUnit / TransportWideFeedback.deltaUnit)
            }
            let delta = time / TransportWideFeedback.deltaUnit &- ticks
            // A longer pause begins another report.
            guard delta > Int64(Int16.min), delta <= Int64(Int16.max) else { break }
            deltas[count] = Int16(truncatingIfNeeded: delta)
            ticks &+= delta
            count &+= 1
        }
        return (count, reference)
    }
}

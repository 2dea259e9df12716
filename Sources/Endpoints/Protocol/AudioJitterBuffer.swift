internal import MediaCore
internal import MediaWire

/// Holds audio packets until their playout time and names the place of lost ones.
///
/// A packet that is merely late while nothing newer has come is not lost: it is played when it comes, so nothing is
/// concealed at the end of a stream or in a pause. Holds at most 256 packets.
struct AudioJitterBuffer {
    struct Packet {
        /// Sequence number without wrap.
        var number: Int64
        var timestamp: RTPTimestamp
        /// Per channel at 48 kHz.
        var samples: Int
        var payload: [UInt8]
        var captureTime: NTPTimestamp?
        var arrival: Instant
    }

    struct Item {
        /// Nil where a packet was lost.
        var data: [UInt8]?
        var samples: Int
        var timestamp: RTPTimestamp
        var captureTime: NTPTimestamp?
        /// Without what is added for sync.
        var due: Instant
        var arrival: Instant?
        var next: [UInt8]?
    }

    static let capacity = 256
    /// A longer run of lost packets is skipped instead of concealed: nobody wants a second of guessed sound.
    private static let longestConcealment: Int64 = 50

    private static let longestWait: Int64 = 2_000_000_000

    private(set) var packetsLate: UInt64 = 0
    private(set) var packetsConcealed: UInt64 = 0
    /// When the next item is due; nil while there is none.
    private(set) var nextTimeout: Instant?
    private var delay: PlayoutDelay
    private let clock = MediaClock(rate: 48_000)
    private var ring: [Packet?] = Array(repeating: nil, count: AudioJitterBuffer.capacity)
    private var next: Int64?
    private var newest = Int64.min
    private var hasPlayed = false
    /// Where the next packet's sound should begin, and the length of the last one.
    private var expected = RTPTimestamp(0)
    private var lastSamples = 960
    private var reference: (timestamp: RTPTimestamp, mediaTime: Int64)?

    init(_ settings: JitterBufferSettings) {
        delay = PlayoutDelay(
            minimumMilliseconds: settings.minimumAudioDelayMilliseconds,
            maximumMilliseconds: settings.maximumAudioDelayMilliseconds)
    }

    var targetDelay: Int64 { delay.target }

    mutating func insert(_ packet: Packet) {
        delay.record(mediaTime: mediaTime(of: packet.timestamp), arrival: packet.arrival)
        if let next {
            if packet.number < next {
                guard !hasPlayed, next &- packet.number < 16 else {
                    packetsLate &+= 1
                    return
                }
                self.next = packet.number
            } else if packet.number &- next >= Int64(Self.capacity) {
                ring = Array(repeating: nil, count: Self.capacity)
                self.next = packet.number
            }
        } else {
            next = packet.number
        }
        newest = max(newest, packet.number)
        ring[slot(packet.number)] = packet
        reference = (packet.timestamp, mediaTime(of: packet.timestamp))
    }

    /// The next item that is due. Call until nil.
    /// - Parameter hold: added to the playout time to stay in sync with video, in nanoseconds.
    mutating func pop(at now: Instant, hold: Int64) -> Item? {
        nextTimeout = nil
        while let next {
            if let packet = packet(next) {
                guard let due = isDue(packet.timestamp, at: now, hold) else { return nil }
                return play(packet, due: due)
            }
            guard let following = firstPacket(after: next) else { return nil }
            let missing = following.number &- next
            let ticks = following.timestamp.distance(from: expected)
            guard hasPlayed, missing <= Self.longestConcealment, ticks > 0 else {
                self.next = following.number
                continue
            }
            guard let due = isDue(expected, at: now, hold) else { return nil }
            return conceal(next, samples: ticks / Int(missing), due: due, following: following)
        }
        return nil
    }

    private mutating func isDue(_ timestamp: RTPTimestamp, at now: Instant, _ hold: Int64) -> Instant? {
        guard let due = delay.playout(of: mediaTime(of: timestamp)) else { return nil }
        let held = due.advanced(byNanoseconds: hold)
        // No sound waits this long: its timestamp is off, and it must not keep those behind it waiting.
        if held.nanoseconds(since: now) > Self.longestWait { return now }
        guard held <= now else {
            nextTimeout = held
            return nil
        }
        return due
    }

    private mutating func play(_ packet: Packet, due: Instant) -> Item {
        ring[slot(packet.number)] = nil
        next = packet.number + 1
        hasPlayed = true
        lastSamples = packet.samples
        expected = packet.timestamp.advanced(by: packet.samples)
        return Item(
            data: packet.payload, samples: packet.samples, timestamp: packet.timestamp,
            captureTime: packet.captureTime, due: due, arrival: packet.arrival,
            next: self.packet(packet.number + 1)?.payload)
    }

    private mutating func conceal(_ number: Int64, samples: Int, due: Instant, following: Packet) -> Item {
        // Opus packets last 2.5 to 120 ms; anything else means that silence was left out as well.
        let samples = 120...5_760 ~= samples ? samples : lastSamples
        let timestamp = expected
        next = number + 1
        expected = expected.advanced(by: samples)
        packetsConcealed &+= 1
        return Item(
            data: nil, samples: samples, timestamp: timestamp, due: due,
            next: following.number == number + 1 ? following.payload : nil)
    }

    private func firstPacket(after number: Int64) -> Packet? {
        guard newest > number else { return nil }
        return ((number + 1)...newest).lazy.compactMap { packet($0) }.first
    }

    /// Nanoseconds from the first packet's timestamp, across any number of wraps.
    private func mediaTime(of timestamp: RTPTimestamp) -> Int64 {
        guard let reference else { return 0 }
        return reference.mediaTime &+ clock.nanoseconds(timestamp.distance(from: reference.timestamp))
    }

    private func slot(_ number: Int64) -> Int { Int(truncatingIfNeeded: number & Int64(Self.capacity - 1)) }

    private func packet(_ number: Int64) -> Packet? {
        guard let packet = ring[slot(number)], packet.number == number else { return nil }
        return packet
    }
}

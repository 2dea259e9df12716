internal import MediaCore
internal import MediaWire

/// Puts video packets in order and hands whole frames out, in order.
///
/// Without loss it adds no delay: a frame leaves with its last packet. At a gap it waits for the missing packets, at
/// most `wait` from the first packet behind the gap; then the damaged frame is given up and a keyframe is needed, while
/// later whole frames still go out. Nothing goes out before the first keyframe. Holds at most 1,024 packets.
struct VideoJitterBuffer {
    struct Packet {
        /// Sequence number without wrap.
        var number: Int64
        var timestamp: RTPTimestamp
        var marker: Bool
        var payload: [UInt8]
        var captureTime: NTPTimestamp?
        var arrival: Instant
        /// Nil for payloads that are not VP8.
        var descriptor: VP8PayloadDescriptor?
        var startsKeyframe: Bool

        init(
            number: Int64, timestamp: RTPTimestamp, marker: Bool, payload: [UInt8], captureTime: NTPTimestamp?,
            arrival: Instant
        ) {
            self.number = number
            self.timestamp = timestamp
            self.marker = marker
            self.payload = payload
            self.captureTime = captureTime
            self.arrival = arrival
            let descriptor = VP8PayloadDescriptor(payload.rawSpan)
            self.descriptor = descriptor
            startsKeyframe = VP8Depacketizer.startsKeyframe(payload.rawSpan)
        }

        var startsFrame: Bool { descriptor.map { $0.startOfPartition && $0.partitionIndex == 0 } ?? false }
    }

    struct Frame {
        var data: [UInt8]
        var isKeyframe: Bool
        var timestamp: RTPTimestamp
        var captureTime: NTPTimestamp?
        var packetCount: Int
        /// Frames given up since the previous one.
        var missingBefore: Int
    }

    static let capacity = 1_024

    /// True from a loss, or the first packet, until a keyframe has gone out.
    private(set) var needsKeyframe = false
    private(set) var framesDropped: UInt64 = 0
    private(set) var packetsLate: UInt64 = 0

    private let wait: Int64
    private var ring: [Packet?]
    /// First packet of the frame whose turn it is; nil until a keyframe has begun to come.
    private var next: Int64?
    private var newest = Int64.min
    /// The gap that holds everything up, and until when.
    private var hole: (number: Int64, deadline: Instant)?
    private var hasKeyframe = false
    private var isDamaged = false
    private var lastPictureID: (value: UInt16, is15Bit: Bool)?

    init(waitMilliseconds: Int64) {
        wait = waitMilliseconds &* 1_000_000
        ring = Array(repeating: nil, count: Self.capacity)
    }

    /// When a wait ends; nil while nothing is waited for.
    var nextTimeout: Instant? { hole?.deadline }

    mutating func insert(_ packet: Packet) {
        if let next {
            guard packet.number >= next else {
                packetsLate &+= 1
                return
            }
            if packet.number &- next >= Int64(Self.capacity) { skip(to: packet.number) }
        } else if packet.startsKeyframe {
            next = packet.number
        } else {
            needsKeyframe = true
            if packet.marker { framesDropped &+= 1 }
        }
        newest = max(newest, packet.number)
        ring[slot(packet.number)] = packet
    }

    /// The next whole frame, if its turn has come. Call until nil.
    mutating func pop(at now: Instant) -> Frame? {
        while let next {
            guard let first = packet(next) else {
                guard giveUp(hole: next, at: now) else { return nil }
                continue
            }
            guard first.startsFrame else {
                // The rest of a damaged frame, or padding between frames.
                if !first.payload.isEmpty { noteDamage() }
                remove(next)
                self.next = next + 1
                continue
            }
            let (end, isWhole) = extent(from: next, timestamp: first.timestamp)
            if isWhole {
                hole = nil
                if let frame = take(next...end) { return frame }
            } else if !giveUp(hole: end + 1, at: now) {
                return nil
            }
        }
        return nil
    }

    /// The last packet in unbroken order of the frame that begins at `start`, and whether it is the frame's last.
    private func extent(from start: Int64, timestamp: RTPTimestamp) -> (end: Int64, isWhole: Bool) {
        var end = start
        while let packet = packet(end) {
            if packet.marker { return (end, true) }
            guard let following = self.packet(end + 1) else { break }
            // A sender that sets no marker: the next frame shows where this one ended.
            if following.startsFrame || following.timestamp != timestamp { return (end, true) }
            end += 1
        }
        return (end, false)
    }

    private mutating func take(_ numbers: ClosedRange<Int64>) -> Frame? {
        var payloads: [[UInt8]] = []
        var captureTime: NTPTimestamp?
        let timestamp = packet(numbers.lowerBound)?.timestamp ?? RTPTimestamp(0)
        for number in numbers {
            guard let packet = packet(number) else { continue }
            payloads.append(packet.payload)
            captureTime = captureTime ?? packet.captureTime
            remove(number)
        }
        next = numbers.upperBound + 1
        guard let frame = try? VP8Depacketizer.assemble(payloads), hasKeyframe || frame.isKeyframe else {
            framesDropped &+= 1
            noteDamage()
            return nil
        }
        let missing = missingFrames(before: frame.descriptor)
        framesDropped &+= UInt64(missing)
        isDamaged = false
        if frame.isKeyframe {
            hasKeyframe = true
            needsKeyframe = false
        }
        return Frame(
            data: frame.data, isKeyframe: frame.isKeyframe, timestamp: timestamp, captureTime: captureTime,
            packetCount: payloads.count, missingBefore: missing)
    }

    /// Frames lost since the last one: picture ids count them (RFC 7741 section 4.2); without ids, at least one.
    private mutating func missingFrames(before descriptor: VP8PayloadDescriptor) -> Int {
        let previous = lastPictureID
        lastPictureID = descriptor.pictureID.map { ($0, descriptor.pictureIDIs15Bit) }
        guard isDamaged, hasKeyframe else { return 0 }
        guard let previous, let current = lastPictureID, previous.is15Bit == current.is15Bit else { return 1 }
        let mask: UInt16 = current.is15Bit ? 0x7FFF : 0x7F
        let missing = Int((current.value &- previous.value &- 1) & mask)
        // A jump of the ids is a new numbering, not thousands of lost frames.
        return missing > Self.capacity ? 1 : missing
    }

    /// Gives the gap at `number` up if its time has come: on to the first packet behind it.
    private mutating func giveUp(hole number: Int64, at now: Instant) -> Bool {
        guard newest > number else {
            hole = nil
            return false
        }
        let deadline: Instant
        if let hole, hole.number == number {
            deadline = hole.deadline
        } else {
            let behind = ((number + 1)...newest).compactMap { packet($0)?.arrival }
            deadline = (behind.min() ?? now).advanced(byNanoseconds: wait)
            hole = (number, deadline)
        }
        guard deadline <= now, var position = next else { return false }
        while position <= newest, position <= number || packet(position) == nil {
            remove(position)
            position += 1
        }
        next = position
        hole = nil
        noteDamage()
        return true
    }

    /// An outage longer than the buffer: nothing in it will ever be whole.
    private mutating func skip(to number: Int64) {
        ring = Array(repeating: nil, count: Self.capacity)
        next = number
        hole = nil
        noteDamage()
    }

    private mutating func noteDamage() {
        isDamaged = true
        needsKeyframe = true
    }

    private func slot(_ number: Int64) -> Int { Int(truncatingIfNeeded: number & Int64(Self.capacity - 1)) }

    private func packet(_ number: Int64) -> Packet? {
        guard let packet = ring[slot(number)], packet.number == number else { return nil }
        return packet
    }

    private mutating func remove(_ number: Int64) {
        if packet(number) != nil { ring[slot(number)] = nil }
    }
}

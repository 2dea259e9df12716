public import MediaWire

/// Finds the holes in one incoming RTP stream and says which packets to ask for again, when, and when to give up
/// (RFC 4585 section 6.2.1).
///
/// Holds at most `Limits.gaps` missing numbers in storage made once; a stream without loss costs one comparison per
/// packet. When the list is full the oldest holes are abandoned. Allocates nothing after `init`.
public struct NackGenerator: Sendable {
    public struct Limits: Sendable {
        /// Missing numbers remembered at once.
        public var gaps = 256
        /// A hole older than this is abandoned.
        public var ageMilliseconds: Int64 = 1_000
        /// Requests for one packet.
        public var requests = 10
        /// Time that a packet out of order has to arrive by itself before it is asked for.
        public var reorderingMilliseconds: Int64 = 5
        /// Least time between two requests for one packet.
        public var spacingMilliseconds: Int64 = 20
        /// Round trip assumed while none is known.
        public var assumedRoundTripMilliseconds: Int64 = 100

        public init() {}
    }

    /// What a packet's number meant to the list.
    public enum Arrival: Sendable, Equatable {
        /// The next number, or the first of the stream.
        case inOrder
        /// Newer than the next: this many numbers are missing before it.
        case gap(Int)
        /// Late by itself, before it was asked for.
        case reordered
        /// Came after it was asked for.
        case recovered
        /// A repeat, or a hole that was given up.
        case unexpected
    }

    private struct Gap {
        var number: Int64
        var found: Instant
        var due: Instant
        var lastRequest: Instant
        var requests: Int
    }

    /// Packets that came after a request.
    public private(set) var recovered: UInt64 = 0
    /// Packets given up: too old, asked for too often, or pushed out of a full list.
    public private(set) var abandoned: UInt64 = 0
    /// Packets asked for, repeats included.
    public private(set) var requested: UInt64 = 0
    /// Smoothed time from a first request to the packet, in nanoseconds; nil until one was answered.
    public private(set) var measuredRoundTrip: Int64?

    private let limits: Limits
    private var unwrapper = SequenceUnwrapper()
    /// In ascending order of number.
    private var gaps: [Gap] = []

    /// When `due` has something to do: a request, or a hole to give up. May be early, never late; nil without holes.
    public private(set) var nextTimeout: Instant?

    public init(_ limits: Limits = Limits()) {
        self.limits = limits
        gaps.reserveCapacity(max(1, limits.gaps))
    }

    /// Numbers missing now.
    public var missingCount: Int { gaps.count }

    /// True while `sequence` is missing and not given up.
    public func isMissing(_ sequence: SequenceNumber) -> Bool { index(of: unwrapper.peek(sequence)) != nil }

    /// Notes a packet that has passed authentication.
    @discardableResult
    public mutating func received(_ sequence: SequenceNumber, at now: Instant) -> Arrival {
        guard let newest = unwrapper.newest else {
            _ = unwrapper.unwrap(sequence)
            return .inOrder
        }
        let number = unwrapper.unwrap(sequence)
        if number == newest &+ 1 { return .inOrder }
        if number <= newest { return fill(number, at: now) }
        open((newest &+ 1)..<number, at: now)
        return .gap(Int(truncatingIfNeeded: number &- newest &- 1))
    }

    /// Goes on at `sequence` without asking for what lies before it: those packets were dropped on purpose.
    public mutating func skip(to sequence: SequenceNumber) {
        guard let newest = unwrapper.newest else { return }
        let number = unwrapper.peek(sequence)
        if number > newest &+ 1 { _ = unwrapper.unwrap(SequenceNumber(UInt16(truncatingIfNeeded: number &- 1))) }
    }

    private mutating func fill(_ number: Int64, at now: Instant) -> Arrival {
        guard let index = index(of: number) else { return .unexpected }
        let gap = gaps.remove(at: index)
        if gaps.isEmpty { nextTimeout = nil }
        guard gap.requests > 0 else { return .reordered }
        recovered &+= 1
        // Only an answer to a single request belongs to that request for certain (Karn's rule).
        if gap.requests == 1 {
            let sample = max(0, now.nanoseconds(since: gap.lastRequest))
            measuredRoundTrip = measuredRoundTrip.map { $0 &+ (sample &- $0) / 8 } ?? sample
        }
        return .recovered
    }

    private mutating func open(_ missing: Range<Int64>, at now: Instant) {
        let capacity = max(1, limits.gaps)
        let kept = max(missing.lowerBound, missing.upperBound &- Int64(capacity))
        abandoned &+= UInt64(kept &- missing.lowerBound)
        let excess = gaps.count + Int(missing.upperBound &- kept) - capacity
        if excess > 0 {
            gaps.removeFirst(excess)
            abandoned &+= UInt64(excess)
        }
        let due = now.advanced(byMilliseconds: limits.reorderingMilliseconds)
        for number in kept..<missing.upperBound {
            gaps.append(Gap(number: number, found: now, due: due, lastRequest: now, requests: 0))
        }
        nextTimeout = nextTimeout.map { min($0, due) } ?? due
    }

    /// Appends the numbers to ask for now, and gives up those beyond their limits. Calling early is harmless.
    ///
    /// - Parameters:
    ///   - roundTrip: to the peer that is asked, in nanoseconds; nil takes what the generator measured itself.
    ///   - lost: in ascending order; the caller empties it and keeps its capacity.
    public mutating func due(at now: Instant, roundTrip: Int64? = nil, into lost: inout [SequenceNumber]) {
        guard let timeout = nextTimeout, timeout <= now else { return }
        let known = roundTrip ?? measuredRoundTrip ?? limits.assumedRoundTripMilliseconds &* 1_000_000
        let shortest = limits.spacingMilliseconds &* 1_000_000
        // A quarter more than the round trip, so that an answer under way is not asked for again.
        let spacing = max(shortest, min(known, 10_000_000_000) &* 5 / 4)
        let oldest = limits.ageMilliseconds &* 1_000_000

        var earliest: Instant?
        var kept = 0
        for index in gaps.indices {
            var gap = gaps[index]
            let isOver =
                now.nanoseconds(since: gap.found) >= oldest
                || gap.requests >= limits.requests && gap.due <= now
            guard !isOver else {
                abandoned &+= 1
                continue
            }
            if gap.due <= now {
                lost.append(SequenceNumber(UInt16(truncatingIfNeeded: gap.number)))
                requested &+= 1
                gap.requests &+= 1
                gap.lastRequest = now
                gap.due = now.advanced(byNanoseconds: spacing)
            }
            let next = min(gap.due, gap.found.advanced(byNanoseconds: oldest))
            earliest = earliest.map { min($0, next) } ?? next
            gaps[kept] = gap
            kept += 1
        }
        gaps.removeLast(gaps.count - kept)
        nextTimeout = earliest
    }

    /// Gives up every hole older than `sequence`: a keyframe has made them needless.
    public mutating func abandon(before sequence: SequenceNumber) {
        let number = unwrapper.peek(sequence)
        let count = gaps.prefix { $0.number < number }.count
        gaps.removeFirst(count)
        abandoned &+= UInt64(count)
        if gaps.isEmpty { nextTimeout = nil }
    }

    /// Binary search.
    private func index(of number: Int64) -> Int? {
        var low = 0
        var high = gaps.count
        while low < high {
            let middle = (low + high) / 2
            if gaps[middle].number < number { low = middle + 1 } else { high = middle }
        }
        return low < gaps.count && gaps[low].number == number ? low : nil
    }
}

internal import MediaWire

/// Unprotects what one peer sends under one master key: RTP and RTCP of a number of SSRCs (RFC 3711, RFC 7714).
///
/// Replay protection and rollover are kept per SSRC. A packet that fails changes nothing but the counters; what stands
/// in its memory afterwards is unspecified, but never text that was not authenticated.
public struct SRTPReceiver: ~Copyable {
    private let library: LibSRTPContext?
    private var transforms: SRTPSessionTransforms
    /// The SSRCs that have passed authentication. None is ever forgotten.
    private var streams = SRTPStreams<SRTPIncomingStream>(limit: SRTPReceiver.maximumStreams)
    public let profile: SRTPProfile
    /// What does the work: the one asked for, or `openssl` where that is not available.
    public let backend: SRTPBackend
    /// Packets whose tag did not fit.
    public private(set) var authenticationFailures: UInt64 = 0
    /// Packets seen before or older than the window.
    public private(set) var replays: UInt64 = 0
    /// Packets too short or with lengths that lie.
    public private(set) var malformed: UInt64 = 0

    /// SSRCs that one peer may use under one key; packets of more are refused with `.limit`.
    public static let maximumStreams = 64

    /// - Throws: `SRTPError` if the library refuses the key.
    public init(_ key: SRTPKey, backend: SRTPBackend = .best) throws(SRTPError) {
        self.backend = backend.orFallback
        library = backend == .libsrtp ? try LibSRTPContext(key, inbound: true) : nil
        transforms = SRTPSessionTransforms(key, opening: true, backend: self.backend)
        profile = key.profile
        gainsFromBursts = self.backend.hasBursts && !profile.isAEAD
    }

    /// Works out the keys for RTCP, and for RTP if there will be some, ahead of the first packet, which would wait for it.
    mutating func prepare(rtp: Bool) {
        if library == nil { transforms.prepare(rtp: rtp) }
        streams.prepare()
    }

    /// Where the keys of RTP stand, for bringing them near; nil if they are not worked out yet.
    var keysOfRTP: UnsafeRawPointer? { unsafe transforms.keysOfRTP }

    /// Brings near what is remembered of the stream of the next RTP packet.
    @inline(__always)
    func prefetchStream() { streams.prefetch() }

    /// Unprotects an RTP packet in place.
    public mutating func unprotectRTP(_ packet: UnsafeMutableRawBufferPointer) -> SRTPOutcome {
        guard let header = unsafe RTPHeader(RawSpan(_unsafeBytes: UnsafeRawBufferPointer(packet))) else {
            return count(.malformed)
        }
        return unsafe unprotectRTP(packet, header)
    }

    /// As `unprotectRTP(_:)`, for a packet whose header was read.
    @inline(__always)
    mutating func unprotectRTP(_ packet: UnsafeMutableRawBufferPointer, _ header: RTPHeader) -> SRTPOutcome {
        guard hasRoom(packet.count, header) else { return count(.malformed) }
        return count(unsafe open(packet, header))
    }

    /// True if `begin`, `SRTPBurst` and `finish` are faster than `unprotectRTP`. They take the same packets either way.
    public let gainsFromBursts: Bool

    /// Starts a job of `SRTPJob.init(packet:)`: what is faster packet by packet is done here, the rest by
    /// `SRTPBurst.run`. Hand the job to `finish` after that. This receiver must live until then.
    public mutating func begin(_ job: inout SRTPJob) {
        let packet = unsafe UnsafeRawBufferPointer(start: job.packet, count: job.capacity)
        guard let header = unsafe RTPHeader(RawSpan(_unsafeBytes: packet)) else {
            unsafe job.state = .done
            return unsafe job.outcome = count(.malformed)
        }
        unsafe begin(&job, header)
    }

    /// As `begin(_:)`, for a packet whose header was read.
    mutating func begin(_ job: inout SRTPJob, _ header: RTPHeader) {
        unsafe job.state = .done
        let packet = unsafe UnsafeMutableRawBufferPointer(start: job.packet, count: job.capacity)
        guard library == nil, let block = unsafe transforms.forRTP(), unsafe block.runsInBursts else {
            unsafe job.outcome = unsafe unprotectRTP(packet, header)
            return
        }
        guard hasRoom(packet.count, header) else { return unsafe job.outcome = count(.malformed) }
        let stream = unsafe streams.find(header.ssrc)
        guard unsafe stream != nil || !streams.isFull else { return unsafe job.outcome = .limit }
        let index = SRTPIndex.estimate(header.sequenceNumber, newest: unsafe stream?.pointee.rtp.newest ?? 0)
        guard index <= SRTPIndex.last else { return unsafe job.outcome = .limit }
        unsafe job.headerLength = Int(header.headerLength)
        let isNew = unsafe stream?.pointee.rtp.accepts(index) ?? true
        unsafe job.leave(block, ssrc: header.ssrc, index: index, as: isNew ? .opening : .behind)
    }

    /// Accepts what a burst has opened. Jobs of one stream are finished in the order in which they arrived: a packet
    /// that came twice in one burst is refused here.
    public mutating func finish(_ job: inout SRTPJob) {
        switch unsafe job.state {
        case .done: return
        case .opened:
            unsafe job.outcome = count(accept(SSRC(job.ssrc), job.index, length: job.capacity &- profile.rtpOverhead))
        // The first packets of a stream, or some after long gaps, may have changed what this number stands for. The packet is
        // as it came.
        case .refused: unsafe job.outcome = count(openAgain(job, otherwise: .authenticationFailure))
        case .behind: unsafe job.outcome = count(openAgain(job, otherwise: .replay))
        case .sealing, .opening: unsafe job.outcome = .limit
        }
        unsafe job.state = .done
    }

    /// Unprotects an RTCP packet (compound or reduced size) in place.
    public mutating func unprotectRTCP(_ packet: UnsafeMutableRawBufferPointer) -> SRTPOutcome {
        count(unsafe openRTCP(packet))
    }

    private mutating func openRTCP(_ packet: UnsafeMutableRawBufferPointer) -> SRTPOutcome {
        // The first eight bytes stay clear (RFC 3711 section 3.4).
        let span = unsafe RawSpan(_unsafeBytes: UnsafeRawBufferPointer(packet))
        let length = span.byteCount
        // Encryption was agreed upon, so a packet that says it is only authenticated does not belong here (RFC 4568
        // section 6.3.2).
        guard length >= SRTPProfile.clearRTCP &+ profile.rtcpOverhead, length <= SRTPSender.maximumLength,
            let sender = span.uint32(at: 4).map(SSRC.init(rawValue:)),
            let flagged = span.uint32(at: length &- profile.rtcpIndexDistance), flagged & 0x8000_0000 != 0,
            let base = packet.baseAddress
        else { return .malformed }
        var stream = unsafe streams.find(sender)
        guard unsafe stream != nil || !streams.isFull else { return .limit }
        if library != nil {
            let outcome = unsafe library?.unprotectRTCP(packet) ?? .limit
            if unsafe stream == nil, case .success = outcome { _ = unsafe streams.add(sender) }
            return outcome
        }
        let index = flagged & SRTPIndex.lastOfRTCP
        guard unsafe stream?.pointee.rtcp.accepts(UInt64(index)) ?? true else { return .replay }
        guard let block = unsafe transforms.forRTCP() else { return .limit }
        guard unsafe block.openRTCP(base, count: length, ssrc: sender.rawValue, index: index) else {
            return .authenticationFailure
        }
        if unsafe stream == nil { unsafe stream = streams.add(sender) }
        unsafe stream?.pointee.rtcp.take(UInt64(index))
        return .success(length: length &- profile.rtcpOverhead)
    }

    /// Unprotects an RTP packet and cuts the array to the plain packet. On failure its content is unspecified.
    public mutating func unprotectRTP(_ packet: inout [UInt8]) -> SRTPOutcome {
        let outcome = unsafe packet.withUnsafeMutableBytes { unsafe unprotectRTP($0) }
        return Self.trim(&packet, outcome)
    }

    /// Unprotects an RTCP packet and cuts the array to the plain packet. On failure its content is unspecified.
    public mutating func unprotectRTCP(_ packet: inout [UInt8]) -> SRTPOutcome {
        let outcome = unsafe packet.withUnsafeMutableBytes { unsafe unprotectRTCP($0) }
        return Self.trim(&packet, outcome)
    }

    /// A packet of this length has room for header and tag.
    @inline(__always)
    private func hasRoom(_ length: Int, _ header: RTPHeader) -> Bool {
        length <= SRTPSender.maximumLength && length >= Int(header.headerLength) &+ profile.rtpOverhead
    }

    /// The one way for RTP packet by packet.
    @inline(__always)
    private mutating func open(_ packet: UnsafeMutableRawBufferPointer, _ header: RTPHeader) -> SRTPOutcome {
        let stream = unsafe streams.find(header.ssrc)
        guard unsafe stream != nil || !streams.isFull else { return .limit }
        if library != nil {
            let outcome = unsafe library?.unprotectRTP(packet) ?? .limit
            if unsafe stream == nil, case .success = outcome { _ = unsafe streams.add(header.ssrc) }
            return outcome
        }
        let index = SRTPIndex.estimate(header.sequenceNumber, newest: unsafe stream?.pointee.rtp.newest ?? 0)
        guard index <= SRTPIndex.last, let block = unsafe transforms.forRTP(), let base = packet.baseAddress else {
            return .limit
        }
        guard unsafe stream?.pointee.rtp.accepts(index) ?? true else { return .replay }
        guard
            unsafe block.openRTP(
                base, headerLength: Int(header.headerLength), count: packet.count, ssrc: header.ssrc.rawValue,
                index: index)
        else { return .authenticationFailure }
        guard let known = unsafe stream ?? streams.add(header.ssrc) else { return .limit }
        unsafe known.pointee.rtp.take(index)
        return .success(length: packet.count &- profile.rtpOverhead)
    }

    /// Remembers an authenticated packet, unless it was remembered since its replay check.
    @inline(__always)
    private mutating func accept(_ ssrc: SSRC, _ index: UInt64, length: Int) -> SRTPOutcome {
        guard let stream = unsafe streams.find(ssrc) ?? streams.add(ssrc) else { return .limit }
        guard unsafe stream.pointee.rtp.accepts(index) else { return .replay }
        unsafe stream.pointee.rtp.take(index)
        return .success(length: length)
    }

    /// Opens a packet by itself if its number stands for another index by now than when it was begun.
    private mutating func openAgain(_ job: SRTPJob, otherwise outcome: SRTPOutcome) -> SRTPOutcome {
        let packet = unsafe UnsafeMutableRawBufferPointer(start: job.packet, count: job.capacity)
        guard let header = unsafe RTPHeader(RawSpan(_unsafeBytes: UnsafeRawBufferPointer(packet))) else {
            return .malformed
        }
        let newest = unsafe streams.find(header.ssrc)?.pointee.rtp.newest ?? 0
        guard unsafe SRTPIndex.estimate(header.sequenceNumber, newest: newest) != job.index else { return outcome }
        return unsafe open(packet, header)
    }

    private static func trim(_ packet: inout [UInt8], _ outcome: SRTPOutcome) -> SRTPOutcome {
        if case .success(let length) = outcome, length <= packet.count { packet.removeSubrange(length...) }
        return outcome
    }

    @inline(__always)
    private mutating func count(_ outcome: SRTPOutcome) -> SRTPOutcome {
        switch outcome {
        case .success, .limit: break
        case .authenticationFailure: authenticationFailures &+= 1
        case .replay: replays &+= 1
        case .malformed: malformed &+= 1
        }
        return outcome
    }
}

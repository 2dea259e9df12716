internal import MediaWire

/// Protects what goes to one peer under one master key: RTP and RTCP of a number of SSRCs (RFC 3711, RFC 7714).
///
/// The rollover counter follows the sequence numbers given: a number up to 32,768 ahead goes on, one behind belongs to
/// its own cycle. Protecting a number twice is allowed only with the very same bytes (a retransmission without RTX),
/// since the second packet has the nonce of the first; a number 1024 or more behind the newest is refused with
/// `.replay`.
public struct SRTPSender: ~Copyable {
    private let library: LibSRTPContext?
    private var transforms: SRTPSessionTransforms
    private var streams = SRTPStreams<SRTPOutgoingStream>(limit: SRTPSender.maximumStreams)
    public let profile: SRTPProfile
    /// What does the work: the one asked for, or `openssl` where that is not available.
    public let backend: SRTPBackend

    /// SSRCs that may be sent under one key; packets of more are refused with `.limit`.
    public static let maximumStreams = 1024
    /// Numbers that a retransmission may lie behind the newest.
    static let reach: UInt64 = SRTPReplayWindow<16>.span
    /// Bytes of the longest packet, protected: what fits into a UDP datagram. Longer ones are malformed.
    static let maximumLength = 65_535

    /// - Throws: `SRTPError` if the library refuses the key.
    public init(_ key: SRTPKey, backend: SRTPBackend = .best) throws(SRTPError) {
        self.backend = backend.orFallback
        library = backend == .libsrtp ? try LibSRTPContext(key, inbound: false) : nil
        transforms = SRTPSessionTransforms(key, opening: false, backend: self.backend)
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

    /// Protects the RTP packet in the first `length` bytes of the buffer, in place.
    ///
    /// Answers `.limit` if the buffer has no room for `profile.rtpOverhead` bytes more.
    public mutating func protectRTP(_ buffer: UnsafeMutableRawBufferPointer, length: Int) -> SRTPOutcome {
        guard length >= RTPHeader.fixedLength else { return .malformed }
        guard buffer.count >= length &+ profile.rtpOverhead else { return .limit }
        let plain = unsafe UnsafeRawBufferPointer(rebasing: buffer[..<length])
        guard let header = RTPHeader(unsafe RawSpan(_unsafeBytes: plain)) else { return .malformed }
        let payload = unsafe UnsafeRawBufferPointer(rebasing: plain[Int(header.headerLength)...])
        return unsafe protect(buffer, header, payload: payload)
    }

    /// Protects an RTP packet whose header stands in the first `headerLength` bytes of `slot` and whose payload stands
    /// elsewhere, without copying the payload first: header, encrypted payload and tag end up in the slot.
    ///
    /// `payload` holds everything behind the header, padding included, and does not overlap the slot. Answers `.limit`
    /// if the slot has no room for it and `profile.rtpOverhead` bytes more.
    public mutating func protectRTP(
        _ slot: UnsafeMutableRawBufferPointer, headerLength: Int, payload: UnsafeRawBufferPointer
    ) -> SRTPOutcome {
        guard headerLength >= 0, headerLength <= slot.count else { return .malformed }
        let bytes = unsafe UnsafeRawBufferPointer(rebasing: slot[..<headerLength])
        guard let header = RTPHeader(unsafe RawSpan(_unsafeBytes: bytes)), Int(header.headerLength) == headerLength
        else { return .malformed }
        guard slot.count &- headerLength &- profile.rtpOverhead >= payload.count else { return .limit }
        return unsafe protect(slot, header, payload: payload)
    }

    /// True if `begin` and `SRTPBurst` are faster than `protectRTP`. They make the same packets either way.
    public let gainsFromBursts: Bool

    /// Starts a job of `SRTPJob.init(slot:headerLength:payload:)`. Its place in the stream is taken here; whether it is
    /// done here or in `SRTPBurst.run` is decided by what is faster. This sender must live until that has run.
    public mutating func begin(_ job: inout SRTPJob) {
        unsafe job.state = .done
        let headerLength = unsafe job.headerLength
        let slot = unsafe UnsafeMutableRawBufferPointer(start: job.packet, count: job.capacity)
        let payload = unsafe UnsafeRawBufferPointer(start: job.payload, count: job.payloadCount)
        guard library == nil, let block = unsafe transforms.forRTP(), unsafe block.runsInBursts else {
            unsafe job.outcome = unsafe protectRTP(slot, headerLength: headerLength, payload: payload)
            return
        }
        guard headerLength >= 0, headerLength <= slot.count,
            let header = unsafe RTPHeader(
                RawSpan(_unsafeBytes: UnsafeRawBufferPointer(rebasing: slot[..<headerLength]))),
            Int(header.headerLength) == headerLength
        else { return unsafe job.outcome = .malformed }
        guard slot.count &- headerLength &- profile.rtpOverhead >= payload.count else {
            return unsafe job.outcome = .limit
        }
        unsafe begin(&job, block, header.ssrc, header.sequenceNumber)
    }

    /// As `begin(_:)` for a packet whose header the caller has just written. There is room for the tag.
    @inline(__always)
    mutating func begin(_ job: inout SRTPJob, _ ssrc: SSRC, _ sequence: SequenceNumber) {
        guard library == nil, let block = unsafe transforms.forRTP(), unsafe block.runsInBursts else {
            return unsafe begin(&job)
        }
        unsafe begin(&job, block, ssrc, sequence)
    }

    @inline(__always)
    private mutating func begin(_ job: inout SRTPJob, _ block: SRTPKeyBlock, _ ssrc: SSRC, _ sequence: SequenceNumber) {
        var index: UInt64 = 0
        if let refusal = unsafe take(ssrc, sequence, length: job.headerLength &+ job.payloadCount, &index) {
            unsafe job.state = .done
            return unsafe job.outcome = refusal
        }
        unsafe job.leave(block, ssrc: ssrc, index: index, as: .sealing)
    }

    /// The one way for RTP packet by packet: as `protectRTP(_:headerLength:payload:)` for a header that has been read or just
    /// written, and a payload that may stand at its place already. The buffer has room for all.
    @inline(__always)
    mutating func seal(
        _ buffer: UnsafeMutableRawBufferPointer, headerLength: Int, payload: UnsafeRawPointer, count: Int,
        _ ssrc: SSRC, _ sequence: SequenceNumber
    ) -> SRTPOutcome {
        let length = headerLength &+ count
        guard let base = buffer.baseAddress else { return .limit }
        if library != nil {
            return unsafe protectByLibrary(buffer, ssrc, headerLength: headerLength, payload, length: length)
        }
        var index: UInt64 = 0
        if let refusal = take(ssrc, sequence, length: length, &index) { return refusal }
        guard let block = unsafe transforms.forRTP(),
            unsafe block.sealRTP(
                base, headerLength: headerLength, payload: payload, count: count, ssrc: ssrc.rawValue, index: index)
        else { return .limit }
        return .success(length: length &+ profile.rtpOverhead)
    }

    /// Protects the RTCP packet in the first `length` bytes of the buffer, in place.
    ///
    /// Answers `.limit` if the buffer has no room for `profile.rtcpOverhead` bytes more.
    public mutating func protectRTCP(_ buffer: UnsafeMutableRawBufferPointer, length: Int) -> SRTPOutcome {
        guard length >= SRTPProfile.clearRTCP, length <= Self.maximumLength &- profile.rtcpOverhead else {
            return .malformed
        }
        guard buffer.count >= length &+ profile.rtcpOverhead, let base = buffer.baseAddress else { return .limit }
        let ssrc = SSRC(UInt32(bigEndian: unsafe base.loadUnaligned(fromByteOffset: 4, as: UInt32.self)))
        guard let stream = unsafe streams.find(ssrc) ?? streams.add(ssrc) else { return .limit }
        if library != nil { return unsafe library?.protectRTCP(buffer, length: length) ?? .limit }
        guard unsafe stream.pointee.rtcpIndex < SRTPIndex.lastOfRTCP, let block = unsafe transforms.forRTCP() else {
            return .limit
        }
        unsafe stream.pointee.rtcpIndex &+= 1
        guard unsafe block.sealRTCP(base, count: length, ssrc: ssrc.rawValue, index: stream.pointee.rtcpIndex) else {
            return .limit
        }
        return .success(length: length &+ profile.rtcpOverhead)
    }

    /// Protects an RTP packet; the array grows by the overhead. On failure its content is unspecified.
    public mutating func protectRTP(_ packet: inout [UInt8]) -> SRTPOutcome {
        let length = packet.count
        packet.append(contentsOf: repeatElement(0, count: profile.rtpOverhead))
        let outcome = unsafe packet.withUnsafeMutableBytes { unsafe protectRTP($0, length: length) }
        return Self.trim(&packet, outcome)
    }

    /// Protects an RTCP packet; the array grows by the overhead. On failure its content is unspecified.
    public mutating func protectRTCP(_ packet: inout [UInt8]) -> SRTPOutcome {
        let length = packet.count
        packet.append(contentsOf: repeatElement(0, count: profile.rtcpOverhead))
        let outcome = unsafe packet.withUnsafeMutableBytes { unsafe protectRTCP($0, length: length) }
        return Self.trim(&packet, outcome)
    }

    private mutating func protect(
        _ buffer: UnsafeMutableRawBufferPointer, _ header: RTPHeader, payload: UnsafeRawBufferPointer
    ) -> SRTPOutcome {
        // An empty payload may have no address; nothing is read from it then.
        guard let source = unsafe payload.baseAddress ?? UnsafeRawPointer(buffer.baseAddress) else { return .limit }
        return unsafe seal(
            buffer, headerLength: Int(header.headerLength), payload: source, count: payload.count, header.ssrc,
            header.sequenceNumber)
    }

    private mutating func protectByLibrary(
        _ buffer: UnsafeMutableRawBufferPointer, _ ssrc: SSRC, headerLength: Int, _ payload: UnsafeRawPointer,
        length: Int
    ) -> SRTPOutcome {
        guard length <= Self.maximumLength &- profile.rtpOverhead else { return .malformed }
        guard unsafe (streams.find(ssrc) ?? streams.add(ssrc)) != nil, let base = buffer.baseAddress else {
            return .limit
        }
        let place = unsafe base + headerLength
        if unsafe payload != UnsafeRawPointer(place) {
            unsafe place.copyMemory(from: payload, byteCount: length &- headerLength)
        }
        return unsafe library?.protectRTP(buffer, length: length) ?? .limit
    }

    /// Gives a packet its index and moves the stream on; nil, or why the packet is refused.
    @inline(__always)
    private mutating func take(
        _ ssrc: SSRC, _ sequence: SequenceNumber, length: Int, _ index: inout UInt64
    ) -> SRTPOutcome? {
        guard length <= Self.maximumLength &- profile.rtpOverhead else { return .malformed }
        guard let stream = unsafe streams.find(ssrc) ?? streams.add(ssrc) else { return .limit }
        let newest = unsafe stream.pointee.newest
        index = SRTPIndex.estimate(sequence, newest: newest)
        if index > newest {
            guard index <= SRTPIndex.last else { return .limit }
            unsafe stream.pointee.newest = index
        } else if newest &- index >= Self.reach {
            return .replay
        }
        return nil
    }

    private static func trim(_ packet: inout [UInt8], _ outcome: SRTPOutcome) -> SRTPOutcome {
        if case .success(let length) = outcome, length <= packet.count { packet.removeSubrange(length...) }
        return outcome
    }
}

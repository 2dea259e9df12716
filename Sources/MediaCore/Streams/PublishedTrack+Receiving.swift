internal import MediaWire

/// What each packet changes in its track.
extension PublishedTrack {
    /// Counts a packet that has passed authentication; answers its number without wrap.
    @inline(__always)
    mutating func record(_ header: RTPHeader, bytes: Int, path: Path?, at now: Instant) -> Int64 {
        guard
            let (extended, isNewest, isMissingSome) = incoming?.record(
                header, bytes: bytes, clockRate: clockRate, asks: supportsNACK, at: now)
        else { return 0 }
        self.isMissingSome = isMissingSome
        if kind == .video { shedding.note(header.timestamp) }
        // Only the newest packet moves the path, so that stragglers from an old address do not move it back.
        if isNewest, let path, self.path != path { self.path = path }
        return extended
    }

    /// A report, a NACK or a keyframe request may have to be planned.
    @inline(__always)
    var wantsService: Bool {
        !hasReportTimer || keyframes.isWaiting || isMissingSome
    }

    /// True for the first packet of a keyframe.
    @inline(__always)
    mutating func noteKeyframe(_ packet: UnsafeRawBufferPointer, _ payload: Range<Int>) -> Bool {
        // Most packets fail at the first byte: S set, partition 0 (RFC 7741 section 4.2).
        guard kind == .video, !payload.isEmpty, unsafe packet[payload.lowerBound] & 0x17 == 0x10 else { return false }
        let view = unsafe RawSpan(_unsafeBytes: UnsafeRawBufferPointer(rebasing: packet[payload]))
        guard VP8PayloadDescriptor(view)?.startsKeyframe(in: view) ?? false else { return false }
        keyframes.keyframeArrived()
        return true
    }

    /// Keeps a packet for retransmission.
    @inline(__always)
    mutating func keep(
        _ packet: UnsafeRawBufferPointer, extended: Int64, in arena: inout PacketArena,
        _ configuration: RelayConfiguration, at now: Instant
    ) {
        if cache == nil {
            cache = PacketCache(
                packets: kind == .video ? configuration.videoCachePackets : configuration.audioCachePackets)
        }
        unsafe cache?.store(packet, extended: extended, in: &arena, at: now)
    }
}

extension IncomingStream {
    /// True for a packet that is neither new nor missed. Mutating so that the stream is not copied to ask it.
    mutating func has(_ sequence: SequenceNumber) -> Bool {
        guard let newest = unwrapper.newest, unwrapper.peek(sequence) <= newest else { return false }
        return !nacks.isMissing(sequence)
    }

    /// Counts a packet; answers its number without wrap, whether it is the newest, and whether packets are missing.
    @inline(__always)
    mutating func record(
        _ header: RTPHeader, bytes: Int, clockRate: UInt32, asks: Bool, at now: Instant
    ) -> (extended: Int64, isNewest: Bool, isMissingSome: Bool) {
        let newest = unwrapper.newest ?? .min
        let extended = unwrapper.unwrap(header.sequenceNumber)
        reception.record(
            sequence: header.sequenceNumber, timestamp: header.timestamp, arrival: now, clockRate: clockRate,
            bytes: bytes)
        if asks { nacks.received(header.sequenceNumber, at: now) }
        return (extended, extended > newest, nacks.nextTimeout != nil)
    }
}

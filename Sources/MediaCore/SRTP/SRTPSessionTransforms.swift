/// What one master key becomes: transforms for RTP and RTCP, each made when it is foreseen or at the first packet that needs it,
/// so that a leg without media costs next to nothing.
@safe
struct SRTPSessionTransforms: ~Copyable {
    private let key: SRTPKey
    private let opening: Bool
    private let backend: SRTPBackend
    private var rtp: SRTPTransform?
    private var rtcp: SRTPTransform?
    private var rtpBlock: SRTPKeyBlock?
    private var rtcpBlock: SRTPKeyBlock?

    init(_ key: SRTPKey, opening: Bool, backend: SRTPBackend) {
        self.key = key
        self.opening = opening
        self.backend = backend
        rtp = nil
        rtcp = nil
        unsafe rtpBlock = nil
        unsafe rtcpBlock = nil
    }

    /// Makes ready what packets would wait for.
    mutating func prepare(rtp: Bool) {
        if rtp { _ = unsafe forRTP() }
        _ = unsafe forRTCP()
    }

    /// Where the keys of RTP stand; nil if they are not made yet.
    var keysOfRTP: UnsafeRawPointer? { unsafe rtpBlock.map { unsafe UnsafeRawPointer($0.base) } }

    /// The keys of RTP, valid as long as this lives. Nil if a library has no memory.
    @inline(__always)
    mutating func forRTP() -> SRTPKeyBlock? {
        if let rtpBlock = unsafe rtpBlock { return unsafe rtpBlock }
        return unsafe makeRTP()
    }

    @inline(__always)
    mutating func forRTCP() -> SRTPKeyBlock? {
        if let rtcpBlock = unsafe rtcpBlock { return unsafe rtcpBlock }
        return unsafe makeRTCP()
    }

    @inline(never)
    private mutating func makeRTP() -> SRTPKeyBlock? {
        guard let made = make(rtcp: false) else { return nil }
        unsafe rtpBlock = made.block
        rtp = consume made
        return unsafe rtpBlock
    }

    @inline(never)
    private mutating func makeRTCP() -> SRTPKeyBlock? {
        guard let made = make(rtcp: true) else { return nil }
        unsafe rtcpBlock = made.block
        rtcp = consume made
        return unsafe rtcpBlock
    }

    private func make(rtcp: Bool) -> SRTPTransform? {
        guard let keys = SRTPSessionKeys(key, rtcp: rtcp) else { return nil }
        return SRTPTransform(keys, opening: opening, backend: backend)
    }
}

internal import MediaWire

/// A received datagram between two stages of the packet path.
struct StagedPacket {
    enum Kind {
        /// Nothing more is to be done.
        case dropped
        /// RTCP, still protected.
        case control
        /// RTP of a source that is not bound yet, still protected.
        case unbound
        /// RTP of `track`, unprotected.
        case media
        /// RTP of `track`, in the hands of job `job`.
        case opening
        /// STUN.
        case check
        /// DTLS.
        case handshake
    }

    var kind = Kind.dropped
    var track: Int32 = 0
    /// Bytes of the plain packet.
    var length: Int32 = 0
    var job: Int32 = 0
    var header: RTPHeader?
}

/// The memory of the packet path's stages, allocated once: a run of datagrams of one batch, and the SRTP jobs of both directions.
@safe
struct PacketStage: ~Copyable {
    /// Datagrams of one run. Enough to fill the lanes of a multi-buffer cipher, few enough to stay in the nearest cache.
    static let width = 64
    /// Packets whose protection is put off at most.
    static let sealWidth = 128

    /// The datagrams that are staged.
    private(set) var start = 0
    private(set) var end = 0
    private let packets: UnsafeMutablePointer<StagedPacket>
    let openJobs: UnsafeMutablePointer<SRTPJob>
    var openCount = 0
    let sealJobs: UnsafeMutablePointer<SRTPJob>
    var sealCount = 0
    var burst = SRTPBurst()

    init() {
        unsafe packets = .allocate(capacity: Self.width)
        unsafe packets.initialize(repeating: StagedPacket(), count: Self.width)
        unsafe openJobs = .allocate(capacity: Self.width)
        unsafe sealJobs = .allocate(capacity: Self.sealWidth)
    }

    deinit {
        unsafe packets.deallocate()
        unsafe openJobs.deallocate()
        unsafe sealJobs.deallocate()
    }

    /// Inside `receive`: received packets stay where they are, so work on them may be put off.
    var isRunning = false

    mutating func removeAll() {
        start = 0
        end = 0
        openCount = 0
        sealCount = 0
    }

    mutating func begin(from index: Int, count: Int) {
        start = index
        end = index &+ min(count, Self.width)
        openCount = 0
    }

    @inline(__always)
    func holds(_ index: Int) -> Bool { index >= start && index < end }

    /// One more packet may be left to the burst.
    @inline(__always)
    var mayPutOff: Bool { isRunning && sealCount < Self.sealWidth }
    @inline(__always)
    var isSealFull: Bool { sealCount >= Self.sealWidth }

    mutating func putOff(_ job: SRTPJob) {
        guard sealCount < Self.sealWidth else { return }
        unsafe (sealJobs + sealCount).initialize(to: job)
        sealCount &+= 1
    }

    /// A datagram of the run, by its index in the batch.
    subscript(index: Int) -> StagedPacket {
        unsafeAddress {
            precondition(holds(index))
            return unsafe UnsafePointer(packets + (index &- start))
        }
        unsafeMutableAddress {
            precondition(holds(index))
            return unsafe packets + (index &- start)
        }
    }
}

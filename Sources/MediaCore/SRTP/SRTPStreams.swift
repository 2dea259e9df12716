internal import CMemory
internal import MediaWire

/// What a receiver remembers of one SSRC.
struct SRTPIncomingStream: SRTPStream {
    let ssrc: SSRC
    /// Two seconds of video: a sender's retransmissions have to fall into it.
    var rtp = SRTPReplayWindow<16>()
    /// SRTCP begins at any index of the first 128.
    var rtcp = SRTPReplayWindow<2>(newest: 127)

    init(ssrc: SSRC) { self.ssrc = ssrc }
}

/// What a sender remembers of one SSRC.
struct SRTPOutgoingStream: SRTPStream {
    let ssrc: SSRC
    /// The highest index so far.
    var newest: UInt64 = 0
    /// The index of the last SRTCP packet; the first has 1.
    var rtcpIndex: UInt32 = 0

    init(ssrc: SSRC) { self.ssrc = ssrc }
}

protocol SRTPStream {
    var ssrc: SSRC { get }
    init(ssrc: SSRC)
}

/// The streams of one key, in the order in which they came. Allocates only when a stream is added.
@safe
struct SRTPStreams<Stream: SRTPStream>: ~Copyable {
    private var base: UnsafeMutablePointer<Stream>?
    private var capacity = 0
    private(set) var count = 0
    /// The one asked for last is found at once.
    private var latest = 0
    private let limit: Int

    init(limit: Int) {
        unsafe base = nil
        self.limit = limit
    }

    deinit { unsafe base?.deallocate() }

    var isFull: Bool { count >= limit }

    /// Brings near what the stream asked for last remembers.
    @inline(__always)
    func prefetch() {
        if let base = unsafe base { unsafe lens_prefetch_write(base + latest, MemoryLayout<Stream>.stride) }
    }

    /// Valid until a stream is added.
    @inline(__always)
    mutating func find(_ ssrc: SSRC) -> UnsafeMutablePointer<Stream>? {
        guard count > 0, let base = unsafe base else { return nil }
        if unsafe base[latest].ssrc == ssrc { return unsafe base + latest }
        for index in 0..<count where unsafe base[index].ssrc == ssrc {
            latest = index
            return unsafe base + index
        }
        return nil
    }

    /// Adds a stream that is not there yet; nil if there is no room.
    mutating func add(_ ssrc: SSRC) -> UnsafeMutablePointer<Stream>? {
        guard !isFull else { return nil }
        if count == capacity { grow() }
        guard let base = unsafe base else { return nil }
        unsafe (base + count).initialize(to: Stream(ssrc: ssrc))
        latest = count
        count += 1
        return unsafe base + latest
    }

    /// Has memory at hand for the first stream.
    mutating func prepare() {
        if capacity == 0 { grow() }
    }

    private mutating func grow() {
        let larger = max(1, min(limit, capacity * 2))
        let memory = UnsafeMutablePointer<Stream>.allocate(capacity: larger)
        if let base = unsafe base {
            unsafe memory.moveInitialize(from: base, count: count)
            unsafe base.deallocate()
        }
        unsafe base = memory
        capacity = larger
    }
}

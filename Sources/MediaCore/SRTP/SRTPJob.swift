internal import MediaWire

/// One RTP packet of a burst. Its memory belongs to the caller and stays in place until the burst is over.
///
/// To protect: `SRTPSender.begin` for each job, then one `SRTPBurst.run` over all. To unprotect: `SRTPReceiver.begin`
/// for each, one `run`, and `SRTPReceiver.finish` for each in order. Jobs of different senders and receivers may stand
/// side by side.
@unsafe
public struct SRTPJob {
    enum State {
        /// `outcome` holds.
        case done
        /// Waits for a burst.
        case sealing, opening
        /// Went through a burst and waits for its receiver.
        case opened, refused
        /// Looked like a replay when it was begun; packets before it in the burst may show that it is none.
        case behind
    }

    let packet: UnsafeMutableRawPointer
    /// Bytes of the slot, or of the packet to open.
    let capacity: Int
    let payload: UnsafeRawPointer
    let payloadCount: Int
    var headerLength: Int
    var state = State.done
    var block: SRTPKeyBlock?
    var ssrc: UInt32 = 0
    var index: UInt64 = 0

    /// What became of the packet; holds after `run`, for a packet to open after `finish`.
    public internal(set) var outcome = SRTPOutcome.limit

    /// A packet to protect: its header stands in the first `headerLength` bytes of `slot`; `payload` is everything
    /// behind it, elsewhere. See `SRTPSender.protectRTP(_:headerLength:payload:)`.
    ///
    /// Nil if the slot has no memory.
    public init?(slot: UnsafeMutableRawBufferPointer, headerLength: Int, payload: UnsafeRawBufferPointer) {
        guard let base = slot.baseAddress else { return nil }
        unsafe packet = base
        unsafe capacity = slot.count
        unsafe self.payload = payload.baseAddress ?? UnsafeRawPointer(base)
        unsafe payloadCount = payload.count
        unsafe self.headerLength = headerLength
        unsafe block = nil
    }

    /// A packet to unprotect in place. Nil if it has no memory.
    public init?(packet: UnsafeMutableRawBufferPointer) {
        guard let base = packet.baseAddress else { return nil }
        unsafe self.packet = base
        unsafe capacity = packet.count
        unsafe payload = UnsafeRawPointer(base)
        unsafe payloadCount = 0
        unsafe headerLength = 0
        unsafe block = nil
    }

    /// Waits for a burst.
    var isOpen: Bool { unsafe state != .done }

    /// Leaves the packet to a burst.
    mutating func leave(_ block: SRTPKeyBlock, ssrc: SSRC, index: UInt64, as state: State) {
        unsafe self.block = block
        unsafe self.ssrc = ssrc.rawValue
        unsafe self.index = index
        unsafe self.state = state
    }

    /// The packet's plain bytes behind the header, and how many.
    var plainCount: Int {
        unsafe state == .sealing ? payloadCount : capacity &- headerLength &- Int(block?.head.pointee.tagLength ?? 0)
    }
}

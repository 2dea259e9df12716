internal import CMemory

/// Where the things stand that the packets of a source touch, so that all of them are brought near at once: to look for each in the
/// one before it costs a cache miss every time.
///
/// A trail may be out of date. Nothing is read by it, so that costs time only.
@safe
struct PacketTrail: BitwiseCopyable {
    /// Indices in the shard's slabs, or -1.
    var session: Int32 = -1
    var link: Int32 = -1
    var slot: Int32 = -1
    /// The link of the slot's player.
    var sink: Int32 = -1
    var openingKeys: UnsafeRawPointer?
    var sealingKeys: UnsafeRawPointer?

    init() {
        unsafe openingKeys = nil
        unsafe sealingKeys = nil
    }
}

extension RelayShard {
    /// Brings near what a packet will touch on its way to the first player.
    @inline(__always)
    func prefetch(along trail: PacketTrail) {
        if trail.link >= 0 { links.prefetch(Int(trail.link), SecureLink.bytesOfReceiver) }
        if let keys = unsafe trail.openingKeys { unsafe SRTPKeyBlock.prefetch(keys) }
        if trail.session >= 0 { sessions.prefetch(Int(trail.session), RelaySession.touchedByPackets) }
        if trail.slot >= 0 { slots.prefetch(Int(trail.slot), PlayerSlot.touchedByPackets) }
        if trail.sink >= 0 { links.prefetch(Int(trail.sink), SecureLink.bytesOfSender) }
        if let keys = unsafe trail.sealingKeys { unsafe SRTPKeyBlock.prefetch(keys) }
    }

    /// Leaves the trail of a track's packets as it is now.
    mutating func leaveTrail(ofTrack track: Int) {
        var trail = PacketTrail()
        trail.session = Int32(truncatingIfNeeded: tracks[track].session)
        trail.link = tracks[track].link
        if trail.link != SecureLink.none { unsafe trail.openingKeys = links[Int(trail.link)].receiver.keysOfRTP }
        if tracks[track].subscriptions.count > 0 {
            trail.slot = tracks[track].subscriptions[0]
            trail.sink = slots[Int(trail.slot)].link
            if trail.sink != SecureLink.none { unsafe trail.sealingKeys = links[Int(trail.sink)].sender.keysOfRTP }
        }
        for key in tracks[track].bindings.keys { sources.leave(trail, for: key) }
    }
}

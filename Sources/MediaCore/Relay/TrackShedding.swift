internal import MediaWire

/// What shedding knows of one video track. Drops whole frames: it begins and ends where the RTP timestamp changes.
struct TrackShedding {
    /// The frame of the last packet seen.
    private var frame: RTPTimestamp?
    /// Packets are dropped unread.
    private(set) var isActive = false
    /// Something was dropped since the last packet that was taken.
    private(set) var hasGap = false

    /// Notes a packet that was taken.
    @inline(__always)
    mutating func note(_ timestamp: RTPTimestamp) { frame = timestamp }

    /// True if a packet of the frame with this timestamp is to be dropped.
    ///
    /// The timestamp is not authenticated here: a forged one, sent from the address of a bound source in the middle of an
    /// overload, can at most move the border by a frame.
    mutating func drops(_ timestamp: RTPTimestamp, wanted: Bool) -> Bool {
        if frame != timestamp {
            frame = timestamp
            isActive = wanted
        }
        if isActive { hasGap = true }
        return isActive
    }

    /// A packet was taken again.
    mutating func end() { hasGap = false }
}

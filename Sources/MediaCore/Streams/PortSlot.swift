internal import MediaWire

/// A slot whose sink is an in-process ring: plain RTP for a recorder, a mixer, a transcoder or another node.
struct PortSlot {
    let session: Int
    /// The side whose media it plays.
    let publisher: SessionSide
    /// Place among that side's tracks of its kind.
    let ordinal: Int
    let ring: PlainRTPRing
    var output: SlotOutput
}

/// What protects the packets between the relay and one peer: a key each way. With SDES each m-line has its own, with DTLS all
/// m-lines of a leg share one.
struct SecureLink: ~Copyable {
    var receiver: SRTPReceiver
    var sender: SRTPSender

    /// - Throws: `SRTPError` if a key is refused.
    init(receiving: SRTPKey, sending: SRTPKey, backend: SRTPBackend) throws(SRTPError) {
        let receiver = try SRTPReceiver(receiving, backend: backend)
        let sender = try SRTPSender(sending, backend: backend)
        self.receiver = receiver
        self.sender = sender
    }

    /// Bytes that packets touch which come, and which go.
    static var bytesOfReceiver: Range<Int> { 0..<MemoryLayout<SRTPReceiver>.stride }
    static var bytesOfSender: Range<Int> { MemoryLayout<SRTPReceiver>.stride..<MemoryLayout<SecureLink>.stride }

    /// The place of one in the shard's slab.
    typealias Index = Int32
    /// There is none: a port's track has no keys, and a peer has none before its handshake is done.
    static let none: Index = -1
}

internal import COpenSSL

/// What is kept of a DTLS connection once it has only its end before it: the good-bye to the peer, sealed in advance, and the key that tells
/// the peer's (RFC 5246 section 7.2.1, RFC 5288). An idle connection costs a few hundred bytes so, not the 60 KiB that OpenSSL keeps.
@safe
struct DTLSFarewell: ~Copyable {
    private let farewell: UnsafeMutablePointer<lens_farewell>

    /// Nil if the connection has to stay, because datagrams of it wait to be sent or its cipher is none of AES-GCM. Else it can be freed.
    init?(of dtls: UnsafeMutablePointer<lens_dtls>, _ role: DTLSConnection.Role) {
        unsafe farewell = .allocate(capacity: 1)
        unsafe farewell.initialize(to: lens_farewell())
        guard unsafe lens_farewell_make(dtls, role == .client ? 1 : 0, farewell) != 0 else { return nil }
    }

    deinit {
        unsafe lens_farewell_forget(farewell)
        unsafe farewell.deallocate()
    }

    func isGoodbye(_ datagram: UnsafeRawBufferPointer) -> Bool {
        guard let bytes = datagram.baseAddress else { return false }
        return unsafe lens_farewell_is_goodbye(
            farewell, bytes.assumingMemoryBound(to: UInt8.self), datagram.count) != 0
    }

    /// Hands the good-bye to `body`, if there is one.
    func withGoodbye(_ body: (UnsafeRawBufferPointer) -> Void) {
        let length = unsafe farewell.pointee.goodbye_length
        guard length > 0 else { return }
        unsafe withUnsafeBytes(of: &farewell.pointee.goodbye) {
            unsafe body(UnsafeRawBufferPointer(rebasing: $0[..<length]))
        }
    }
}

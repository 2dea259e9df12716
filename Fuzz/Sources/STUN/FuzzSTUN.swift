import MediaCore
import MediaWire

/// STUN messages: read whole, answered by an agent that knows no such peer, and read again where they were written by us.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzSTUN(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    guard let message = STUNMessage(bytes.rawSpan) else { return 0 }
    _ = message.usernameFragments
    _ = message.priority
    _ = message.errorCode
    _ = message.xorMappedAddress
    _ = message.controllingTieBreaker
    _ = message.unknownAttributes { _ in false }
    precondition(!STUNIntegrity.holds(message, password: Array("a password that nobody has drawn".utf8)))
    guard let local = ICECredentials(usernameFragment: "local", password: "0123456789012345678901"),
        let remote = ICECredentials(usernameFragment: "remote", password: "1098765432109876543210")
    else { return 0 }
    var agent = ICELiteAgent(local: local, remote: remote)
    let path = Path(to: SocketAddress(.loopbackV4, port: 9))
    // Whoever has not the password gets no answer.
    precondition(agent.receive(message, from: path, at: Instant(nanoseconds: 1)) == .ignored)
    precondition(agent.selected == nil)
    return 0
}

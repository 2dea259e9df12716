import MediaCore
import MediaWire

/// Two ends of a handshake, of which one hears the input in between: it may fail by it, and never traps.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzDTLS(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let first = start?.pointee, count > 1,
        let context = try? DTLSContext(validAt: 1_790_000_000, serial: 1), let print = context.fingerprint(.sha256),
        var client = try? DTLSConnection(.client, in: context, peer: [print]),
        var server = try? DTLSConnection(.server, in: context, peer: [print])
    else { return 0 }
    let input = UnsafeRawBufferPointer(start: start.map { $0 + 1 }, count: count - 1)
    var now = Instant(nanoseconds: 1)
    client.start(at: now)
    // The first byte tells when the input comes, and to whom.
    let round = Int(first & 0x7F) % 6
    for turn in 0..<6 {
        if turn == round {
            if first & 0x80 == 0 { server.receive(input, at: now) } else { client.receive(input, at: now) }
        }
        var flight: [[UInt8]] = []
        client.sendDatagrams { flight.append(Array($0)) }
        for datagram in flight { datagram.withUnsafeBytes { server.receive($0, at: now) } }
        flight = []
        server.sendDatagrams { flight.append(Array($0)) }
        for datagram in flight { datagram.withUnsafeBytes { client.receive($0, at: now) } }
        now = now.advanced(byNanoseconds: 1_000_000)
    }
    now = now.advanced(byNanoseconds: 5_000_000_000)
    client.handleTimeout(at: now)
    server.handleTimeout(at: now)
    return 0
}

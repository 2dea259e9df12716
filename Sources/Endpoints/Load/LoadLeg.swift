import MediaCore
import MediaWire

/// A leg that is about to be connected: what was offered and answered, and from where.
struct LoadLegDescription: Sendable {
    var answer: WebRTCClientAnswer
    /// Of the offer.
    var credentials: ICECredentials
    var direction: MediaDirection
    /// The thread's socket that is the leg's own; nil for a local address of its own on the socket that all share.
    var socket: Int?
    /// When the offer was sent.
    var postedAt: Instant
    /// Transactions come from it, so it must be unguessable outside of tests.
    var seed: UInt64
}

/// Why a leg has no connection.
enum LoadLegFailure: Error, Hashable, CustomStringConvertible {
    case unreachable
    case handshake(String)
    case closed
    /// Nobody waits for it any more.
    case abandoned
    case keyRefused

    init(_ failure: ClientTransport.Failure) {
        switch failure {
        case .unreachable: self = .unreachable
        case .handshake(let reason): self = .handshake("\(reason)")
        case .closed: self = .closed
        }
    }

    var description: String {
        switch self {
        case .unreachable: CallEndpointError.unreachable.description
        case .handshake(let reason): CallEndpointError.handshake(reason).description
        case .closed: CallEndpointError.closed.description
        case .abandoned: "given up"
        case .keyRefused: CallEndpointError.keyRefused.description
        }
    }
}

/// A leg over ICE and DTLS on its thread.
///
/// The relay knows a peer by its address, so each leg has one of its own. Where the relay is on loopback it is a local address, and one
/// socket serves them all: it is named as the source of what is sent (IP_PKTINFO), and told with what comes.
struct LoadLeg {
    enum State: Equatable {
        case connecting
        case connected
        case failed(LoadLegFailure)
        /// Its session has been left.
        case over
    }

    let transport: ClientTransport
    let direction: MediaDirection
    let postedAt: Instant
    let socket: Int
    /// Where it sends from; unspecified on a socket of its own.
    let local: IPAddress
    /// When it has to be connected.
    let deadline: Instant
    /// The one entry of the timers that counts.
    var planned: Instant?
    var state = State.connecting
    var keys: DTLSKeys?
    /// The join that waits for it, or the session that has it.
    var join: Int?
    var session: Int?
    /// Whose contexts keep account of reports, since all its streams share the keys.
    var firstFlow: Int?
    /// The time to the first packet that the relay forwards of it is still to be taken.
    var awaitsMedia = false

    /// Between two checks of the chosen path, in ns (RFC 7675 section 5.1).
    static let checkInterval: Int64 = 5_000_000_000
    /// From its first check to the end of the handshake at most, in ns.
    static let patience: Int64 = 10_000_000_000
    /// Behind 127.0.0.1, which everybody else uses.
    private static let firstAddress: UInt64 = 0x7F01_0000
    private static let addressCount: UInt64 = 0xFE_0000

    /// The local address of leg `number` on a socket that all share.
    static func address(_ number: Int) -> IPAddress {
        IPAddress(v4: UInt32(truncatingIfNeeded: firstAddress + UInt64(number) % addressCount))
    }

    /// The first number of new legs after so many: one that has an address, and was not used lately.
    static func first(after count: Int) -> Int { count > Int(addressCount / 2) ? 0 : count }

    /// The number of the leg with this local address; that of no leg for one that is none of `address(_:)`.
    @inline(__always)
    static func number(of address: IPAddress) -> Int {
        address.isIPv6 ? -1 : Int(truncatingIfNeeded: address.low) &- Int(truncatingIfNeeded: firstAddress)
    }
}

/// A session whose legs are being connected.
struct LoadJoin {
    var description: LoadSessionDescription
    var startsMedia: Bool
    var missing: Int
}

/// What became of a join: the session's number, or why there is none.
struct LoadJoined {
    var join: Int
    var result: Result<Int, LoadLegFailure>
}

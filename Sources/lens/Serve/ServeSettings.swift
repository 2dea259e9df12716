import MediaCore
import MediaIO
import MediaWire
import Sessions
import WebAPI

/// What `lens serve` runs with: flags, environment and file put together.
struct ServeSettings: Sendable, Equatable {
    var httpHost = "127.0.0.1"
    /// 0 takes a free one.
    var httpPort = 8080
    /// What answers announce; empty: loopback if HTTP is on loopback, else every interface address.
    var mediaAddresses: [IPAddress] = []
    /// Shard i listens on this port + i; 0 takes free ones.
    var mediaPort: UInt16 = 7000
    var mediaTCP = MediaTCP.asUDP
    var shards = 1
    /// Where sessions and the audit log are kept; nil: in memory, gone with the process.
    var data: String?
    /// Where the audit log's heads are noted; nil: in the data directory.
    var auditHeads: String?
    /// Nil: one is made for this run and printed.
    var apiKey: String?
    var publicURL: String?
    /// Files in PEM; nil: plain HTTP.
    var tlsCertificate: String?
    var tlsKey: String?
    /// Networks of proxies whose word on where a request came from counts.
    var trustedProxies: [IPNetwork] = []
    /// Calls that one network may make, each second in the long run; nil is without a limit.
    var callsPerSecond: Int? = 300
    /// Networks that SDES players may have their media sent to, beside the caller's own address.
    var sdesPeers: [IPNetwork] = []
    /// Who is told of each change of status.
    var webhook: WebhookSettings?
    /// What invites are mailed through; nil: technicians use their own mail programs.
    var mail: MailSettings?
    /// Of invites that ask for none.
    var language = InviteLanguage.english
    /// STUN and TURN servers that clients are told of.
    var iceServers: [ICEServer] = []
    var srtpBackend = SRTPBackend.best
    var udpOffload = UDPOffload.full
    /// MiB that each shard keeps of what it forwarded, for players that ask again.
    var retransmissionMemory = 64
    /// Pages for trying media under `/dev`.
    var servesDevPages = false
    var logLevel = "info"

    /// The addresses that answers announce.
    var announcedAddresses: [IPAddress] {
        if !mediaAddresses.isEmpty { return mediaAddresses }
        if isHTTPOnLoopback { return IPAddress(httpHost) == .loopbackV6 ? [.loopbackV6] : [.loopbackV4] }
        let found = InterfaceAddresses.all()
        return found.isEmpty ? [.loopbackV4] : found
    }

    /// Where shard `index` takes TCP connections; nil if nowhere.
    func streamPort(_ index: Int) -> Int? {
        firstStreamPort.map { $0 == 0 ? 0 : Int($0) + index }
    }

    /// Of the first shard; nil if media goes over UDP only, 0 for free ones.
    var firstStreamPort: UInt16? {
        switch mediaTCP {
        case .asUDP: mediaPort
        case .port(let port): port
        case .off: nil
        }
    }

    private var isHTTPOnLoopback: Bool {
        httpHost == "localhost" || (IPAddress(httpHost)?.isLoopback ?? false)
    }

    /// Where the media sockets are bound: at the one address, or at all.
    var mediaBindAddress: IPAddress {
        let announced = announcedAddresses
        if announced.count == 1, let only = announced.first, InterfaceAddresses.isLocal(only) { return only }
        return announced.contains { $0.isIPv6 } ? .anyV6 : .anyV4
    }
}

/// Where shards take TCP connections for media.
enum MediaTCP: Sendable, Equatable {
    /// On the same numbers as UDP.
    case asUDP
    /// Shard i on this port + i; 0 takes free ones.
    case port(UInt16)
    case off
}

/// A setting that cannot be used; one line that names it and the next step.
struct SettingsError: Error, CustomStringConvertible {
    let description: String
}

/// An `m=` line and what belongs to it (RFC 8866 section 5.14).
public struct MediaDescription: Hashable, Sendable, SDPAttributeSection {
    /// `audio`, `video`, `application`.
    public var kind: String
    /// 0: rejected, or bundle-only.
    public var port: UInt16
    /// The number after `port/`, if any.
    public var portCount: UInt16?
    /// `RTP/SAVPF`, `UDP/TLS/RTP/SAVPF`.
    public var protocolName: String
    /// For RTP, payload types, the preferred one first.
    public var formats: [String]
    public var information: String?
    /// More than one only for layered multicast.
    public var connections: [ConnectionData] = []
    /// `b=` values as written.
    public var bandwidths: [String] = []
    public var attributes: [SDPAttribute] = []
    /// Where its `m=` stands.
    public internal(set) var line = SDPLine()

    public init(kind: String, port: UInt16, protocolName: String, formats: [String]) {
        self.kind = kind
        self.port = port
        self.protocolName = protocolName
        self.formats = formats
    }

    public var connection: ConnectionData? {
        get { connections.first }
        set { connections = newValue.map { [$0] } ?? [] }
    }

    var text: String {
        let ports = portCount.map { "\(port)/\($0)" } ?? String(port)
        return "\(kind) \(ports) \(protocolName) " + formats.joined(separator: " ")
    }
}

/// Who sends, seen from the side whose description it is (RFC 8866 section 6.7).
public enum StreamDirection: String, Sendable, CaseIterable {
    case sendReceive = "sendrecv"
    case sendOnly = "sendonly"
    case receiveOnly = "recvonly"
    case inactive

    /// The same seen from the other side.
    public var reversed: StreamDirection {
        switch self {
        case .sendOnly: .receiveOnly
        case .receiveOnly: .sendOnly
        case .sendReceive, .inactive: self
        }
    }

    public var sends: Bool { self == .sendReceive || self == .sendOnly }
    public var receives: Bool { self == .sendReceive || self == .receiveOnly }

    /// The first direction among `attributes`.
    init?(in attributes: [SDPAttribute]) {
        for attribute in attributes where attribute.value == nil {
            if let direction = StreamDirection(rawValue: attribute.name) {
                self = direction
                return
            }
        }
        return nil
    }
}

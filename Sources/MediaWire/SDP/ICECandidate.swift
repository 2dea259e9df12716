/// `a=candidate:1 1 udp 2130706431 192.0.2.1 7000 typ host` (RFC 8839 section 5.1, for TCP RFC 6544 section 4.5).
public struct ICECandidate: Hashable, Sendable {
    public enum Transport: Hashable, Sendable {
        case udp
        case tcp(TCPType)
    }

    /// Who opens the connection (RFC 6544 section 4.5).
    public enum TCPType: String, Hashable, Sendable {
        case active
        case passive
        case so
    }

    public enum Kind: String, Hashable, Sendable {
        case host
        case serverReflexive = "srflx"
        case peerReflexive = "prflx"
        case relayed = "relay"
    }

    /// 1 to 32 ice-chars; candidates with the same one have the same base, kind and server.
    public var foundation: String
    /// 1 for RTP, and for RTCP that is muxed with it.
    public var component: UInt16
    public var transport: Transport
    public var priority: UInt32
    public var address: SocketAddress
    public var kind: Kind

    public init(
        foundation: String, component: UInt16 = 1, transport: Transport, priority: UInt32, address: SocketAddress,
        kind: Kind
    ) {
        self.foundation = foundation
        self.component = component
        self.transport = transport
        self.priority = priority
        self.address = address
        self.kind = kind
    }

    /// Reads the text behind `a=candidate:`. Nil for what does not fit the grammar, and for what cannot be used: a host name
    /// (such as mDNS's), another transport, another kind. Extensions are passed over.
    public init?(value: String) {
        let words = SDPText.words(value)
        guard words.count >= 8, (1...32).contains(words[0].utf8.count),
            words[0].utf8.allSatisfy(SDPText.isICECharacter),
            let component = SDPText.decimal(words[1].utf8, as: UInt16.self), (1...256).contains(component),
            let priority = SDPText.decimal(words[3].utf8, as: UInt32.self), priority > 0, priority < 1 << 31,
            let address = IPAddress(words[4]), let port = SDPText.decimal(words[5].utf8, as: UInt16.self),
            words[6] == "typ", let kind = Kind(rawValue: String(words[7])), words.count % 2 == 0
        else { return nil }
        var tcpType: TCPType?
        for index in stride(from: 8, to: words.count, by: 2) where words[index] == "tcptype" {
            tcpType = TCPType(rawValue: String(words[index + 1]))
        }
        if SDPText.equalIgnoringCase(words[2], "udp") {
            transport = .udp
        } else if SDPText.equalIgnoringCase(words[2], "tcp"), let tcpType {
            transport = .tcp(tcpType)
        } else {
            return nil
        }
        foundation = String(words[0])
        self.component = component
        self.priority = priority
        self.address = SocketAddress(address, port: port)
        self.kind = kind
    }

    /// RFC 8445 section 5.1.2.1.
    /// - Parameters:
    ///   - typePreference: 0 to 126, 126 for host candidates.
    ///   - localPreference: the higher, the sooner among those of one kind.
    public static func priority(typePreference: UInt8, localPreference: UInt16, component: UInt16 = 1) -> UInt32 {
        UInt32(min(typePreference, 126)) << 24 | UInt32(localPreference) << 8
            | UInt32(256 - min(max(component, 1), 256))
    }

    public var attribute: SDPAttribute {
        var words = ["\(foundation)", "\(component)"]
        switch transport {
        case .udp: words.append("udp")
        case .tcp: words.append("tcp")
        }
        words += ["\(priority)", "\(address.address)", "\(address.port)", "typ", kind.rawValue]
        if case .tcp(let type) = transport { words += ["tcptype", type.rawValue] }
        return SDPAttribute("candidate", words.joined(separator: " "))
    }
}

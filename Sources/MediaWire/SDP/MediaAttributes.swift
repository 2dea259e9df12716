/// `a=rtpmap:96 VP8/90000`, `a=rtpmap:111 opus/48000/2` (RFC 8866 section 6.6).
public struct RTPMap: Hashable, Sendable {
    /// 0 to 127.
    public var payloadType: UInt8
    /// Compared without regard to case, see `isCodec`.
    public var encodingName: String
    /// Hz.
    public var clockRate: UInt32
    /// 1 where the line names none.
    public var channels: Int

    public init(payloadType: UInt8, encodingName: String, clockRate: UInt32, channels: Int = 1) {
        self.payloadType = payloadType
        self.encodingName = encodingName
        self.clockRate = clockRate
        self.channels = channels
    }

    public init?(value: String) {
        let words = SDPText.words(value)
        guard words.count == 2, let payloadType = SDPText.decimal(words[0].utf8, as: UInt8.self), payloadType < 128
        else { return nil }
        let parts = words[1].utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard (2...3).contains(parts.count), !parts[0].isEmpty,
            let clockRate = SDPText.decimal(parts[1], as: UInt32.self), clockRate > 0
        else { return nil }
        let channels = parts.count == 3 ? SDPText.decimal(parts[2], as: UInt8.self) : 1
        guard let channels, channels > 0 else { return nil }
        self.init(
            payloadType: payloadType, encodingName: String(Substring(parts[0])), clockRate: clockRate,
            channels: Int(channels))
    }

    public func isCodec(_ name: String, clockRate: UInt32, channels: Int = 1) -> Bool {
        self.clockRate == clockRate && self.channels == channels && SDPText.equalIgnoringCase(encodingName, name)
    }

    public var attribute: SDPAttribute {
        SDPAttribute("rtpmap", "\(payloadType) \(encodingName)/\(clockRate)" + (channels == 1 ? "" : "/\(channels)"))
    }
}

/// `a=fmtp:111 minptime=10;useinbandfec=1` (RFC 8866 section 6.15).
public struct FormatParameters: Hashable, Sendable {
    public var format: String
    /// As written.
    public var parameters: String

    public init?(value: String) {
        let words = SDPText.words(value, maxSplits: 1)
        guard words.count == 2 else { return nil }
        format = String(words[0])
        parameters = String(words[1])
    }

    /// The value of `name` where the parameters are a list of `name=value` with semicolons.
    public func parameter(_ name: String) -> String? {
        for item in parameters.utf8.split(separator: UInt8(ascii: ";")) {
            let word = Substring(item.drop { $0 == SDPText.space })
            guard let (key, value) = SDPText.cut(word, at: "=") else { continue }
            if SDPText.equalIgnoringCase(key, name) { return String(value) }
        }
        return nil
    }
}

/// `a=rtcp-fb:96 nack pli` (RFC 4585 section 4.2, RFC 5104 section 7.1).
public struct RTCPFeedback: Hashable, Sendable {
    /// Nil for `*`: every payload type of the media description.
    public var payloadType: UInt8?
    /// `nack`, `ccm`, `transport-cc`.
    public var type: String
    /// `pli`, `fir`.
    public var parameter: String?

    public init(payloadType: UInt8?, type: String, parameter: String? = nil) {
        self.payloadType = payloadType
        self.type = type
        self.parameter = parameter
    }

    public init?(value: String) {
        let words = SDPText.words(value, maxSplits: 2)
        guard words.count >= 2 else { return nil }
        if words[0] != "*" {
            guard let number = SDPText.decimal(words[0].utf8, as: UInt8.self), number < 128 else { return nil }
            payloadType = number
        }
        type = String(words[1])
        parameter = words.count > 2 ? String(words[2]) : nil
    }

    public var attribute: SDPAttribute {
        let target = payloadType.map { String($0) } ?? "*"
        return SDPAttribute("rtcp-fb", "\(target) \(type)" + (parameter.map { " " + $0 } ?? ""))
    }
}

/// `a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid` (RFC 8285 section 5).
public struct ExtensionMap: Hashable, Sendable {
    public var id: UInt16
    /// Nil where the line names none: as the media's.
    public var direction: StreamDirection?
    public var uri: String
    /// The extension's own attributes, as written.
    public var parameters: String?

    public init(id: UInt16, direction: StreamDirection? = nil, uri: String, parameters: String? = nil) {
        self.id = id
        self.direction = direction
        self.uri = uri
        self.parameters = parameters
    }

    public init?(value: String) {
        let words = SDPText.words(value, maxSplits: 2)
        guard words.count >= 2 else { return nil }
        let directed = SDPText.cut(words[0], at: "/")
        guard let number = SDPText.decimal((directed?.0 ?? words[0]).utf8, as: UInt16.self), number > 0 else {
            return nil
        }
        if let directed {
            guard let named = StreamDirection(rawValue: String(directed.1)) else { return nil }
            direction = named
        }
        id = number
        uri = String(words[1])
        parameters = words.count > 2 ? String(words[2]) : nil
    }

    public var attribute: SDPAttribute {
        let target = "\(id)" + (direction.map { "/" + $0.rawValue } ?? "")
        return SDPAttribute("extmap", "\(target) \(uri)" + (parameters.map { " " + $0 } ?? ""))
    }
}

/// `a=ssrc:1479190693 cname:OYRu6ClT` (RFC 5576 section 4.1).
public struct SSRCAttribute: Hashable, Sendable {
    public var ssrc: SSRC
    public var name: String
    public var value: String?

    public init(ssrc: SSRC, name: String, value: String? = nil) {
        self.ssrc = ssrc
        self.name = name
        self.value = value
    }

    public init?(value text: String) {
        let words = SDPText.words(text, maxSplits: 1)
        guard words.count == 2, let number = SDPText.decimal(words[0].utf8, as: UInt32.self) else { return nil }
        ssrc = SSRC(number)
        let parts = SDPText.cut(words[1], at: ":")
        name = String(parts?.0 ?? words[1])
        value = (parts?.1).map { String($0) }
        guard !name.isEmpty else { return nil }
    }

    public var attribute: SDPAttribute {
        SDPAttribute("ssrc", "\(ssrc.rawValue) \(name)" + (value.map { ":" + $0 } ?? ""))
    }
}

/// `a=ssrc-group:FID 3543101359 1235838079` (RFC 5576 section 4.2).
public struct SSRCGroup: Hashable, Sendable {
    public var semantics: String
    public var ssrcs: [SSRC]

    public init?(value: String) {
        let words = SDPText.words(value)
        guard words.count >= 2 else { return nil }
        semantics = String(words[0])
        ssrcs = words.dropFirst().compactMap { SDPText.decimal($0.utf8, as: UInt32.self).map { SSRC($0) } }
        guard ssrcs.count == words.count - 1 else { return nil }
    }
}

/// `a=rtcp:53020` or `a=rtcp:53020 IN IP4 192.0.2.1` (RFC 3605 section 2.1).
public struct RTCPAttribute: Hashable, Sendable {
    public var port: UInt16
    public var connection: ConnectionData?

    public init(port: UInt16, connection: ConnectionData? = nil) {
        self.port = port
        self.connection = connection
    }

    public init?(value: String) {
        let words = SDPText.words(value)
        guard words.count == 1 || words.count == 4, let port = SDPText.decimal(words[0].utf8, as: UInt16.self) else {
            return nil
        }
        self.port = port
        if words.count == 4 {
            connection = ConnectionData(
                networkType: String(words[1]), addressType: String(words[2]), address: String(words[3]))
        }
    }

    public var attribute: SDPAttribute {
        SDPAttribute("rtcp", "\(port)" + (connection.map { " " + $0.text } ?? ""))
    }
}

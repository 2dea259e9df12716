internal import MediaWire

/// The two transports whose keys come by `a=crypto` (RFC 3711 section 12, RFC 5124).
enum SDESTransport: String {
    case savp = "RTP/SAVP"
    case savpf = "RTP/SAVPF"

    /// Whether feedback may be sent early.
    var usesFeedback: Bool { self == .savpf }
}

/// The codec that the relay forwards of each kind (RFC 7741 section 6, RFC 7587 section 7).
struct RelayedCodec {
    let encodingName: String
    let clockRate: UInt32
    let channels: Int

    init(_ kind: MediaKind) {
        switch kind {
        case .audio: (encodingName, clockRate, channels) = ("opus", 48_000, 2)
        case .video: (encodingName, clockRate, channels) = ("VP8", 90_000, 1)
        }
    }

    func rtpMap(payloadType: UInt8) -> RTPMap {
        RTPMap(payloadType: payloadType, encodingName: encodingName, clockRate: clockRate, channels: channels)
    }

    /// The first format of `media` that is this codec. Numbers 64 to 95 would look like RTCP on a port that carries both
    /// (RFC 5761 section 4), so they cannot be used.
    func payloadType(in media: MediaDescription) -> UInt8? {
        let maps = Dictionary(
            media.rtpMaps.map { (String($0.payloadType), $0) }, uniquingKeysWith: { first, _ in first })
        for format in media.formats {
            guard let map = maps[format], !(64...95).contains(map.payloadType) else { continue }
            if map.isCodec(encodingName, clockRate: clockRate, channels: channels) { return map.payloadType }
        }
        return nil
    }
}

/// The feedback messages in use for one payload type.
struct FeedbackMessages: Sendable, Hashable {
    var nack = false
    var pli = false
    var fir = false

    /// What the `a=rtcp-fb` lines name for `payloadType`; pictures can be asked for only of video.
    init(in media: MediaDescription, payloadType: UInt8, kind: MediaKind) {
        for line in media.rtcpFeedback where line.payloadType == payloadType || line.payloadType == nil {
            switch (line.type, line.parameter) {
            case ("nack", nil): nack = true
            case ("nack", "pli"): pli = kind == .video
            case ("ccm", "fir"): fir = kind == .video
            default: break
            }
        }
    }

    init(nack: Bool, pli: Bool, fir: Bool) {
        self.nack = nack
        self.pli = pli
        self.fir = fir
    }

    func attributes(payloadType: UInt8) -> [SDPAttribute] {
        var lines: [RTCPFeedback] = []
        if nack { lines.append(RTCPFeedback(payloadType: payloadType, type: "nack")) }
        if pli { lines.append(RTCPFeedback(payloadType: payloadType, type: "nack", parameter: "pli")) }
        if fir { lines.append(RTCPFeedback(payloadType: payloadType, type: "ccm", parameter: "fir")) }
        return lines.map(\.attribute)
    }
}

extension SessionDescription {
    /// Where `media` wants its RTCP: with its RTP where both share a port, else where `a=rtcp` says, else one port higher.
    func announcedRTCPAddress(of media: MediaDescription) -> SocketAddress? {
        let rtp = announcedAddress(of: media)
        if media.rtcpMux { return rtp }
        guard let line = media.rtcp else {
            guard let rtp, rtp.port < .max else { return nil }
            return SocketAddress(rtp.address, port: rtp.port + 1)
        }
        guard let address = (line.connection ?? media.connection ?? connection)?.ipAddress, !address.isUnspecified,
            line.port != 0, line.port != 9
        else { return nil }
        return SocketAddress(address, port: line.port)
    }

    /// The direction of `media`: its own, the session's, or both ways.
    func effectiveDirection(of media: MediaDescription) -> StreamDirection {
        media.direction ?? direction ?? .sendReceive
    }

    /// Header extensions of `media` and those of the whole session, the first of each id.
    func effectiveExtensionMaps(of media: MediaDescription) -> [ExtensionMap] {
        var ids: Set<UInt16> = []
        let sessionWide = values(of: "extmap").compactMap(ExtensionMap.init(value:))
        return (media.extensionMaps + sessionWide).filter { ids.insert($0.id).inserted }
    }
}

extension SocketAddress {
    /// With an IPv4-mapped address as plain IPv4, as packets' sources are compared.
    var unmapped: SocketAddress { SocketAddress(address.unmapped, port: port) }
}

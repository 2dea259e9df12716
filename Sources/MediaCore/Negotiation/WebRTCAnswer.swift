internal import MediaWire

/// The answer to an offer over DTLS-SRTP, m-line by m-line.
struct WebRTCAnswer {
    let context: NegotiationContext
    let terms: WebRTCAnswerTerms
    let transport: WebRTCTransportTerms
    let address: IPAddress
    let cname: String
    private var media: [MediaDescription] = []
    private var bundle: [String] = []

    init(
        context: NegotiationContext, terms: WebRTCAnswerTerms, transport: WebRTCTransportTerms, address: IPAddress,
        cname: String
    ) {
        self.context = context
        self.terms = terms
        self.transport = transport
        self.address = address
        self.cname = cname
    }

    mutating func refuse(_ offered: MediaDescription) { media.append(.refusing(offered)) }

    /// - Parameter isTagged: it speaks for the transport of all (RFC 9143 section 7.3.1).
    mutating func accept(_ offered: WebRTCOfferedMedia, _ track: WebRTCTrack, isTagged: Bool) {
        let direction: StreamDirection = context.direction == .publish ? .receiveOnly : .sendOnly
        var formats = [String(track.payloadType)]
        if let rtx = track.rtxPayloadType { formats.append(String(rtx)) }
        var section = MediaDescription(
            kind: track.kind.rawValue, port: context.mediaPort, protocolName: WebRTCOfferedMedia.transport,
            formats: formats)
        section.connection = ConnectionData(address)
        if let mid = track.mid {
            section.attributes.append(SDPAttribute("mid", mid))
            // The tagged one comes first.
            bundle.insert(mid, at: isTagged ? 0 : bundle.count)
        }
        section.attributes += transportAttributes
        if isTagged { section.attributes += candidates.map(\.attribute) + [SDPAttribute("end-of-candidates")] }
        section.attributes.append(SDPAttribute(direction.rawValue))
        section.attributes.append(SDPAttribute("rtcp-mux"))
        if track.reducedSizeRTCP { section.attributes.append(SDPAttribute("rtcp-rsize")) }
        section.attributes += codecAttributes(offered, track)
        for map in offered.extensions {
            section.attributes.append(
                ExtensionMap(id: map.id, direction: map.direction == nil ? nil : direction, uri: map.uri).attribute)
        }
        if context.direction == .play { section.attributes += sourceAttributes(track) }
        if let rid = track.rid {
            section.attributes.append(RIDAttribute(id: rid, direction: .receive).attribute)
            section.attributes.append(SimulcastAttribute(receive: [[.init(rid: rid)]]).attribute)
        }
        media.append(section)
    }

    func description(isBundled: Bool) -> SessionDescription {
        var answer = SessionDescription(origin: SDPOrigin(sessionID: context.sessionID, address: address))
        answer.attributes.append(SDPAttribute("ice-lite"))
        if isBundled { answer.attributes.append(SDPAttribute("group", (["BUNDLE"] + bundle).joined(separator: " "))) }
        answer.attributes.append(SDPAttribute("msid-semantic", " WMS *"))
        answer.mediaDescriptions = media
        return answer
    }

    private var transportAttributes: [SDPAttribute] {
        let local = transport.localCredentials
        return [
            SDPAttribute("ice-ufrag", String(decoding: local.usernameFragment, as: UTF8.self)),
            SDPAttribute("ice-pwd", String(decoding: local.password, as: UTF8.self)),
            terms.fingerprint.attribute,
            SDPAttribute("setup", transport.role == .client ? "active" : "passive"),
        ]
    }

    /// All that a lite agent has: host candidates, the preferred address first (RFC 8445 section 5.2). TCP ones come behind UDP.
    private var candidates: [ICECandidate] {
        var found: [ICECandidate] = []
        for (place, address) in context.mediaAddresses.enumerated() {
            let preference = UInt16(clamping: 65_535 - place)
            found.append(
                ICECandidate(
                    foundation: "u\(place + 1)", transport: .udp,
                    priority: ICECandidate.priority(typePreference: 126, localPreference: preference),
                    address: SocketAddress(address, port: context.mediaPort), kind: .host))
        }
        guard let port = terms.tcpPort else { return found }
        for (place, address) in context.mediaAddresses.enumerated() {
            // RFC 6544 section 4.2: another type preference than UDP's, and a direction preference in the local one.
            let preference = UInt16(clamping: 4 << 13 | max(0, 8_191 - place))
            found.append(
                ICECandidate(
                    foundation: "t\(place + 1)", transport: .tcp(.passive),
                    priority: ICECandidate.priority(typePreference: 90, localPreference: preference),
                    address: SocketAddress(address, port: port), kind: .host))
        }
        return found
    }

    private func codecAttributes(_ offered: WebRTCOfferedMedia, _ track: WebRTCTrack) -> [SDPAttribute] {
        var attributes = [offered.codec.rtpMap(payloadType: track.payloadType).attribute]
        if track.kind == .audio { attributes.append(SDPAttribute("fmtp", "\(track.payloadType) useinbandfec=1")) }
        attributes += track.feedback.attributes(payloadType: track.payloadType)
        if let rtx = track.rtxPayloadType {
            attributes.append(RTPMap(payloadType: rtx, encodingName: "rtx", clockRate: track.clockRate).attribute)
            attributes.append(SDPAttribute("fmtp", "\(rtx) apt=\(track.payloadType)"))
        }
        return attributes
    }

    /// What the relay sends with, for players that go by it (RFC 5576, RFC 8830).
    private func sourceAttributes(_ track: WebRTCTrack) -> [SDPAttribute] {
        let stream = "lens \(track.kind.rawValue)\(track.mediaIndex)"
        var attributes = [SDPAttribute("msid", stream)]
        let sources = [track.slotSSRC] + [track.rtxSlotSSRC].compactMap { $0 }
        if let rtx = track.rtxSlotSSRC {
            attributes.append(SDPAttribute("ssrc-group", "FID \(track.slotSSRC.rawValue) \(rtx.rawValue)"))
        }
        for ssrc in sources {
            attributes.append(SSRCAttribute(ssrc: ssrc, name: "cname", value: cname).attribute)
            attributes.append(SSRCAttribute(ssrc: ssrc, name: "msid", value: stream).attribute)
        }
        return attributes
    }
}

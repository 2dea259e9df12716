import Sessions

/// The media side in memory: it answers each media section of an offer with one of its own and keeps the last offer.
actor AnsweringMediaGateway: MediaGateway {
    private(set) var lastOffer: MediaOffer?
    private(set) var lastChange: MediaChange?
    private var tag = 1
    private(set) var openGates: Set<SessionID> = []
    private var resources: [SessionID: [String: String]] = [:]
    private var refusal: MediaGatewayError?
    private var isFull = false
    private var nextNumber = 1

    /// The next offer or removal is refused with this.
    func refuseNext(_ error: MediaGatewayError) { refusal = error }

    /// Takes no media of a session that has none, until this is false again.
    func setFull(_ isFull: Bool) { self.isFull = isFull }

    func admitSession() async throws(MediaGatewayError) {
        if isFull { throw .overloaded(retryAfterSeconds: 7) }
    }

    func accept(_ offer: MediaOffer) async throws(MediaGatewayError) -> MediaAnswer {
        try takeRefusal()
        if resources[offer.session] == nil { try await admitSession() }
        guard offer.sdp.hasPrefix("v=0") else { throw .malformed("The offer is not SDP.") }
        lastOffer = offer
        let resource = "resource-\(nextNumber)"
        nextNumber += 1
        resources[offer.session, default: [:]]["\(offer.side) \(offer.flow)"] = resource
        var lines = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "c=IN IP4 127.0.0.1", "t=0 0"]
        for line in offer.sdp.split(whereSeparator: \.isNewline)
        where line.hasPrefix("m=") || line.hasPrefix("a=crypto") {
            guard line.hasPrefix("m=") else {
                lines.append(String(line))
                continue
            }
            var parts = line.split(separator: " ").map { String($0) }
            parts[1] = "7000"
            lines.append(parts.joined(separator: " "))
        }
        return MediaAnswer(resource: resource, entityTag: "tag-1", sdp: lines.joined(separator: "\r\n") + "\r\n")
    }

    /// Fragments that name credentials are restarts; each makes the next tag.
    func change(_ change: MediaChange) async throws(MediaGatewayError) -> MediaChanged {
        try takeRefusal()
        guard resources[change.session]?.values.contains(change.resource) ?? false else { throw .notFound }
        switch change.condition {
        case .absent: throw .conditionMissing
        case .any: break
        case .oneOf(let tags): guard tags.contains("tag-\(tag)") else { throw .conditionFailed }
        }
        lastChange = change
        guard change.fragment.contains("a=ice-pwd:") else { return MediaChanged(entityTag: "tag-\(tag)") }
        tag += 1
        return MediaChanged(entityTag: "tag-\(tag)", fragment: "a=ice-lite\r\n")
    }

    func remove(_ resource: String, session: SessionID) async throws(MediaGatewayError) {
        try takeRefusal()
        guard let place = resources[session]?.first(where: { $0.value == resource })?.key else { throw .notFound }
        resources[session]?[place] = nil
    }

    func openGate(_ session: SessionID) async throws(MediaGatewayError) {
        guard resources[session] != nil else { throw .notFound }
        openGates.insert(session)
    }

    func closeGate(_ session: SessionID) async throws(MediaGatewayError) {
        guard resources[session] != nil else { throw .notFound }
        openGates.remove(session)
    }

    func end(_ session: SessionID) async {
        resources[session] = nil
        openGates.remove(session)
    }

    func figures(_ session: SessionID) async -> MediaFigures? {
        guard resources[session] != nil else { return nil }
        var figures = MediaFigures()
        figures.packetsDroppedAtGate = 3
        return figures
    }

    private func takeRefusal() throws(MediaGatewayError) {
        guard let refusal else { return }
        self.refusal = nil
        throw refusal
    }
}

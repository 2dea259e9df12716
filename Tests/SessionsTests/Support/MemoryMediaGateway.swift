import Sessions

/// The media side as far as sessions see it: resources, gates and figures in memory, and a record of the orders it got.
actor MemoryMediaGateway: MediaGateway {
    enum Order: Equatable {
        case accept(MediaSide, MediaFlow)
        case change(String)
        case remove(String)
        case openGate, closeGate, end
    }

    struct State {
        var resources: [String: String] = [:]
        var gateIsOpen = false
        var figures = MediaFigures()
    }

    private(set) var states: [SessionID: State] = [:]
    private(set) var orders: [Order] = []
    /// The most orders that ran for one session at once; each order gives others the chance to come between.
    private(set) var mostAtOnce = 0
    private var running: [SessionID: Int] = [:]
    private var refusals: [MediaGatewayError] = []
    private var isFull = false
    private var nextResource = 1

    /// The next order that can fail is refused with this.
    func refuseNext(_ error: MediaGatewayError) { refusals.append(error) }

    /// Media came through.
    func count(_ session: SessionID, packets: UInt64) { states[session]?.figures.packetsForwarded += packets }

    func isOpen(_ session: SessionID) -> Bool { states[session]?.gateIsOpen ?? false }

    /// Takes no media of a session that has none, until this is false again.
    func setFull(_ isFull: Bool) { self.isFull = isFull }

    func admitSession() async throws(MediaGatewayError) {
        if isFull { throw .overloaded(retryAfterSeconds: 7) }
    }

    func accept(_ offer: MediaOffer) async throws(MediaGatewayError) -> MediaAnswer {
        await enter(offer.session)
        defer { leave(offer.session) }
        try takeRefusal()
        if states[offer.session] == nil { try await admitSession() }
        orders.append(.accept(offer.side, offer.flow))
        let resource = "r\(nextResource)"
        nextResource += 1
        states[offer.session, default: State()].resources["\(offer.side)-\(offer.flow)"] = resource
        return MediaAnswer(resource: resource, entityTag: "1", sdp: "v=0\r\n")
    }

    func change(_ change: MediaChange) async throws(MediaGatewayError) -> MediaChanged {
        await enter(change.session)
        defer { leave(change.session) }
        try takeRefusal()
        guard states[change.session]?.resources.values.contains(change.resource) ?? false else { throw .notFound }
        orders.append(.change(change.resource))
        return MediaChanged(entityTag: "2", fragment: "a=ice-lite\r\n")
    }

    func remove(_ resource: String, session: SessionID) async throws(MediaGatewayError) {
        await enter(session)
        defer { leave(session) }
        try takeRefusal()
        guard let place = states[session]?.resources.first(where: { $0.value == resource })?.key else {
            throw .notFound
        }
        orders.append(.remove(resource))
        states[session]?.resources[place] = nil
    }

    func openGate(_ session: SessionID) async throws(MediaGatewayError) {
        await enter(session)
        defer { leave(session) }
        try takeRefusal()
        orders.append(.openGate)
        guard states[session] != nil else { throw .notFound }
        states[session]?.gateIsOpen = true
    }

    func closeGate(_ session: SessionID) async throws(MediaGatewayError) {
        await enter(session)
        defer { leave(session) }
        try takeRefusal()
        orders.append(.closeGate)
        guard states[session] != nil else { throw .notFound }
        states[session]?.gateIsOpen = false
    }

    func end(_ session: SessionID) async {
        await enter(session)
        defer { leave(session) }
        orders.append(.end)
        states[session] = nil
    }

    func figures(_ session: SessionID) async -> MediaFigures? { states[session]?.figures }

    private func enter(_ session: SessionID) async {
        running[session, default: 0] += 1
        mostAtOnce = max(mostAtOnce, running[session] ?? 0)
        await Task.yield()
    }

    private func leave(_ session: SessionID) { running[session, default: 1] -= 1 }

    private func takeRefusal() throws(MediaGatewayError) {
        if !refusals.isEmpty { throw refusals.removeFirst() }
    }
}

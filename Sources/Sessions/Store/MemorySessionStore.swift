/// Sessions in memory. They are gone with the process; beyond the limit the session that ended first makes room.
public actor MemorySessionStore: SessionStore {
    private struct Entry {
        var session: LensSession
        let number: UInt64
    }

    private struct PINEntry {
        let session: SessionID
        var isRevoked = false
    }

    private let limit: Int
    private var entries: [SessionID: Entry] = [:]
    /// Every PIN ever given, so that a used one and an unknown one answer differently; at most a million. The latest
    /// wins.
    private var pins: [PIN: PINEntry] = [:]
    /// The unique index behind D10.
    private var activePlaces: [TechnicianID: SessionID] = [:]
    /// Oldest first, by rising number. Places of sessions that are gone stay until they are half of it.
    private var order: [(number: UInt64, id: SessionID)] = []
    /// In the order of ending, from `firstEnded` on.
    private var endedSessions: [SessionID] = []
    private var firstEnded = 0
    private var nextNumber: UInt64 = 1
    private var chain: AuditChain
    private var log: [AuditEntry] = []
    private var chats: [SessionID: [ChatLine]] = [:]
    private var photos: [SessionID: [(photo: Photo, bytes: [UInt8])]] = [:]
    private let keepsNotices: Bool
    var notices: [StatusNotice] = []
    private var nextNotice: Int64 = 1
    var registryNow = Registry()
    var version: Int64 = 0
    var logins: [LoginID: Login] = [:]

    /// - Parameters:
    ///   - limit: sessions kept, at least 1.
    ///   - auditKey: of its log; nil for a new one, since the log is gone with the process too.
    ///   - keepsNotices: somebody is to be told of each change of status.
    public init(limit: Int = 100_000, auditKey: AuditKey? = nil, keepsNotices: Bool = false) {
        self.limit = max(1, limit)
        self.keepsNotices = keepsNotices
        var generator = SystemRandomNumberGenerator()
        chain = AuditChain(key: auditKey ?? AuditKey(using: &generator))
    }

    public func create(_ session: LensSession, by actor: Actor) throws(SessionError) {
        guard !isTaken(session.pin) else { throw .pinTaken }
        if entries.count >= limit { try evict() }
        entries[session.id] = Entry(session: session, number: nextNumber)
        order.append((nextNumber, session.id))
        nextNumber += 1
        pins[session.pin] = PINEntry(session: session.id)
        note(.created(session, by: actor))
        notice(session, after: nil, at: session.createdAt)
    }

    public func find(_ id: SessionID) throws(SessionError) -> LensSession? { entries[id]?.session }

    public func claim(pin: PIN, by claim: CustomerClaim, at now: WallTime) throws(SessionError) -> SessionChange {
        guard let entry = pins[pin] else { throw .pin(.invalid) }
        guard !entry.isRevoked, entries[entry.session] != nil else { throw .pin(.expired) }
        return try update(entry.session, with: .pinClaimed(pin, claim), by: .customer, at: now)
    }

    public func update(
        _ id: SessionID, with event: SessionEvent, by actor: Actor, at now: WallTime
    ) throws(SessionError) -> SessionChange {
        guard let before = entries[id]?.session else { throw .notFound }
        var after = before
        let actions = try after.handle(event, at: now)
        try write(after, replacing: before)
        if let record = AuditRecord.changed(from: before, to: after, by: event, of: actor, at: now) {
            note(record)
        }
        if before.status != after.status { notice(after, after: before.status, at: now) }
        return SessionChange(session: after, actions: actions)
    }

    public func record(_ figures: MediaFigures, for id: SessionID) throws(SessionError) {
        entries[id]?.session.finalFigures = figures
    }

    public func waiting(sinceBefore time: WallTime) throws(SessionError) -> [SessionID] {
        entries.values.filter { $0.session.phase == .waiting && ($0.session.waitingSince ?? time) < time }
            .map(\.session.id)
    }

    public func connecting(createdBefore time: WallTime) throws(SessionError) -> [SessionID] {
        entries.values.filter { $0.session.phase == .connecting && $0.session.createdAt < time }.map(\.session.id)
    }

    public func active() throws(SessionError) -> [LensSession] {
        entries.values.map(\.session).filter { if case .active = $0.phase { true } else { false } }
    }

    public func sessions(withMailDueBy now: WallTime) throws(SessionError) -> [LensSession] {
        entries.values.map(\.session).filter { $0.mail?.dueAt.map { $0 <= now } ?? false }
    }

    public func statusCounts() throws(SessionError) -> [SessionStatus: Int] {
        entries.values.reduce(into: [:]) { $0[$1.session.status, default: 0] += 1 }
    }

    public func removeSessions(endedBefore time: WallTime, at now: WallTime) throws(SessionError) -> Int {
        let old = endedSessions[firstEnded...].prefix {
            entries[$0].flatMap(\.session.endedAt).map { $0 < time } ?? true
        }
        let count = old.count { entries[$0] != nil }
        for id in old { forget(id) }
        firstEnded += old.count
        tidy()
        if count > 0 { note(.removed(count, endedBefore: time, at: now)) }
        return count
    }

    public func append(_ line: NewChatLine, to id: SessionID, at now: WallTime) throws(SessionError) -> ChatLine {
        guard let session = entries[id]?.session else { throw .notFound }
        try session.permitChat()
        let number = Int64(chats[id]?.count ?? 0) + 1
        guard number <= ChatLine.countLimit else { throw .chatFull }
        let kept = line.line(number, at: now)
        chats[id, default: []].append(kept)
        return kept
    }

    public func chat(of id: SessionID) throws(SessionError) -> [ChatLine] { chats[id] ?? [] }

    public func append(_ photo: NewPhoto, to id: SessionID, at now: WallTime) throws(SessionError) -> Photo {
        guard let session = entries[id]?.session else { throw .notFound }
        try session.permitPhoto()
        let number = Int64(photos[id]?.count ?? 0) + 1
        guard number <= Photo.countLimit else { throw .photosFull }
        let kept = photo.photo(number, at: now)
        photos[id, default: []].append((kept, photo.bytes))
        note(.photoSent(kept, in: id))
        return kept
    }

    public func photos(of id: SessionID) throws(SessionError) -> [Photo] { photos[id]?.map(\.photo) ?? [] }

    public func photo(_ number: Int64, of id: SessionID) throws(SessionError) -> (photo: Photo, bytes: [UInt8])? {
        photos[id]?.first { $0.photo.number == number }
    }

    public func list(_ query: SessionQuery) throws(SessionError) -> SessionPage {
        var end = order.endIndex
        if let cursor = query.cursor {
            guard let number = UInt64(cursor) else { throw .invalid(field: "cursor", "is not one that a page gave") }
            end = firstIndex(notBelow: number)
        }
        let limit = min(max(query.limit, SessionQuery.limits.lowerBound), SessionQuery.limits.upperBound)
        var page = SessionPage(sessions: [], cursor: nil)
        for place in order[..<end].reversed() {
            guard let session = entries[place.id]?.session, query.includes(session) else { continue }
            if page.sessions.count == limit { return page }
            page.sessions.append(session)
            page.cursor = String(place.number)
        }
        page.cursor = nil
        return page
    }

    public func auditLog(from number: Int64, limit: Int) throws(SessionError) -> [AuditEntry] {
        Array(log.dropFirst(Int(clamping: max(1, number) - 1)).prefix(max(0, limit)))
    }

    public func auditTrail(of id: SessionID) throws(SessionError) -> [AuditEntry] {
        log.filter { $0.record.session == id }
    }

    public func auditHead() throws(SessionError) -> AuditHead { chain.head }

    private func notice(_ session: LensSession, after previous: SessionStatus?, at now: WallTime) {
        guard keepsNotices else { return }
        notices.append(StatusNotice(number: nextNotice, session: session, previous: previous, at: now))
        nextNotice += 1
    }

    func note(_ record: AuditRecord) { log.append(chain.append(record)) }

    /// Checks the rules over all sessions, then keeps the session and its indices. Nothing is changed on a refusal.
    private func write(_ after: LensSession, replacing before: LensSession) throws(SessionError) {
        let id = after.id
        if after.pin != before.pin, isTaken(after.pin) { throw .pinTaken }
        if let technician = after.occupiedTechnician, let holder = activePlaces[technician], holder != id {
            throw .technicianBusy
        }
        if after.pin != before.pin {
            pins[before.pin]?.isRevoked = true
            pins[after.pin] = PINEntry(session: id)
        }
        if let technician = before.occupiedTechnician { activePlaces[technician] = nil }
        if let technician = after.occupiedTechnician { activePlaces[technician] = id }
        if after.hasEnded, !before.hasEnded { endedSessions.append(id) }
        entries[id]?.session = after
    }

    /// Whether a PIN leads to a session that has not ended.
    private func isTaken(_ pin: PIN) -> Bool {
        guard let entry = pins[pin], !entry.isRevoked, let other = entries[entry.session]?.session else { return false }
        return !other.hasEnded
    }

    /// Costs the same however many sessions are kept, taken over many calls.
    private func evict() throws(SessionError) {
        guard firstEnded < endedSessions.count else { throw .full }
        forget(endedSessions[firstEnded])
        firstEnded += 1
        tidy()
    }

    private func forget(_ id: SessionID) {
        entries[id] = nil
        chats[id] = nil
        photos[id] = nil
    }

    private func tidy() {
        if firstEnded * 2 > endedSessions.count {
            endedSessions.removeFirst(firstEnded)
            firstEnded = 0
        }
        if entries.count * 2 < order.count { order.removeAll { entries[$0.id] == nil } }
    }

    /// The place in `order` of the first number that is not below this one.
    private func firstIndex(notBelow number: UInt64) -> Int {
        var low = order.startIndex
        var high = order.endIndex
        while low < high {
            let middle = low + (high - low) / 2
            if order[middle].number < number { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

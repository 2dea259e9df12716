extension MemorySessionStore: NoticeStore {
    public func notices(limit: Int) throws(SessionError) -> [StatusNotice] {
        var seen: Set<SessionID> = []
        return Array(notices.filter { seen.insert($0.session.id).inserted }.prefix(max(0, limit)))
    }

    public func removeNotice(_ number: Int64) throws(SessionError) { notices.removeAll { $0.number == number } }
}

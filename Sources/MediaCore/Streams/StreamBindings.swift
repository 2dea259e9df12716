internal import MediaWire

/// Where packets of one stream may come from before and after one has passed authentication.
struct StreamBindings {
    /// Sources in the source table that stand for this stream, newest last.
    private(set) var keys: [SourceKey] = []
    /// SSRCs that the offer named; empty if it named none.
    let declared: [SSRC]
    /// Addresses from the offer's `c=`, `m=` and `a=rtcp` lines.
    let announced: [SocketAddress]

    init(declared: [SSRC], announced: [SocketAddress]) {
        self.declared = declared
        self.announced = announced
    }

    /// Adds a source; answers the one that had to go to keep to the limit.
    mutating func bind(_ key: SourceKey, limit: Int) -> SourceKey? {
        guard !keys.contains(key) else { return nil }
        keys.append(key)
        return keys.count > limit ? keys.removeFirst() : nil
    }
}

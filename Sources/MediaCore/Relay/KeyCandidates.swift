/// A few streams whose keys may fit a packet, without repeats.
struct KeyCandidates {
    /// Keys tried for one packet at most, whatever the configuration says.
    static let most = 8

    private var references = InlineArray<8, StreamReference>(repeating: .track(0))
    private(set) var count = 0
    private let limit: Int
    private let first: StreamReference?

    /// - Parameter first: the one tried already, which counts towards the limit.
    init(limit: Int, first: StreamReference?) {
        self.limit = max(0, min(limit, Self.most) - (first == nil ? 0 : 1))
        self.first = first
    }

    subscript(position: Int) -> StreamReference { references[position] }

    mutating func add(_ reference: StreamReference) {
        guard count < limit, reference != first else { return }
        for position in 0..<count where references[position] == reference { return }
        references[count] = reference
        count += 1
    }
}

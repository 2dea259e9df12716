/// Finds the largest number of sessions that passes: doubling until one fails, then bisection. Knows nothing of sessions; whoever
/// runs the probes says how they went.
struct CapacitySearch: Sendable {
    /// The most that has passed; 0 so far none has.
    private(set) var passed = 0
    /// The fewest that has failed for good.
    private(set) var failed: Int?
    private var candidate: Int
    private let maximum: Int
    private var failuresOfCandidate = 0

    /// A number fails only after as many probes in a row: one disturbance of the machine does not decide.
    static let attempts = 2
    /// The search ends when passed and failed lie this close together, as a part of the passed one.
    static let resolution = 0.03

    /// - Parameters:
    ///   - first: where the doubling begins, at least 1.
    ///   - maximum: never probed beyond.
    init(first: Int, maximum: Int) {
        self.maximum = max(1, maximum)
        candidate = min(max(1, first), max(1, maximum))
    }

    /// The number to probe next; nil when the search is over.
    var next: Int? { candidate > 0 ? candidate : nil }

    mutating func record(passed isGood: Bool) {
        guard candidate > 0 else { return }
        if isGood {
            passed = max(passed, candidate)
        } else {
            failuresOfCandidate += 1
            if failuresOfCandidate < Self.attempts { return }
            failed = min(failed ?? .max, candidate)
        }
        failuresOfCandidate = 0
        candidate = choose()
    }

    private func choose() -> Int {
        guard let failed else { return passed >= maximum ? 0 : min(passed * 2, maximum) }
        let gap = failed - passed
        let closeEnough = max(1, Int(Double(passed) * Self.resolution))
        return gap <= closeEnough ? 0 : passed + gap / 2
    }
}

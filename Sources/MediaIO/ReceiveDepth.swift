/// How many messages a receive that may sleep asks for.
///
/// To look for one more than there is costs the kernel some hundred ns each time. Where messages come one by one, as frames that were
/// merged do, the shard therefore asks for one, and for more again as soon as one came while it worked: behind that there may be others.
struct ReceiveDepth {
    /// Receives in a row that have to bring one message only.
    private static let enough = 4

    private var singles = 0
    private var mayHaveMore = false

    /// - Parameter most: how many there is room for.
    func next(most: Int) -> Int { singles >= Self.enough && !mayHaveMore ? 1 : most }

    /// - Parameters:
    ///   - messages: how many the receive brought; at least one.
    ///   - asked: how many it might have brought.
    ///   - wasWaiting: the first had arrived before the receive began, or nobody knows when.
    mutating func note(messages: Int, asked: Int, wasWaiting: Bool) {
        guard asked > 1 else {
            mayHaveMore = wasWaiting
            return
        }
        mayHaveMore = false
        singles = messages == 1 ? min(singles + 1, Self.enough) : 0
    }
}

/// How many messages a receive that may sleep asks for.
///
/// To look for one more than there is costs the kernel some hundred ns each time. Where messages come one by one, as frames that were
/// merged do, the shard therefore asks for one, and for more again as soon as two in a row came while it worked: behind those there
/// may be others, while one alone is taken as cheaply as the one before it.
struct ReceiveDepth {
    /// Receives in a row that have to bring one message only.
    private static let enough = 3
    /// Messages in a row that have to have waited.
    private static let queue = 2

    private var singles = 0
    private var waited = 0

    /// - Parameter most: how many there is room for.
    func next(most: Int) -> Int { singles >= Self.enough && waited < Self.queue ? 1 : most }

    /// - Parameters:
    ///   - messages: how many the receive brought; at least one.
    ///   - asked: how many it might have brought.
    ///   - wasWaiting: the first had arrived before the receive began, or nobody knows when.
    mutating func note(messages: Int, asked: Int, wasWaiting: Bool) {
        guard asked > 1 else {
            waited = wasWaiting ? min(waited + 1, Self.queue) : 0
            return
        }
        waited = 0
        singles = messages == 1 ? min(singles + 1, Self.enough) : 0
    }
}

import MediaCore

/// Due times of streams and reports, the earliest first: a binary heap that is filled once and then only turned over, so that
/// it allocates nothing while media flows.
struct PacingSchedule {
    struct Entry {
        var due: Instant
        /// Whose turn it is.
        var id: UInt32
        /// An entry that is not of its owner's present generation is overtaken.
        var generation: UInt32
    }

    private var heap: [Entry] = []

    var count: Int { heap.count }
    var next: Entry? { heap.first }

    mutating func reserveCapacity(_ count: Int) { heap.reserveCapacity(count) }

    mutating func insert(_ entry: Entry) {
        heap.append(entry)
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard Self.isEarlier(heap[child], heap[parent]) else { break }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    mutating func removeAll() { heap.removeAll(keepingCapacity: true) }

    mutating func removeFirst() {
        guard let last = heap.popLast(), !heap.isEmpty else { return }
        replaceFirst(with: last)
    }

    /// Gives the earliest entry's place to another, usually the same stream's next turn.
    mutating func replaceFirst(with entry: Entry) {
        guard !heap.isEmpty else { return }
        var parent = 0
        while true {
            var child = 2 &* parent &+ 1
            guard child < heap.count else { break }
            if child &+ 1 < heap.count, Self.isEarlier(heap[child &+ 1], heap[child]) { child &+= 1 }
            guard Self.isEarlier(heap[child], entry) else { break }
            heap[parent] = heap[child]
            parent = child
        }
        heap[parent] = entry
    }

    /// Equal times go by id, so that a run can be repeated.
    private static func isEarlier(_ a: Entry, _ b: Entry) -> Bool {
        a.due == b.due ? a.id < b.id : a.due < b.due
    }
}

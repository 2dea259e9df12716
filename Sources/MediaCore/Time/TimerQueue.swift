/// What a timer of the shard is for.
enum TimerPurpose: UInt8 {
    case trackReport
    case slotReport
    /// One report out of turn, when the source's first one has come.
    case firstSlotReport
    case nack
    case keyframe
    /// A look into the ring of a port that publishes.
    case portSource
    /// A DTLS flight to be sent again.
    case handshake
    /// Transport-wide feedback to a publisher.
    case transportFeedback
    /// A peer over ICE may have fallen silent.
    case consent
    /// A look at who is still there.
    case presence
}

/// Due times in a binary heap. Idle streams have no entry, so they cost nothing.
struct TimerQueue {
    struct Entry {
        var due: Instant
        var purpose: TimerPurpose
        var index: Int
        var generation: UInt32
    }

    private var heap: [Entry] = []

    init() { heap.reserveCapacity(64) }

    /// Entries waiting, overtaken ones included.
    var count: Int { heap.count }

    var next: Instant? { heap.first?.due }

    mutating func schedule(_ purpose: TimerPurpose, _ index: Int, _ generation: UInt32, at due: Instant) {
        heap.append(Entry(due: due, purpose: purpose, index: index, generation: generation))
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child].due < heap[parent].due else { break }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    /// Takes the earliest entry if it is due.
    mutating func popDue(at now: Instant) -> Entry? {
        guard let first = heap.first, first.due <= now else { return nil }
        let last = heap.removeLast()
        guard !heap.isEmpty else { return first }
        heap[0] = last
        var parent = 0
        while true {
            var least = parent
            let left = 2 * parent + 1
            if left < heap.count, heap[left].due < heap[least].due { least = left }
            if left + 1 < heap.count, heap[left + 1].due < heap[least].due { least = left + 1 }
            guard least != parent else { return first }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}

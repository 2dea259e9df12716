/// A short list of plain values with a fixed capacity, for walking once per packet.
@safe
struct FixedList<Element: BitwiseCopyable>: ~Copyable {
    private let base: UnsafeMutablePointer<Element>
    let capacity: Int
    private(set) var count = 0

    init(capacity: Int) {
        self.capacity = max(1, capacity)
        unsafe base = .allocate(capacity: max(1, capacity))
    }

    deinit { unsafe base.deallocate() }

    /// False, and nothing added, when the list is full.
    mutating func append(_ element: Element) -> Bool {
        guard count < capacity else { return false }
        unsafe (base + count).initialize(to: element)
        count &+= 1
        return true
    }

    mutating func removeAll() { count = 0 }

    subscript(index: Int) -> Element {
        precondition(index >= 0 && index < count)
        return unsafe base[index]
    }
}

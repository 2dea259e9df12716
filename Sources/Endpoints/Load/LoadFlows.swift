/// The streams of one engine in one block of memory, which grows only when one is added.
@safe
struct LoadFlows: ~Copyable {
    private var base: UnsafeMutablePointer<LoadFlow>
    private var capacity = 16
    private(set) var count = 0

    init() { unsafe base = .allocate(capacity: 16) }

    deinit {
        unsafe base.deinitialize(count: count)
        unsafe base.deallocate()
    }

    mutating func append(_ flow: consuming LoadFlow) {
        if count == capacity { grow() }
        unsafe (base + count).initialize(to: flow)
        count += 1
    }

    mutating func removeAll() {
        unsafe base.deinitialize(count: count)
        count = 0
    }

    /// `index` must be below `count`.
    subscript(index: Int) -> LoadFlow {
        unsafeAddress {
            precondition(index >= 0 && index < count)
            return unsafe UnsafePointer(base + index)
        }
        unsafeMutableAddress {
            precondition(index >= 0 && index < count)
            return unsafe base + index
        }
    }

    private mutating func grow() {
        let larger = UnsafeMutablePointer<LoadFlow>.allocate(capacity: capacity * 2)
        unsafe larger.moveInitialize(from: base, count: count)
        unsafe base.deallocate()
        unsafe base = larger
        capacity *= 2
    }
}

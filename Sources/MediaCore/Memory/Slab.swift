/// Values in one block of memory, named by a small index that stays theirs until they are removed.
///
/// Grows at signalling time only (which moves the values, not their indices). An index that is not in use is a bug of the
/// caller: the tables that hold indices are kept true when a value is removed.
@safe
struct Slab<Element: ~Copyable>: ~Copyable {
    private var base: UnsafeMutablePointer<Element>
    private var generations: [UInt32]
    private var used: [Bool]
    private var free: [Int]
    private(set) var count = 0

    init(initialCapacity: Int = 16) {
        unsafe base = .allocate(capacity: max(1, initialCapacity))
        generations = Array(repeating: 0, count: max(1, initialCapacity))
        used = Array(repeating: false, count: max(1, initialCapacity))
        free = Array((0..<max(1, initialCapacity)).reversed())
    }

    deinit {
        for index in used.indices where used[index] { unsafe (base + index).deinitialize(count: 1) }
        unsafe base.deallocate()
    }

    var indices: [Int] { used.indices.filter { used[$0] } }

    /// Grows with each removal, so that a stale reference to a reused index shows.
    func generation(of index: Int) -> UInt32 { generations.indices.contains(index) ? generations[index] : 0 }

    func contains(_ index: Int) -> Bool { used.indices.contains(index) && used[index] }

    mutating func insert(_ element: consuming Element) -> Int {
        if free.isEmpty { grow() }
        let index = free.removeLast()
        unsafe (base + index).initialize(to: element)
        used[index] = true
        count += 1
        return index
    }

    mutating func remove(_ index: Int) {
        guard contains(index) else { return }
        unsafe (base + index).deinitialize(count: 1)
        used[index] = false
        generations[index] &+= 1
        free.append(index)
        count -= 1
    }

    subscript(index: Int) -> Element {
        unsafeAddress {
            assert(contains(index))
            return unsafe UnsafePointer(base + index)
        }
        unsafeMutableAddress {
            assert(contains(index))
            return unsafe base + index
        }
    }

    private mutating func grow() {
        let old = used.count
        let capacity = old * 2
        let larger = UnsafeMutablePointer<Element>.allocate(capacity: capacity)
        // No index is free when a slab grows, so every place below holds a value.
        unsafe larger.moveInitialize(from: base, count: old)
        unsafe base.deallocate()
        unsafe base = larger
        generations.append(contentsOf: repeatElement(0, count: old))
        used.append(contentsOf: repeatElement(false, count: old))
        free = Array((old..<capacity).reversed())
    }
}

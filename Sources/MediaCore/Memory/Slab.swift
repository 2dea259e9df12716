internal import CMemory

/// Values in one block of memory, named by a small index that stays theirs until they are removed.
///
/// The block is asked for in the size that it may need, but the system gives memory page by page as it is used, so an idle
/// slab costs little, a value stays at its address, and no insertion stops to move others. Only beyond that size is the
/// block replaced by a larger one. An index that is not in use is a bug of the caller: the tables that hold indices are kept
/// true when a value is removed.
@safe
struct Slab<Element: ~Copyable>: ~Copyable {
    private var base: UnsafeMutablePointer<Element>
    private var capacity: Int
    /// Of every index that was ever used.
    private var generations: [UInt32] = []
    private var used: [Bool] = []
    /// Indices to use again. The latest is taken first, since its memory is still warm.
    private var free: [Int] = []
    private(set) var count = 0

    /// - Parameter reserving: values that find room without moving any.
    init(reserving: Int = 16) {
        capacity = max(1, reserving)
        unsafe base = .allocate(capacity: capacity)
    }

    deinit {
        for index in used.indices where used[index] { unsafe (base + index).deinitialize(count: 1) }
        unsafe base.deallocate()
    }

    /// Grows with each removal, so that a stale reference to a reused index shows.
    func generation(of index: Int) -> UInt32 { generations.indices.contains(index) ? generations[index] : 0 }

    /// Every index that was ever used.
    var places: Range<Int> { used.indices }

    func contains(_ index: Int) -> Bool { used.indices.contains(index) && used[index] }

    mutating func insert(_ element: consuming Element) -> Int {
        let index = free.popLast() ?? nextFresh()
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

    /// Brings some bytes of the value at `index` near, which are about to be changed. It may be gone by now.
    @inline(__always)
    func prefetch(_ index: Int, _ bytes: Range<Int>) {
        assert(used.indices.contains(index))
        unsafe lens_prefetch_write(UnsafeRawPointer(base + index) + bytes.lowerBound, bytes.count)
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

    private mutating func nextFresh() -> Int {
        let index = used.count
        if index == capacity { grow() }
        used.append(false)
        generations.append(0)
        return index
    }

    private mutating func grow() {
        // No index is free when a slab grows, so every place holds a value.
        let larger = UnsafeMutablePointer<Element>.allocate(capacity: capacity * 2)
        unsafe larger.moveInitialize(from: base, count: capacity)
        unsafe base.deallocate()
        unsafe base = larger
        capacity *= 2
    }
}

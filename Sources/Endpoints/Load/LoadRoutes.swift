import MediaWire

/// What tells streams apart: where a datagram came to (a socket, or the leg that it is for), and its SSRC.
struct LoadRouteKey: Hashable, BitwiseCopyable {
    fileprivate let value: UInt64

    @inline(__always)
    init(place: Int, ssrc: SSRC) {
        value = UInt64(truncatingIfNeeded: place) << 32 | UInt64(ssrc.rawValue)
    }
}

struct LoadRoute: BitwiseCopyable {
    var flow: Int
    /// The end that publishes, which gets reports; else the one that plays.
    var isPublisher: Bool
}

/// Who is meant by a datagram: open addressing with linear probing, at most half full. Entries are never removed one by one.
@safe
struct LoadRoutes: ~Copyable {
    private struct Entry: BitwiseCopyable {
        var key: LoadRouteKey
        var route: LoadRoute
        var isUsed: Bool
    }

    private var entries: UnsafeMutablePointer<Entry>
    private var mask: Int
    private(set) var count = 0

    init() {
        mask = 255
        unsafe entries = Self.allocate(256)
    }

    deinit { unsafe entries.deallocate() }

    private static func allocate(_ size: Int) -> UnsafeMutablePointer<Entry> {
        let memory = UnsafeMutablePointer<Entry>.allocate(capacity: size)
        let empty = Entry(
            key: LoadRouteKey(place: 0, ssrc: SSRC(0)), route: LoadRoute(flow: 0, isPublisher: false), isUsed: false)
        unsafe memory.initialize(repeating: empty, count: size)
        return unsafe memory
    }

    @inline(__always)
    private func home(_ key: LoadRouteKey) -> Int {
        Int(truncatingIfNeeded: (key.value &* 0x9E37_79B9_7F4A_7C15) >> 32) & mask
    }

    @inline(__always)
    func find(_ key: LoadRouteKey) -> LoadRoute? {
        var index = home(key)
        while unsafe entries[index].isUsed {
            if unsafe entries[index].key == key { return unsafe entries[index].route }
            index = (index &+ 1) & mask
        }
        return nil
    }

    /// A key that is there already gets the new route.
    mutating func insert(_ key: LoadRouteKey, _ route: LoadRoute) {
        if (count + 1) * 2 > mask { grow() }
        var index = home(key)
        while unsafe entries[index].isUsed, unsafe entries[index].key != key { index = (index &+ 1) & mask }
        if unsafe !entries[index].isUsed { count += 1 }
        unsafe entries[index] = Entry(key: key, route: route, isUsed: true)
    }

    mutating func removeAll() {
        for index in 0...mask { unsafe entries[index].isUsed = false }
        count = 0
    }

    private mutating func grow() {
        let old = unsafe entries
        let size = mask + 1
        mask = size * 2 - 1
        unsafe entries = Self.allocate(size * 2)
        count = 0
        for index in 0..<size where unsafe old[index].isUsed { unsafe insert(old[index].key, old[index].route) }
        unsafe old.deallocate()
    }
}

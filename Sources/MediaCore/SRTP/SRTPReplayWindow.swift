/// Which of the latest `64 * words` indices have been seen (RFC 3711 section 3.3.2): a ring of bits below the newest
/// index.
struct SRTPReplayWindow<let words: Int> {
    /// The highest index taken. The window reaches from here down.
    private(set) var newest: UInt64
    private var bits = InlineArray<words, UInt64>(repeating: 0)

    /// Indices that the window spans.
    static var span: UInt64 { UInt64(words) &* 64 }

    /// - Parameter newest: where the window ends before the first packet.
    init(newest: UInt64 = 0) { self.newest = newest }

    /// False for an index seen before or below the window.
    @inline(__always)
    func accepts(_ index: UInt64) -> Bool {
        guard index <= newest else { return true }
        guard newest &- index < Self.span else { return false }
        return bits[word(index)] & Self.bit(index) == 0
    }

    /// Remembers an index that the window accepts.
    @inline(__always)
    mutating func take(_ index: UInt64) {
        if index > newest { advance(to: index) }
        bits[word(index)] |= Self.bit(index)
    }

    @inline(__always)
    private mutating func advance(to index: UInt64) {
        if index &- newest >= Self.span {
            bits = InlineArray(repeating: 0)
        } else {
            var passed = newest &+ 1
            while passed <= index {
                bits[word(passed)] &= ~Self.bit(passed)
                passed &+= 1
            }
        }
        newest = index
    }

    @inline(__always)
    private func word(_ index: UInt64) -> Int { Int(truncatingIfNeeded: index >> 6) & (words &- 1) }

    @inline(__always)
    private static func bit(_ index: UInt64) -> UInt64 { 1 << (index & 63) }
}

/// Damages bytes the way broken and hostile peers do: flips, cuts, inserts, repeats, extreme values, splices.
public struct Mutator {
    public var generator: SeededGenerator

    public init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    /// One to eight random changes of `bytes`; `others` are donors for splices.
    public mutating func mutate(_ bytes: [UInt8], splicing others: [[UInt8]] = []) -> [UInt8] {
        var result = bytes
        for _ in 0..<Int.random(in: 1...8, using: &generator) { change(&result, others) }
        return result
    }

    private mutating func change(_ bytes: inout [UInt8], _ others: [[UInt8]]) {
        guard !bytes.isEmpty else {
            bytes.append(UInt8.random(in: 0...255, using: &generator))
            return
        }
        let at = Int.random(in: 0..<bytes.count, using: &generator)
        switch Int.random(in: 0..<8, using: &generator) {
        case 0: bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
        case 1: bytes[at] = UInt8.random(in: 0...255, using: &generator)
        case 2: bytes[at] = [0, 1, 0x7F, 0x80, 0xFE, 0xFF].randomElement(using: &generator) ?? 0
        case 3: bytes.removeSubrange(at...)
        case 4: bytes.insert(UInt8.random(in: 0...255, using: &generator), at: at)
        case 5:
            let end = min(bytes.count, at + Int.random(in: 1...16, using: &generator))
            bytes.removeSubrange(at..<end)
        case 6:
            let end = min(bytes.count, at + Int.random(in: 1...64, using: &generator))
            bytes.insert(contentsOf: bytes[at..<end], at: at)
        default:
            guard let donor = others.randomElement(using: &generator), !donor.isEmpty else { return }
            let from = Int.random(in: 0..<donor.count, using: &generator)
            bytes.replaceSubrange(at..., with: donor[from...])
        }
    }
}

/// Reads a log from its beginning and says where it was tampered with (D18).
public struct AuditVerifier: Sendable {
    /// What is wrong, and with which entry.
    public enum Fault: Error, Sendable, Hashable, CustomStringConvertible {
        /// This entry was changed, or one before it was taken out or put in.
        case broken(number: Int64)
        /// The log ends here, and a head that was exported says that it went on.
        case cutOff(after: Int64, until: Int64)
        /// The entry of this number is not the one that an exported head was taken of.
        case replaced(number: Int64)

        public var description: String {
            switch self {
            case .broken(let number): "entry \(number) does not fit the one before it"
            case .cutOff(let last, let until): "the log ends with entry \(last) and had \(until)"
            case .replaced(let number): "entry \(number) is not the one that the exported head was taken of"
            }
        }
    }

    private var chain: AuditChain
    /// By rising number.
    private var heads: ArraySlice<AuditHead>

    /// - Parameter heads: exported before, in any order.
    public init(key: AuditKey, heads: [AuditHead] = []) {
        chain = AuditChain(key: key)
        self.heads = heads.filter { $0.number > 0 }.sorted { $0.number < $1.number }[...]
    }

    /// The last entry that was right.
    public var head: AuditHead { chain.head }

    /// Takes the next entry.
    /// - Throws: the fault; nothing behind it can be judged.
    public mutating func read(_ entry: AuditEntry) throws(Fault) {
        guard chain.accept(entry) else { throw .broken(number: entry.number) }
        while let head = heads.first, head.number <= entry.number {
            guard head.seal == entry.seal else { throw .replaced(number: head.number) }
            heads.removeFirst()
        }
    }

    /// The log has no more entries.
    /// - Throws: `cutOff` if a head knows of more.
    public func finish() throws(Fault) {
        if let last = heads.last { throw .cutOff(after: chain.head.number, until: last.number) }
    }
}

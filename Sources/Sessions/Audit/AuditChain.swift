/// The secret that a node seals its audit log with. Who has only the log can read it, and can make no entry that fits.
public struct AuditKey: Sendable, CustomStringConvertible, CustomDebugStringConvertible {
    fileprivate let bytes: [UInt8]

    public static let length = 32

    /// - Returns: nil unless `bytes` are 32.
    public init?(_ bytes: [UInt8]) {
        guard bytes.count == Self.length else { return nil }
        self.bytes = bytes
    }

    /// A new key.
    public init(using generator: inout some RandomNumberGenerator) {
        bytes = SecretBytes.draw(Self.length, using: &generator)
    }

    /// For the place that keeps it.
    public var secretBytes: [UInt8] { bytes }

    public var description: String { "AuditKey" }
    public var debugDescription: String { description }
}

/// HMAC-SHA256 over an entry and the seal before it (RFC 2104), so that each seal stands for the whole log up to there.
public struct AuditSeal: Sendable, Hashable {
    public let bytes: [UInt8]

    public static let length = HMACSHA256.length
    /// In front of the first entry.
    public static let none = AuditSeal(unchecked: Array(repeating: 0, count: length))

    /// - Returns: nil unless `bytes` are 32.
    public init?(_ bytes: [UInt8]) {
        guard bytes.count == Self.length else { return nil }
        self.bytes = bytes
    }

    fileprivate init(unchecked bytes: [UInt8]) { self.bytes = bytes }

    /// As text for people and files, in hexadecimal.
    public var text: String { Hexadecimal.text(bytes) }
}

/// An entry of the log: a record with its number, from 1 on, and its seal.
public struct AuditEntry: Sendable, Hashable {
    public var number: Int64
    public var record: AuditRecord
    public var seal: AuditSeal

    public init(number: Int64, record: AuditRecord, seal: AuditSeal) {
        self.number = number
        self.record = record
        self.seal = seal
    }
}

/// Where a log ended at some time. Kept elsewhere, it proves later that the log still reaches so far.
public struct AuditHead: Sendable, Hashable {
    /// Of the last entry; 0 for an empty log.
    public var number: Int64
    public var seal: AuditSeal

    public static let empty = AuditHead(number: 0, seal: .none)

    public init(number: Int64, seal: AuditSeal) {
        self.number = number
        self.seal = seal
    }
}

/// Seals records one after the other (D18). Knows no store.
public struct AuditChain: Sendable {
    private let key: AuditKey
    public private(set) var head: AuditHead

    /// - Parameter head: where the log ends; `.empty` for a new one.
    public init(key: AuditKey, continuing head: AuditHead = .empty) {
        self.key = key
        self.head = head
    }

    /// The next entry. The chain goes on behind it.
    public mutating func append(_ record: AuditRecord) -> AuditEntry {
        let number = head.number + 1
        let entry = AuditEntry(number: number, record: record, seal: seal(record, number, after: head.seal))
        head = AuditHead(number: number, seal: entry.seal)
        return entry
    }

    /// Whether `entry` is the one that belongs behind the head. Goes on behind it if so.
    public mutating func accept(_ entry: AuditEntry) -> Bool {
        let expected = seal(entry.record, entry.number, after: head.seal)
        guard entry.number == head.number + 1, SecretBytes.areEqual(expected.bytes, entry.seal.bytes) else {
            return false
        }
        head = AuditHead(number: entry.number, seal: entry.seal)
        return true
    }

    private func seal(_ record: AuditRecord, _ number: Int64, after previous: AuditSeal) -> AuditSeal {
        var text = AuditText()
        text.add(previous.bytes)
        text.add(number)
        text.add(record.at.milliseconds)
        text.add(record.actor)
        text.add(record.step.rawValue)
        text.add(record.session?.text ?? "")
        text.add(Int64(record.details.count))
        for (name, value) in record.details.sorted(by: { $0.key < $1.key }) {
            text.add(name)
            text.add(value)
        }
        return AuditSeal(unchecked: HMACSHA256.of(text.bytes, key: key.bytes))
    }
}

/// What a seal covers. Every part says how long it is, so no two records have the same bytes.
private struct AuditText {
    var bytes: [UInt8] = []

    mutating func add(_ number: Int64) {
        for shift in stride(from: 56, through: 0, by: -8) { bytes.append(UInt8(truncatingIfNeeded: number >> shift)) }
    }

    mutating func add(_ part: some Collection<UInt8>) {
        add(Int64(part.count))
        bytes.append(contentsOf: part)
    }

    mutating func add(_ part: String) { add(part.utf8) }
}

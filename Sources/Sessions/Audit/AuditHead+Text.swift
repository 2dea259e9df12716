/// A head as a line of a file that is kept elsewhere.
extension AuditHead {
    /// The number and the seal in hexadecimal.
    public var text: String { "\(number) \(seal.text)" }

    /// Reads what `text` wrote; nil for anything else.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: " ", omittingEmptySubsequences: false)
        guard parts.count == 2, let first = parts.first, let last = parts.last, let number = Int64(first), number >= 0,
            let seal = Hexadecimal.bytes(last).flatMap({ AuditSeal($0) })
        else { return nil }
        self.init(number: number, seal: seal)
    }
}

/// A line of the conversation beside the call (S24, S30).
public struct ChatLine: Sendable, Hashable, Codable {
    public enum Side: String, Sendable, CaseIterable, Codable {
        case technician, customer
    }

    /// Within its session, from 1 on.
    public let number: Int64
    public let at: WallTime
    public let side: Side
    /// Who wrote it; an automation's key, a technician, or `customer`.
    public let author: String
    public let text: String

    /// Longest text, in Unicode scalars.
    public static let textLimit = 4000
    /// Lines of a session at most.
    public static let countLimit: Int64 = 2000

    public init(number: Int64, at: WallTime, side: Side, author: String, text: String) {
        self.number = number
        self.at = at
        self.side = side
        self.author = author
        self.text = text
    }
}

/// A line before it has its number, checked.
public struct NewChatLine: Sendable, Hashable {
    public let side: ChatLine.Side
    public let author: String
    public let text: String

    /// - Throws: `invalid` for a text that is empty, too long, or holds control characters other than line breaks and tabs.
    public init(side: ChatLine.Side, author: String, text: String) throws(SessionError) {
        let scalars = text.unicodeScalars
        guard (1...ChatLine.textLimit).contains(scalars.count) else {
            throw .invalid(field: "text", "must have 1 to \(ChatLine.textLimit) characters")
        }
        guard scalars.allSatisfy({ $0 == "\n" || $0 == "\t" || $0.properties.generalCategory != .control }) else {
            throw .invalid(field: "text", "must not contain control characters")
        }
        self.side = side
        self.author = author
        self.text = text
    }

    func line(_ number: Int64, at now: WallTime) -> ChatLine {
        ChatLine(number: number, at: now, side: side, author: author, text: text)
    }
}

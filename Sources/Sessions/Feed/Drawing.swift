/// Marks that one side draws on the picture, for the other to see. They pass through and are not kept.
public struct Drawing: Sendable, Hashable {
    public let side: ChatLine.Side
    /// A list of marks as JSON; what they mean is between the two pages.
    public let marks: String

    /// Longest batch, in bytes of JSON.
    public static let limit = 8192

    public init(side: ChatLine.Side, marks: String) {
        self.side = side
        self.marks = marks
    }
}

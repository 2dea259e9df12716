/// Names that stand in paths and logs.
enum Identifier {
    /// Whether `text` is 1 to 64 ASCII letters, digits or any of `marks`.
    static func isValid(_ text: String, marks: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "a")...UInt8(ascii: "z"):
                    true
                default: marks.utf8.contains(byte)
                }
            }
    }
}

/// Text that people type for people: one line, of a bounded length.
enum PlainLine {
    /// In Unicode scalars.
    static let limit = 200

    /// - Throws: `invalid` naming the field.
    static func check(_ text: String, field: String) throws(SessionError) -> String {
        let scalars = text.unicodeScalars
        guard (1...limit).contains(scalars.count) else {
            throw .invalid(field: field, "must have 1 to \(limit) characters")
        }
        guard scalars.allSatisfy({ $0.properties.generalCategory != .control }) else {
            throw .invalid(field: field, "must not contain control characters")
        }
        return text
    }
}

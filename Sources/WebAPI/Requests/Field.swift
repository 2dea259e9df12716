import HTTPTypes
import Sessions

/// Reads the fields of a decoded body.
enum Field {
    /// - Throws: 400.
    static func required<T>(_ value: T?, _ name: String) throws -> T {
        guard let value else { throw Problem(.badRequest, detail: "The field \"\(name)\" is missing.") }
        return value
    }

    /// One of a few words.
    /// - Throws: `invalid`, naming them all.
    static func word<Word: RawRepresentable & CaseIterable>(
        _ text: String, _ name: String
    ) throws -> Word where Word.RawValue == String {
        guard let word = Word(rawValue: text) else {
            let words = Word.allCases.map(\.rawValue).joined(separator: ", ")
            throw SessionError.invalid(field: name, "must be one of: \(words)")
        }
        return word
    }
}

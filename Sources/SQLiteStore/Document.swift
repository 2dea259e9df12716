internal import Foundation

/// Values in JSON, as columns have them. Equal values have equal texts.
enum Document {
    static func text(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    static func value<T: Decodable>(_ type: T.Type, of text: String) throws -> T {
        try JSONDecoder().decode(type, from: Data(text.utf8))
    }
}

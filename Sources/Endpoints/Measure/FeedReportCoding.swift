import FoundationEssentials

/// A figure that may be unknown. Encoded as its value or as an explicit null, never left out as a plain optional would be.
///
/// Doubles are written with three decimals, which is more than any of them can say; one that JSON cannot hold is null.
@propertyWrapper
public struct Nullable<Value: Codable & Hashable & Sendable>: Codable, Hashable, Sendable {
    public var wrappedValue: Value?

    public init(wrappedValue: Value?) { self.wrappedValue = wrappedValue }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        wrappedValue = container.decodeNil() ? nil : try container.decode(Value.self)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch wrappedValue {
        case nil: try container.encodeNil()
        case let number as Double:
            if number.isFinite {
                try container.encode((number * 1000).rounded() / 1000)
            } else {
                try container.encodeNil()
            }
        case let value?: try container.encode(value)
        }
    }
}

extension KeyedDecodingContainer {
    /// To the synthesised decoding, null and a missing key are the same.
    public func decode<Value>(_ type: Nullable<Value>.Type, forKey key: Key) throws -> Nullable<Value> {
        try decodeIfPresent(type, forKey: key) ?? Nullable(wrappedValue: nil)
    }
}

extension FeedReport {
    /// The report as indented JSON text with sorted keys, ending in a newline.
    public func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
    }

    /// Writes `json()` to a file.
    /// - Throws: `EndpointError.unwritable`.
    public func write(to path: String) throws(EndpointError) {
        do {
            try Data(json().utf8).write(to: URL(filePath: path), options: .atomic)
        } catch {
            throw .unwritable(path: path, reason: "\(error)")
        }
    }
}

/// An `a=` line: a property (`a=rtcp-mux`) or a name with a value (`a=mid:0`), RFC 8866 section 5.13.
public struct SDPAttribute: Hashable, Sendable {
    public var name: String
    public var value: String?
    public internal(set) var line = SDPLine()

    public init(_ name: String, _ value: String? = nil) {
        self.name = name
        self.value = value
    }

    /// The line's text after `a=`.
    var text: String {
        guard let value else { return name }
        return name + ":" + value
    }
}

/// Where a part of a description was read. Two parts are equal wherever they stand, so two of these always are.
public struct SDPLine: Hashable, Sendable {
    /// Counted from 1; 0 for a part made by us.
    public internal(set) var number = 0

    public static func == (a: SDPLine, b: SDPLine) -> Bool { true }
    public func hash(into hasher: inout Hasher) {}
}

/// Keys and passwords stay out of logs.
extension SDPAttribute: CustomStringConvertible, CustomDebugStringConvertible {
    public var description: String { name == "crypto" || name == "ice-pwd" ? name + ":…" : text }
    public var debugDescription: String { description }
}

/// Something that carries `a=` lines: the session part or a media description.
public protocol SDPAttributeSection {
    var attributes: [SDPAttribute] { get set }
}

extension SDPAttributeSection {
    /// Values of all lines `a=name:value`, in order.
    public func values(of name: String) -> [String] {
        attributes.compactMap { $0.name == name ? $0.value : nil }
    }

    /// Value of the first line `a=name:value`.
    public func value(of name: String) -> String? {
        attributes.first { $0.name == name && $0.value != nil }?.value
    }

    /// Whether a line `a=name` or `a=name:…` is there.
    public func has(_ name: String) -> Bool { attributes.contains { $0.name == name } }
}

import FoundationEssentials

/// Finds a name that an object of JSON has twice. Programs differ in which one they take (RFC 8259 section 4), so that two of them on one
/// way may read two different bodies: such a body is refused.
enum DuplicateKeys {
    /// - Parameter json: any bytes; what is no JSON is for the decoder to refuse.
    /// - Returns: the name; nil if there is none. Takes time in proportion to the bytes.
    static func first(in json: some Collection<UInt8>) -> String? {
        var bytes = json.makeIterator()
        // Of the objects that are open; nil for lists.
        var open: [Set<[UInt8]>?] = []
        var expectsName = false
        while let byte = bytes.next() {
            switch byte {
            case UInt8(ascii: "{"):
                open.append([])
                expectsName = true
            case UInt8(ascii: "["):
                open.append(nil)
                expectsName = false
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                _ = open.popLast()
                expectsName = false
            case UInt8(ascii: ","): expectsName = open.last.map { $0 != nil } ?? false
            case UInt8(ascii: "\""):
                let text = string(&bytes)
                guard expectsName, let last = open.indices.last else { continue }
                expectsName = false
                if open[last]?.insert(plain(text)).inserted == false {
                    return String(decoding: plain(text), as: UTF8.self)
                }
            default: break
            }
        }
        return nil
    }

    /// The bytes up to the closing quote, escapes as they are.
    private static func string(_ bytes: inout some IteratorProtocol<UInt8>) -> [UInt8] {
        var text: [UInt8] = []
        while let byte = bytes.next(), byte != UInt8(ascii: "\"") {
            text.append(byte)
            if byte == UInt8(ascii: "\\"), let next = bytes.next() { text.append(next) }
        }
        return text
    }

    /// The same name may be written with escapes.
    private static func plain(_ text: [UInt8]) -> [UInt8] {
        guard text.contains(UInt8(ascii: "\\")) else { return text }
        let quoted = [UInt8(ascii: "\"")] + text + [UInt8(ascii: "\"")]
        return (try? JSONDecoder().decode(String.self, from: Data(quoted))).map { Array($0.utf8) } ?? text
    }
}

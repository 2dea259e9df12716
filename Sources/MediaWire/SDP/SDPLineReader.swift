/// Cuts a text into its `x=value` lines, looking at every byte once.
struct SDPLineReader<Bytes: RandomAccessCollection> where Bytes.Element == UInt8, Bytes.Index == Int {
    struct Line {
        let number: Int
        let type: Character
        let value: Bytes.SubSequence

        var text: String { String(decoding: value, as: UTF8.self) }

        /// The value cut at every single blank, so that a doubled one shows as an empty field.
        func fields() -> [String] {
            value.split(separator: SDPText.space, omittingEmptySubsequences: false).map {
                String(decoding: $0, as: UTF8.self)
            }
        }

        func error(_ what: String) -> SDPError { SDPError(line: number, what: what) }
    }

    private let bytes: Bytes
    private var position: Int
    /// The last line read, counted from 1.
    private(set) var lineNumber = 0

    init(_ bytes: Bytes) {
        self.bytes = bytes
        position = bytes.startIndex
    }

    /// The next line, or nil at the end of the text.
    mutating func next() throws(SDPError) -> Line? {
        guard position < bytes.endIndex else { return nil }
        lineNumber += 1
        guard lineNumber <= SDPLimits.lines else { throw error("more than \(SDPLimits.lines) lines") }
        let content = try takeLine()
        guard let first = content.first else {
            try checkOnlyLineEndsFollow()
            return nil
        }
        guard content.count >= 2, content[content.startIndex + 1] == UInt8(ascii: "="),
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(first)
        else { throw error("expected a line of the form x=value") }
        return Line(
            number: lineNumber, type: Character(Unicode.Scalar(first)), value: content[(content.startIndex + 2)...])
    }

    /// The bytes up to the next LF or CRLF, which is consumed; the text's last line may go without.
    private mutating func takeLine() throws(SDPError) -> Bytes.SubSequence {
        let start = position
        while position < bytes.endIndex {
            let byte = bytes[position]
            let end = position
            position += 1
            if byte == 0x0A { return bytes[start..<end] }
            if byte == 0x0D {
                guard position < bytes.endIndex, bytes[position] == 0x0A else { throw error("a CR without LF") }
                position += 1
                return bytes[start..<end]
            }
            guard byte >= 0x20 || byte == SDPText.tab, byte != 0x7F else { throw error("a control character") }
            guard end - start < SDPLimits.lineBytes else {
                throw error("the line is longer than \(SDPLimits.lineBytes) bytes")
            }
        }
        return bytes[start..<position]
    }

    private mutating func checkOnlyLineEndsFollow() throws(SDPError) {
        while position < bytes.endIndex {
            guard try takeLine().isEmpty else { throw error("an empty line") }
        }
    }

    private func error(_ what: String) -> SDPError { SDPError(line: lineNumber, what: what) }
}

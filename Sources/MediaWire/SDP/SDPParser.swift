extension SessionDescription {
    /// The parser itself. Generic over its bytes so that a test can count how often each one is looked at.
    package static func parse<Bytes: RandomAccessCollection>(bytes: Bytes) throws(SDPError) -> SessionDescription
    where Bytes.Element == UInt8, Bytes.Index == Int {
        var parser = SDPParser(SDPLineReader(bytes))
        return try parser.parse()
    }
}

/// Puts lines together to a description and checks their order.
private struct SDPParser<Bytes: RandomAccessCollection> where Bytes.Element == UInt8, Bytes.Index == Int {
    typealias Line = SDPLineReader<Bytes>.Line

    private var reader: SDPLineReader<Bytes>
    private var session = SessionDescription(origin: SDPOrigin(sessionID: 0, sessionVersion: 0, address: .anyV4))
    private var media: MediaDescription?
    /// Rank of the last line within its section; the next one may not have a lower one.
    private var rank = -1

    /// The session part's lines in their order; `m` stands for the end of that part.
    private static var sessionOrder: [Character] {
        ["v", "o", "s", "i", "u", "e", "p", "c", "b", "t", "z", "k", "a", "m"]
    }
    private static var mediaOrder: [Character] { ["m", "i", "c", "b", "k", "a"] }
    private static var required: Set<Character> { ["v", "o", "s", "t"] }
    private static var repeatable: Set<Character> { ["e", "p", "b", "t", "a"] }

    init(_ reader: SDPLineReader<Bytes>) { self.reader = reader }

    mutating func parse() throws(SDPError) -> SessionDescription {
        session.timings = []
        while let line = try reader.next() {
            try checkOrder(of: line)
            if line.type == "m" {
                finishMedia()
                guard session.mediaDescriptions.count < SDPLimits.mediaDescriptions else {
                    throw line.error("more than \(SDPLimits.mediaDescriptions) media descriptions")
                }
                media = try line.mediaDescription()
            } else if media != nil {
                try takeMediaLine(line)
            } else {
                try takeSessionLine(line)
            }
        }
        if media == nil { try checkSessionComplete(before: "m", at: reader.lineNumber + 1, saying: "the end") }
        finishMedia()
        return session
    }

    private mutating func finishMedia() {
        if let media { session.mediaDescriptions.append(media) }
        media = nil
    }

    // MARK: Order

    private mutating func checkOrder(of line: Line) throws(SDPError) {
        if line.type == "m" {
            if media == nil { try checkSessionComplete(before: "m", at: line.number, saying: "m=") }
            rank = 0
            return
        }
        let inMedia = media != nil
        let order = inMedia ? Self.mediaOrder : Self.sessionOrder
        // Repeat times belong to the timing before them.
        if line.type == "r", !inMedia, rank == order.firstIndex(of: "t") { return }
        guard let next = order.firstIndex(of: line.type) else {
            throw line.error("\(line.type)= does not belong \(inMedia ? "into a media description" : "here")")
        }
        guard next >= rank else { throw line.error("\(line.type)= stands after \(order[rank])=, it belongs before") }
        let mayRepeat = Self.repeatable.contains(line.type) || (inMedia && line.type == "c")
        guard next > rank || mayRepeat else { throw line.error("a second \(line.type)= line") }
        if !inMedia { try checkSessionComplete(before: line.type, at: line.number, saying: "\(line.type)=") }
        rank = next
    }

    /// Whether every required line between the last one and `type` was there.
    private func checkSessionComplete(before type: Character, at number: Int, saying place: String) throws(SDPError) {
        let order = Self.sessionOrder
        guard let next = order.firstIndex(of: type), rank + 1 < next else { return }
        if let missing = order[(rank + 1)..<next].first(where: Self.required.contains) {
            throw SDPError(line: number, what: "expected \(missing)= before \(place)")
        }
    }

    // MARK: Lines

    private mutating func takeSessionLine(_ line: Line) throws(SDPError) {
        switch line.type {
        case "v":
            guard line.text == "0" else { throw line.error("the version is not 0") }
        case "o": session.origin = try line.origin()
        case "s": session.sessionName = try line.nonEmpty()
        case "i": session.information = try line.nonEmpty()
        case "u": session.uri = try line.nonEmpty()
        case "e": session.emails.append(try line.nonEmpty())
        case "p": session.phones.append(try line.nonEmpty())
        case "c": session.connection = try line.connection()
        case "b": session.bandwidths.append(try line.bandwidth())
        case "t": session.timings.append(try line.timing())
        case "r":
            // The order check lets r= pass only behind a t=.
            guard let last = session.timings.indices.last else { throw line.error("r= without t=") }
            session.timings[last].repeats.append(try line.nonEmpty())
        case "z": session.timeZones = try line.nonEmpty()
        case "a":
            guard session.attributes.count < SDPLimits.attributesPerSection else { throw tooManyAttributes(line) }
            session.attributes.append(try line.attribute())
        default: break  // k=
        }
    }

    private mutating func takeMediaLine(_ line: Line) throws(SDPError) {
        switch line.type {
        case "i": media?.information = try line.nonEmpty()
        case "c": media?.connections.append(try line.connection())
        case "b": media?.bandwidths.append(try line.bandwidth())
        case "a":
            guard let count = media?.attributes.count, count < SDPLimits.attributesPerSection else {
                throw tooManyAttributes(line)
            }
            media?.attributes.append(try line.attribute())
        default: break  // k=
        }
    }

    private func tooManyAttributes(_ line: Line) -> SDPError {
        line.error("more than \(SDPLimits.attributesPerSection) a= lines in one section")
    }
}

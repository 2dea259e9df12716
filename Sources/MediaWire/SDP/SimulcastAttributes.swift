/// `a=rid:hi send pt=97;max-width=1280` (RFC 8851 section 4): one encoding of a source, by a name of its own.
public struct RIDAttribute: Hashable, Sendable {
    public enum Direction: String, Sendable {
        case send
        case receive = "recv"
    }

    /// What the RID header extension names it by: letters, digits, `-` and `_`.
    public var id: String
    public var direction: Direction
    /// As written.
    public var restrictions: String?

    public init(id: String, direction: Direction, restrictions: String? = nil) {
        self.id = id
        self.direction = direction
        self.restrictions = restrictions
    }

    public init?(value: String) {
        let words = SDPText.words(value, maxSplits: 2)
        guard words.count >= 2, SimulcastAttribute.isRID(words[0]), let way = Direction(rawValue: String(words[1]))
        else {
            return nil
        }
        self.init(id: String(words[0]), direction: way, restrictions: words.count > 2 ? String(words[2]) : nil)
    }

    public var attribute: SDPAttribute {
        SDPAttribute("rid", "\(id) \(direction.rawValue)" + (restrictions.map { " " + $0 } ?? ""))
    }
}

/// `a=simulcast:send hi;~mid,low` (RFC 8853 section 5.1): streams of one source in order of preference, each with its alternatives.
public struct SimulcastAttribute: Hashable, Sendable {
    public struct Alternative: Hashable, Sendable {
        public var rid: String
        /// `~`: not sent for now.
        public var isPaused: Bool

        public init(rid: String, isPaused: Bool = false) {
            self.rid = rid
            self.isPaused = isPaused
        }
    }

    public var send: [[Alternative]]
    public var receive: [[Alternative]]

    public init(send: [[Alternative]] = [], receive: [[Alternative]] = []) {
        self.send = send
        self.receive = receive
    }

    public init?(value: String) {
        let words = SDPText.words(value)
        guard words.count == 2 || words.count == 4 else { return nil }
        self.init()
        for index in stride(from: 0, to: words.count, by: 2) {
            guard let streams = Self.streams(words[index + 1]) else { return nil }
            switch words[index] {
            case "send" where send.isEmpty: send = streams
            case "recv" where receive.isEmpty: receive = streams
            default: return nil
            }
        }
    }

    public var attribute: SDPAttribute {
        var parts: [String] = []
        for (name, streams) in [("send", send), ("recv", receive)] where !streams.isEmpty {
            let list = streams.map { $0.map { ($0.isPaused ? "~" : "") + $0.rid }.joined(separator: ",") }
            parts.append(name + " " + list.joined(separator: ";"))
        }
        return SDPAttribute("simulcast", parts.joined(separator: " "))
    }

    /// Streams, or alternatives of one, that a line may name.
    private static let limit = 32

    private static func streams(_ list: Substring) -> [[Alternative]]? {
        let streams = list.split(separator: ";", maxSplits: limit, omittingEmptySubsequences: false)
        guard streams.count <= limit else { return nil }
        var found: [[Alternative]] = []
        for stream in streams {
            let words = stream.split(separator: ",", maxSplits: limit, omittingEmptySubsequences: false)
            guard words.count <= limit else { return nil }
            var alternatives: [Alternative] = []
            for word in words {
                let isPaused = word.hasPrefix("~")
                let rid = isPaused ? word.dropFirst() : word
                guard isRID(rid) else { return nil }
                alternatives.append(Alternative(rid: String(rid), isPaused: isPaused))
            }
            found.append(alternatives)
        }
        return found
    }

    static func isRID(_ text: Substring) -> Bool {
        (1...255).contains(text.utf8.count)
            && text.utf8.allSatisfy {
                switch $0 {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                    true
                default: false
                }
            }
    }
}

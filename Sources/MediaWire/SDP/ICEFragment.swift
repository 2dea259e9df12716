/// A piece of a session description that changes ICE in mid-call (`application/trickle-ice-sdpfrag`, RFC 8840 section 9): further
/// candidates, or the credentials of a restart.
///
/// All m-sections share one transport here, so whatever stands behind the first `m=` line counts for all.
public struct ICEFragment: Hashable, Sendable {
    /// What one `m=` line says of itself; its other fields mean nothing (RFC 8840 section 9.2).
    public struct Section: Hashable, Sendable {
        public var kind: String
        public var protocolName: String
        public var formats: [String]
        public var mid: String

        public init(kind: String, protocolName: String, formats: [String], mid: String) {
            self.kind = kind
            self.protocolName = protocolName
            self.formats = formats
            self.mid = mid
        }
    }

    public var isLite = false
    public var usernameFragment: String?
    public var password: String?
    /// The m-section that the transport is named by.
    public var section: Section?
    /// Those that can be used; others are passed over.
    public var candidates: [ICECandidate] = []
    /// There will be no more.
    public var isComplete = false

    public init() {}

    /// Reads a fragment with CRLF or LF line ends, within `SDPLimits`. Attributes that say nothing of ICE are passed over.
    /// - Throws: the first line that is wrong, or that names other credentials than one before it.
    public static func parse(_ text: String) throws(SDPError) -> ICEFragment {
        guard text.utf8.count <= SDPLimits.textBytes else {
            throw SDPError(line: 0, what: "the text is longer than \(SDPLimits.textBytes) bytes")
        }
        var fragment = ICEFragment()
        var reader = SDPLineReader(Array(text.utf8))
        var media: MediaDescription?
        while let line = try reader.next() {
            switch line.type {
            case "m": media = try line.mediaDescription()
            case "a":
                let attribute = try line.attribute()
                if attribute.name == "mid", let media, let mid = attribute.value, fragment.section == nil {
                    fragment.section = Section(
                        kind: media.kind, protocolName: media.protocolName, formats: media.formats, mid: mid)
                }
                guard fragment.take(attribute) else { throw line.error("other credentials than before it") }
            default: continue
            }
        }
        return fragment
    }

    /// False if it contradicts what was taken before.
    private mutating func take(_ attribute: SDPAttribute) -> Bool {
        switch (attribute.name, attribute.value) {
        case ("ice-lite", nil): isLite = true
        case ("end-of-candidates", nil): isComplete = true
        case ("ice-ufrag", let value?):
            guard usernameFragment ?? value == value else { return false }
            usernameFragment = value
        case ("ice-pwd", let value?):
            guard password ?? value == value else { return false }
            password = value
        case ("candidate", let value?):
            if let candidate = ICECandidate(value: value) { candidates.append(candidate) }
        default: break
        }
        return true
    }

    /// The text, with CRLF line ends.
    public func serialized() -> String {
        var lines: [String] = []
        if isLite { lines.append("a=ice-lite") }
        if let section {
            let formats = section.formats.joined(separator: " ")
            lines.append("m=\(section.kind) 9 \(section.protocolName) \(formats)")
            lines.append("a=mid:\(section.mid)")
        }
        if let usernameFragment { lines.append("a=ice-ufrag:\(usernameFragment)") }
        if let password { lines.append("a=ice-pwd:\(password)") }
        for candidate in candidates { lines.append("a=" + candidate.attribute.text) }
        if isComplete { lines.append("a=end-of-candidates") }
        return lines.map { $0 + "\r\n" }.joined()
    }
}

/// Passwords stay out of logs.
extension ICEFragment: CustomStringConvertible {
    public var description: String {
        "ICEFragment(\(usernameFragment ?? "-"), \(candidates.count) candidates\(isComplete ? ", complete" : ""))"
    }
}

/// A session description (RFC 8866): what an offer or an answer says about the whole call, and its media descriptions.
public struct SessionDescription: Hashable, Sendable, SDPAttributeSection {
    public var origin: SDPOrigin
    public var sessionName: String
    public var information: String?
    public var uri: String?
    public var emails: [String] = []
    public var phones: [String] = []
    public var connection: ConnectionData?
    /// `b=` values as written, such as `AS:1000` (kbit/s).
    public var bandwidths: [String] = []
    public var timings: [SDPTiming] = [SDPTiming()]
    public var timeZones: String?
    public var attributes: [SDPAttribute] = []
    public var mediaDescriptions: [MediaDescription] = []

    public init(origin: SDPOrigin, sessionName: String = "-") {
        self.origin = origin
        self.sessionName = sessionName
    }

    /// Reads SDP with CRLF or LF line ends, in one pass over the text and within `SDPLimits`.
    ///
    /// Line order is the one of RFC 8866 section 5; empty lines are taken at the end only. Obsolete `k=` lines are dropped,
    /// as section 5.12 asks.
    /// - Throws: the first line that is wrong and what is wrong with it.
    public static func parse(_ text: String) throws(SDPError) -> SessionDescription {
        guard text.utf8.count <= SDPLimits.textBytes else {
            throw SDPError(line: 0, what: "the text is longer than \(SDPLimits.textBytes) bytes")
        }
        return try parse(bytes: Array(text.utf8))
    }

    /// The text, with CRLF line ends, in the order of RFC 8866 section 5.
    public func serialized() -> String {
        var text = ""
        func line(_ type: Character, _ value: String) {
            text.append(type)
            text += "="
            text += value
            text += "\r\n"
        }
        line("v", "0")
        line("o", origin.text)
        line("s", sessionName)
        if let information { line("i", information) }
        if let uri { line("u", uri) }
        for email in emails { line("e", email) }
        for phone in phones { line("p", phone) }
        if let connection { line("c", connection.text) }
        for bandwidth in bandwidths { line("b", bandwidth) }
        for timing in timings {
            line("t", timing.start + " " + timing.stop)
            for repetition in timing.repeats { line("r", repetition) }
        }
        if let timeZones { line("z", timeZones) }
        for attribute in attributes { line("a", attribute.text) }
        for media in mediaDescriptions {
            line("m", media.text)
            if let information = media.information { line("i", information) }
            for connection in media.connections { line("c", connection.text) }
            for bandwidth in media.bandwidths { line("b", bandwidth) }
            for attribute in media.attributes { line("a", attribute.text) }
        }
        return text
    }

    /// `a=group` lines (RFC 5888), such as BUNDLE with the mids of its members.
    public var groups: [(semantics: String, mids: [String])] {
        values(of: "group").compactMap { value in
            let words = SDPText.words(value).map(String.init)
            guard let semantics = words.first else { return nil }
            return (semantics, Array(words.dropFirst()))
        }
    }

    /// Mids of the first BUNDLE group (RFC 9143).
    public var bundledMids: [String]? { groups.first { $0.semantics == "BUNDLE" }?.mids }

    /// The session's default for media that name no direction of their own (RFC 8866 section 6.7).
    public var direction: StreamDirection? { StreamDirection(in: attributes) }

    /// Where `media` wants to be reached: its own `c=` line or the session's, with the port of its `m=` line. Nil where
    /// that is a host name, an unspecified address, or port 0 or 9 (discard), which all mean "not known".
    public func announcedAddress(of media: MediaDescription) -> SocketAddress? {
        guard let address = (media.connection ?? connection)?.ipAddress, !address.isUnspecified,
            media.port != 0, media.port != 9
        else { return nil }
        return SocketAddress(address, port: media.port)
    }
}

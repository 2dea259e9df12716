/// Attributes as typed values, read from the lines on every call. A line that does not fit its grammar is left out.
extension MediaDescription {
    public var rtpMaps: [RTPMap] { values(of: "rtpmap").compactMap(RTPMap.init(value:)) }

    public var formatParameters: [FormatParameters] { values(of: "fmtp").compactMap(FormatParameters.init(value:)) }

    /// The parameters of one format as written.
    public func fmtp(_ format: String) -> String? { formatParameters.first { $0.format == format }?.parameters }

    public var rtcpFeedback: [RTCPFeedback] { values(of: "rtcp-fb").compactMap(RTCPFeedback.init(value:)) }

    public var extensionMaps: [ExtensionMap] { values(of: "extmap").compactMap(ExtensionMap.init(value:)) }

    public var ssrcAttributes: [SSRCAttribute] { values(of: "ssrc").compactMap(SSRCAttribute.init(value:)) }

    public var ssrcGroups: [SSRCGroup] { values(of: "ssrc-group").compactMap(SSRCGroup.init(value:)) }

    /// The distinct SSRCs of the `a=ssrc` lines, in their order.
    public var ssrcs: [SSRC] {
        var seen: Set<SSRC> = []
        return ssrcAttributes.compactMap { seen.insert($0.ssrc).inserted ? $0.ssrc : nil }
    }

    /// The first `a=ssrc:… cname:` (RFC 5576 section 6.1).
    public var cname: String? { ssrcAttributes.first { $0.name == "cname" && $0.value != nil }?.value }

    /// The well-formed `a=crypto` lines. To tell the peer what is wrong with another, see `CryptoAttribute.parse`.
    public var cryptoAttributes: [CryptoAttribute] { values(of: "crypto").compactMap(CryptoAttribute.init(value:)) }

    /// Its own direction; nil leaves the session's, then `sendrecv`.
    public var direction: StreamDirection? { StreamDirection(in: attributes) }

    /// RFC 5888 section 4.
    public var mid: String? { value(of: "mid") }

    /// RFC 8830: stream and track.
    public var msid: String? { value(of: "msid") }

    /// RFC 5761, or RFC 8858's stricter form.
    public var rtcpMux: Bool { has("rtcp-mux") || has("rtcp-mux-only") }

    /// RFC 5506.
    public var rtcpReducedSize: Bool { has("rtcp-rsize") }

    /// RFC 9143 section 6: port 0 then does not mean rejected.
    public var isBundleOnly: Bool { has("bundle-only") }

    public var rtcp: RTCPAttribute? { value(of: "rtcp").flatMap(RTCPAttribute.init(value:)) }

    /// `actpass`, `active`, `passive` (RFC 4145, RFC 8842).
    public var setup: String? { value(of: "setup") }

    /// Hash function and digest as written (RFC 8122).
    public var fingerprints: [String] { values(of: "fingerprint") }

    /// RFC 8851.
    public var rids: [RIDAttribute] { values(of: "rid").compactMap(RIDAttribute.init(value:)) }

    /// RFC 8853.
    public var simulcast: SimulcastAttribute? { value(of: "simulcast").flatMap(SimulcastAttribute.init(value:)) }

    /// RFC 8839.
    public var iceUfrag: String? { value(of: "ice-ufrag") }
    public var icePwd: String? { value(of: "ice-pwd") }
    public var candidates: [String] { values(of: "candidate") }
}

internal import MediaWire

extension MediaDescription {
    /// The declared SSRCs without those that only repeat or repair another (RFC 5576 section 4.2, FID and FEC-FR groups).
    var primarySSRCs: [SSRC] {
        let repairs = ssrcGroups.lazy.filter { $0.semantics == "FID" || $0.semantics == "FEC-FR" }
        let repairing = Set(repairs.flatMap { $0.ssrcs.dropFirst() })
        return ssrcs.filter { !repairing.contains($0) }
    }

    /// As `primarySSRCs`.
    /// - Throws: if there are more than `OfferedSection.maximumSSRCs`.
    func checkedSSRCs() throws(NegotiationError) -> [SSRC] {
        let ssrcs = primarySSRCs
        guard ssrcs.count <= OfferedSection.maximumSSRCs else {
            throw .malformed(
                SDPError(line: line.number, what: "more than \(OfferedSection.maximumSSRCs) SSRCs in one m= section"))
        }
        return ssrcs
    }

    /// Port 0, else as offered (RFC 3264 section 6).
    static func refusing(_ offered: MediaDescription) -> MediaDescription {
        var media = MediaDescription(
            kind: offered.kind, port: 0, protocolName: offered.protocolName, formats: offered.formats)
        if let mid = offered.mid { media.attributes.append(SDPAttribute("mid", mid)) }
        return media
    }
}

internal import MediaWire

/// The one `a=crypto` line of an m-section that the relay takes.
struct SDESCryptoChoice {
    let tag: Int
    let key: SRTPKey

    /// The first line of the best profile among those offered, or nil if none can be used.
    ///
    /// Lines of suites that are not known, with more than one key, an MKI or a session parameter that changes the packets
    /// are passed over (RFC 4568 section 5.1.2). A malformed line is an error even beside a good one: whoever wrote it
    /// believes in a key that would not be the key in use.
    static func choose(
        in media: MediaDescription, kind: MediaKind, preferring profiles: [SRTPProfile]
    ) throws(NegotiationError) -> SDESCryptoChoice? {
        var tags: Set<Int> = []
        var choices: [SRTPProfile: SDESCryptoChoice] = [:]
        do throws(SDPError) {
            for attribute in media.attributes where attribute.name == "crypto" {
                let (tag, suite) = try CryptoAttribute.tagAndSuite(of: attribute)
                guard tags.insert(tag).inserted else {
                    throw SDPError(line: attribute.line.number, what: "a second crypto line with tag \(tag)")
                }
                guard let profile = SRTPProfile(rawValue: suite) else { continue }
                let crypto = try CryptoAttribute.parse(attribute)
                let key = try key(of: crypto, profile, line: attribute.line.number)
                guard crypto.keepsPacketFormat, profile != .aesCM128HMACSHA1_32 || kind == .audio,
                    choices[profile] == nil
                else { continue }
                choices[profile] = SDESCryptoChoice(tag: tag, key: key)
            }
        } catch {
            throw .malformedKey(error)
        }
        return profiles.lazy.compactMap { choices[$0] }.first
    }

    private static func key(of crypto: CryptoAttribute, _ profile: SRTPProfile, line: Int) throws(SDPError) -> SRTPKey {
        guard let key = SRTPKey(profile: profile, keySalt: crypto.keySalt) else {
            let expected = profile.masterKeyLength + profile.masterSaltLength
            throw SDPError(
                line: line,
                what: "key and salt of \(profile) are \(expected) bytes, not \(crypto.keySalt.count)")
        }
        return key
    }
}

extension CryptoAttribute {
    /// Plain SRTP as the suite defines it: one key without MKI, no session parameter that changes packets or keys
    /// (RFC 4568 section 6.3). Names that begin with a dash may be ignored; a window size is only a hint.
    var keepsPacketFormat: Bool {
        furtherKeys.isEmpty && mki == nil
            && sessionParameters.allSatisfy { $0.hasPrefix("-") || $0.hasPrefix("WSH=") || $0 == "KDR=0" }
    }
}

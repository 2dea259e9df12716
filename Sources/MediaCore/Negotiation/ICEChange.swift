public import MediaWire

/// What a PATCH of a leg over ICE asks for (RFC 9725 section 4.3, RFC 8840).
public enum ICEChange: Sendable, Hashable {
    /// Further candidates. A lite agent needs none: it learns the peer's paths from its checks.
    case candidates
    /// The peer begins ICE anew under these (RFC 8445 section 9).
    case restart(ICECredentials)

    /// - Parameters:
    ///   - text: `application/trickle-ice-sdpfrag`.
    ///   - current: the peer's credentials as they are.
    /// - Throws: `NegotiationError.malformed`, or `credentialsMissing` for those that are no ICE credentials, or change only by half.
    public init(fragment text: String, current: ICECredentials) throws(NegotiationError) {
        let fragment: ICEFragment
        do throws(SDPError) { fragment = try ICEFragment.parse(text) } catch { throw .malformed(error) }
        guard let name = fragment.usernameFragment else {
            guard fragment.password == nil else { throw .credentialsMissing(line: 0) }
            self = .candidates
            return
        }
        let isSameName = Array(name.utf8) == current.usernameFragment
        guard let password = fragment.password else {
            guard isSameName else { throw .credentialsMissing(line: 0) }
            self = .candidates
            return
        }
        guard let credentials = ICECredentials(usernameFragment: name, password: password),
            isSameName == (credentials == current)
        else { throw .credentialsMissing(line: 0) }
        self = isSameName ? .candidates : .restart(credentials)
    }
}

extension WebRTCMedia {
    /// What answers a restart: the relay's new credentials, and where it is as before.
    public func restartAnswer(_ credentials: ICECredentials) -> ICEFragment {
        var fragment = ICEFragment()
        fragment.isLite = true
        fragment.usernameFragment = String(decoding: credentials.usernameFragment, as: UTF8.self)
        fragment.password = String(decoding: credentials.password, as: UTF8.self)
        let tagged = answer.mediaDescriptions.first { $0.has("candidate") }
        if let tagged, let mid = tagged.mid {
            fragment.section = ICEFragment.Section(
                kind: tagged.kind, protocolName: tagged.protocolName, formats: tagged.formats, mid: mid)
        }
        fragment.candidates = (tagged?.values(of: "candidate") ?? []).compactMap(ICECandidate.init(value:))
        fragment.isComplete = true
        return fragment
    }
}

public import MediaWire

/// The lite side of ICE for one transport (RFC 8445 sections 2.5 and 7.3): answers checks and never makes any, is always
/// controlled, and lets the peer choose the path.
///
/// Whatever does not carry the credentials of this transport gets no answer and changes nothing, errors that RFC 8489 would
/// send to it included: an answer would tell a stranger that somebody listens here.
public struct ICELiteAgent: Sendable {
    /// What a message did.
    public enum Outcome: Equatable, Sendable {
        /// Nothing; it is not from the peer, or not for us.
        case ignored
        /// It is from the peer, but cannot be taken as it is: send this, and trust nothing.
        case refused([UInt8])
        /// The path is proven: send this.
        case proven([UInt8])
        /// The path is proven, and media goes along it from now on.
        case selected([UInt8])
    }

    /// Paths remembered at most; the one heard of longest ago goes.
    static let maximumPaths = 8
    /// Without a check for this long, in ns, nothing more is sent (RFC 7675 section 5.1, from the side that answers).
    public static let consentLifetime: Int64 = 30_000_000_000

    private struct ProvenPath {
        var path: Path
        var lastCheck: Instant
    }

    public private(set) var local: ICECredentials
    public private(set) var remote: ICECredentials
    /// Where media goes. Stays through a restart until the peer chooses anew (RFC 8445 section 9).
    public private(set) var selected: Path?
    /// Those of before the restart, which keep the selected path alive until the peer uses the new ones.
    private var previous: (local: ICECredentials, remote: ICECredentials)?
    private var paths: [ProvenPath] = []

    public init(local: ICECredentials, remote: ICECredentials) {
        self.local = local
        self.remote = remote
        paths.reserveCapacity(Self.maximumPaths)
    }

    /// New credentials of both sides. Paths have to be proven with them again; media goes on where it went.
    public mutating func restart(local: ICECredentials, remote: ICECredentials) {
        previous = (self.local, self.remote)
        self.local = local
        self.remote = remote
    }

    /// Takes a message that came along `path`.
    public mutating func receive(_ message: borrowing STUNMessage, from path: Path, at now: Instant) -> Outcome {
        guard message.type == STUNMessageType(method: STUNMessageType.binding, .request), message.hasFingerprint,
            let names = message.usernameFragments
        else { return .ignored }
        let isCurrent = names.receiver == local.usernameFragment && names.sender == remote.usernameFragment
        let password: [UInt8]
        if isCurrent {
            password = local.password
        } else if let previous, names.receiver == previous.local.usernameFragment,
            names.sender == previous.remote.usernameFragment
        {
            password = previous.local.password
        } else {
            return .ignored
        }
        guard STUNIntegrity.holds(message, password: password) else { return .ignored }

        let unknown = message.unknownAttributes(besides: Self.understands)
        guard unknown.isEmpty else {
            return Self.answer(message, .errorResponse, password) {
                $0.writeError(420, "Unknown Attribute")
                $0.writeUnknownAttributes(unknown)
            }.map(Outcome.refused) ?? .ignored
        }
        // A lite agent has to be controlled, so it is the peer that changes its role, whatever the tie-breakers say (RFC 8445
        // sections 6.1.1 and 7.3.1.1).
        guard !message.has(.iceControlled) else {
            return Self.answer(message, .errorResponse, password) { $0.writeError(487, "Role Conflict") }
                .map(Outcome.refused) ?? .ignored
        }
        guard
            let response = Self.answer(
                message, .successResponse, password, { $0.writeXORMappedAddress(path.remote) })
        else { return .ignored }
        if isCurrent { previous = nil }
        note(path, at: now)
        guard message.has(.useCandidate), selected != path else { return .proven(response) }
        // A check under the old credentials keeps the old path alive, but chooses none.
        guard isCurrent else { return .proven(response) }
        selected = path
        return .selected(response)
    }

    /// True if a check came along this path with the right credentials, not too long ago.
    public func isProven(_ path: Path, at now: Instant) -> Bool {
        paths.contains { $0.path == path && now.nanoseconds(since: $0.lastCheck) <= Self.consentLifetime }
    }

    /// Where to send now: the selected path while the peer still checks it.
    public func sendingPath(at now: Instant) -> Path? {
        guard let selected, isProven(selected, at: now) else { return nil }
        return selected
    }

    /// The first moment at which sending has to stop if no further check comes; nil while there is no path.
    public var consentEnds: Instant? {
        guard let selected, let proven = paths.first(where: { $0.path == selected }) else { return nil }
        return proven.lastCheck.advanced(byNanoseconds: Self.consentLifetime + 1)
    }

    private mutating func note(_ path: Path, at now: Instant) {
        if let index = paths.firstIndex(where: { $0.path == path }) {
            paths[index].lastCheck = now
            return
        }
        if paths.count == Self.maximumPaths {
            let oldest = paths.indices.filter { paths[$0].path != selected }.min {
                paths[$0].lastCheck < paths[$1].lastCheck
            }
            guard let oldest else { return }
            paths.remove(at: oldest)
        }
        paths.append(ProvenPath(path: path, lastCheck: now))
    }

    private static func understands(_ type: STUNAttributeType) -> Bool {
        switch type {
        case .username, .messageIntegrity, .messageIntegritySHA256, .priority, .useCandidate: true
        default: false
        }
    }

    private static func answer(
        _ message: borrowing STUNMessage, _ messageClass: STUNMessageType.Class, _ password: [UInt8],
        _ write: (inout STUNMessageWriter) -> Void
    ) -> [UInt8]? {
        var writer = STUNMessageWriter(
            STUNMessageType(method: STUNMessageType.binding, messageClass), message.transaction)
        write(&writer)
        return writer.finish { STUNIntegrity.code($0, password: password) }
    }
}

/// What happens to a session.
public enum SessionEvent: Sendable, Equatable {
    /// Another PIN takes the place of the unclaimed one (S11, D5).
    case pinReplaced(PIN, expiresAt: WallTime)
    /// The mail is about to be tried (S42).
    case mailBegun
    /// The mail with this PIN was tried.
    case mailTried(MailState.Outcome, pin: PIN)
    /// A customer's POST with this PIN (D3).
    case pinClaimed(PIN, CustomerClaim)
    /// The customer's page reports a step.
    case customerAdvanced(CustomerProgress)
    /// What the browser granted (D15).
    case devicesAnswered(DeviceConsent)
    /// The customer's word on the licence, as served now in `currentVersion`.
    case eulaAnswered(version: String, accepted: Bool, currentVersion: String)
    /// The customer pauses or mutes, or goes on (D19).
    case customerMediaChanged(CustomerMediaChange)
    /// The technician writes about the session, also after its end.
    case noted(String)
    /// A technician presses Start; nil is an automation that stands for nobody (S21).
    case started(by: TechnicianID?)
    /// The technician keeps the picture that is on the screen.
    case snapshotTaken
    case held
    case resumed
    case connectionChanged(MediaConnection)
    case endedByTechnician(notes: String?)
    case customerLeft
    /// Waited longer than the service allows (D11).
    case waitingTimedOut
    /// Nobody came, or who came never got as far as Waiting, for longer than anybody would take.
    case abandoned
    /// The service cannot go on with the session.
    case failed
}

/// What must be done outside once the new state is stored, in this order.
public enum SessionAction: Sendable, Equatable {
    case openGate
    case closeGate
    /// Take down all media of the session.
    case endMedia
}

/// The customer's claim of a PIN.
public struct CustomerClaim: Sendable, Equatable, Codable {
    public let proof: TokenProof
    /// The claimer's IP address as text.
    public let address: String
    /// The claimer's `User-Agent`, cut to a limit.
    public let userAgent: String

    public init(proof: TokenProof, address: String, userAgent: String) {
        self.proof = proof
        self.address = address
        self.userAgent = userAgent
    }
}

/// What the customer's browser granted.
public struct DeviceConsent: Sendable, Hashable, Codable {
    public var camera: Bool
    public var microphone: Bool

    public init(camera: Bool, microphone: Bool) {
        self.camera = camera
        self.microphone = microphone
    }

    public var isAny: Bool { camera || microphone }
}

/// The licence that the customer accepted, and when.
public struct EULAAcceptance: Sendable, Hashable, Codable {
    public let version: String
    public let acceptedAt: WallTime
}

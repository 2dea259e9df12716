/// What a session's state means to those around it.
extension LensSession {
    public var hasEnded: Bool { endReason != nil }

    public var endReason: EndReason? {
        if case .ended(let reason) = phase { reason } else { nil }
    }

    public var status: SessionStatus {
        switch phase {
        case .connecting: .connecting
        case .waiting: .waiting
        case .active(let conditions): conditions.status
        case .ended(let reason): reason.status
        }
    }

    /// Whether the console's list may show the session (S52). Once it was listed it stays so, for the history.
    public var isListed: Bool { waitingSince != nil }

    /// Whether media may pass. A lost connection leaves the gate as it was (D13); hold and end close it.
    public var gateIsOpen: Bool {
        if case .active(let conditions) = phase { !conditions.isOnHold } else { false }
    }

    /// The technician whose one active place this session takes (D10); hold frees it (D12).
    public var occupiedTechnician: TechnicianID? { request.kind == .lens && gateIsOpen ? technician : nil }

    /// The PIN while it may still be claimed.
    public func livePIN(at now: WallTime) -> PIN? {
        !gates.pinClaimed && !hasEnded && now < pinExpiresAt ? pin : nil
    }

    /// Whether the two sides may write to each other now.
    public func permitChat() throws(SessionError) {
        if hasEnded { throw .ended }
        if !gates.pinClaimed { throw .notClaimed }
    }

    /// Whether a picture may be sent, or kept, now: only while the gate is open (D14, D12).
    public func permitPhoto() throws(SessionError) {
        if hasEnded { throw .ended }
        guard case .active(let conditions) = phase else { throw .notStarted }
        if conditions.isOnHold { throw .onHold }
    }

    /// Whether a side may negotiate media now: the customer from the licence on, the technician from Waiting on (D14).
    public func permitMedia(of side: MediaSide) throws(SessionError) {
        if hasEnded { throw .ended }
        switch side {
        case .customer: if !gates.eulaAccepted { throw .eulaNeeded }
        case .technician: if phase == .connecting { throw .mediaTooEarly }
        }
    }
}

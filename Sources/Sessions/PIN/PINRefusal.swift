/// Why a PIN does not let a customer in (D7).
public enum PINRefusal: String, Error, Sendable, CaseIterable {
    case missing = "PINCODE_MISSING"
    case invalid = "PINCODE_INVALID"
    case expired = "PINCODE_EXPIRED"
    case alreadyUsed = "PINCODE_ALREADYUSED"

    /// What is wrong, and the next step.
    public var explanation: String {
        switch self {
        case .missing: "No PIN was given. Type the six digits that the technician told you."
        case .invalid: "This PIN is not known. Check the six digits, or ask the technician for another PIN."
        case .expired: "This PIN is no longer valid. Ask the technician for another PIN."
        case .alreadyUsed: "This PIN has been used. Go back to the page where you used it, or ask for another PIN."
        }
    }
}

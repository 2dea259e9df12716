/// Everything that a session call can be refused with. Each has a stable `code` and a sentence that names the next
/// step.
public enum SessionError: Error, Sendable, Equatable {
    case notFound
    /// The session has ended; nothing more happens to it.
    case ended
    case pin(PINRefusal)
    /// Too many wrong PINs came from the customer's network (D8).
    case throttled(retryAfterSeconds: Int)
    /// A claimed session keeps its customer (D5).
    case pinClaimed
    /// The step needs a customer who has claimed the PIN.
    case notClaimed
    /// Start before the customer is ready (S52, S53).
    case notReady
    case alreadyStarted
    case notStarted
    case onHold
    case notOnHold
    case notWaiting
    /// The technician has another active Lens session (D10).
    case technicianBusy
    case eulaOutdated(current: String)
    case eulaAlreadyAccepted
    /// Camera or microphone must stay granted once the customer waits.
    case deviceNeeded
    /// Media of the customer before the licence is accepted (D14).
    case eulaNeeded
    /// Media of the technician before the customer waits.
    case mediaTooEarly
    /// The token belongs to another session, or to the other side.
    case notYours
    /// The call is the technician's.
    case technicianOnly
    /// The call is the customer's.
    case customerOnly
    case noSuchResource
    /// The session has as many lines of chat as it may.
    case chatFull
    /// The session has as many photos as it may.
    case photosFull
    case noSuchPhoto
    /// The technician's group may not do this.
    case permissionMissing(Permission)
    /// The call is an administrator's.
    case administratorOnly
    /// The e-mail address or the password is wrong, or the account is disabled; nobody is told which.
    case loginRefused
    /// Too many wrong passwords came from the caller's network.
    case loginThrottled(retryAfterSeconds: Int)
    /// Too much is asked for at once.
    case busy(retryAfterSeconds: Int)
    /// The login is no longer good.
    case loginEnded
    /// The password was chosen by somebody else and has to be changed first.
    case passwordChangeNeeded
    case noSuchGroup
    case noSuchTechnician
    case noSuchKey
    /// Something else has this name, id or e-mail address already.
    case nameTaken(field: String)
    /// Technicians are in the group.
    case groupInUse
    /// Nobody could administer any more.
    case lastAdministrator
    /// A field of the request is wrong.
    case invalid(field: String, String)
    /// The service sends no mail.
    case mailUnavailable
    /// The store holds as many sessions as it may.
    case full
    /// The store refuses a PIN that is in use; the caller draws another.
    case pinTaken
    case store(String)
    case media(MediaGatewayError)
}

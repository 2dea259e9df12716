import HTTPTypes
import Hummingbird
import Sessions

extension Problem {
    /// The answer to a refusal.
    /// - Parameter ended: the status for a session that has ended, which differs by the caller's side.
    init(_ error: SessionError, ended: HTTPResponse.Status = .conflict) {
        switch error {
        case .pin(let refusal): self.init(refusal)
        case .throttled(let seconds):
            self.init(
                .tooManyRequests, code: "PINCODE_THROTTLED",
                detail: "Too many wrong PINs came from here. Check the PIN and try again in \(seconds) seconds.",
                headers: [.retryAfter: String(seconds)])
        case .loginThrottled(let seconds):
            self.init(
                .tooManyRequests, code: "LOGIN_THROTTLED",
                detail: "Too many wrong passwords came from here. Try again in \(seconds) seconds.",
                headers: [.retryAfter: String(seconds)])
        case .busy(let seconds):
            self.init(
                .serviceUnavailable, code: "BUSY", detail: "Too many ask at once. Try again in \(seconds) seconds.",
                headers: [.retryAfter: String(seconds)])
        case .loginEnded:
            self.init(
                .unauthorized, code: "LOGIN_ENDED", detail: "The login is no longer good. Log in again.",
                headers: [.wwwAuthenticate: "Bearer realm=\"lens\", error=\"invalid_token\""])
        case .permissionMissing(let permission):
            self.init(
                .forbidden, code: "PERMISSION_MISSING",
                detail: "Your group lacks the permission \"\(permission.rawValue)\". Ask an administrator for it.",
                permission: permission.rawValue)
        case .nameTaken(let field):
            self.init(
                .conflict, code: "NAME_TAKEN",
                detail: "Something else has this \"\(field)\" already. Choose another.")
        case .media(let error): self.init(error)
        case .invalid(let field, let text):
            self.init(.unprocessableContent, detail: "The field \"\(field)\" \(text).")
        case .full:
            self.init(
                .serviceUnavailable, code: "SERVICE_FULL",
                detail: "The service holds as many sessions as it can. Try later.",
                headers: [.retryAfter: "30"])
        case .pinTaken, .store:
            self.init(
                .serviceUnavailable, code: "STORE_UNAVAILABLE", detail: "The session could not be stored. Try again.",
                headers: [.retryAfter: "5"])
        case .ended:
            self.init(ended, code: "SESSION_ENDED", detail: "The session has ended. Make a new one.")
        default:
            let (status, code, detail) = Self.rule(error)
            self.init(status, code: code, detail: detail)
        }
    }

    private static func rule(_ error: SessionError) -> (HTTPResponse.Status, String, String) {
        switch error {
        case .notFound: (.notFound, "SESSION_NOT_FOUND", "There is no such session.")
        case .pinClaimed:
            (.conflict, "PIN_CLAIMED", "A customer has claimed the PIN. Make a new session for another customer.")
        case .notClaimed: (.conflict, "PIN_NOT_CLAIMED", "No customer has claimed the PIN yet.")
        case .notReady:
            (.conflict, "SESSION_NOT_READY", "The customer is not ready. Start once the session is Waiting.")
        case .alreadyStarted: (.conflict, "SESSION_ALREADY_STARTED", "The session has been started already.")
        case .notStarted: (.conflict, "SESSION_NOT_STARTED", "The session has not been started. Start it first.")
        case .onHold: (.conflict, "SESSION_ON_HOLD", "The session is on hold already.")
        case .notOnHold: (.conflict, "SESSION_NOT_ON_HOLD", "The session is not on hold.")
        case .notWaiting: (.conflict, "SESSION_NOT_WAITING", "The session is not waiting.")
        case .technicianBusy:
            (
                .conflict, "TECHNICIAN_BUSY",
                "This technician has another active Lens session. End it or put it on hold first."
            )
        case .eulaOutdated(let current):
            (.conflict, "EULA_VERSION", "The licence is now version \(current). Show that one and ask again.")
        case .eulaAlreadyAccepted:
            (.conflict, "EULA_ALREADY_ACCEPTED", "The licence has been accepted. Leave the session to end it.")
        case .deviceNeeded:
            (.conflict, "DEVICE_NEEDED", "Grant the camera or the microphone, or leave the session.")
        case .eulaNeeded: (.forbidden, "EULA_NEEDED", "Accept the licence before sending or playing media.")
        case .mediaTooEarly:
            (.forbidden, "SESSION_NOT_WAITING", "The customer is not ready. Media is open once the session is Waiting.")
        case .notYours: (.forbidden, "TOKEN_NOT_FOR_SESSION", "The token does not belong to this. Use the right one.")
        case .technicianOnly: (.forbidden, "TECHNICIAN_ONLY", "Only a technician or an automation may do this.")
        case .customerOnly: (.forbidden, "CUSTOMER_ONLY", "Only the session's customer may do this.")
        case .chatFull: (.conflict, "CHAT_FULL", "The chat of this session holds as many lines as it can.")
        case .photosFull: (.conflict, "PHOTOS_FULL", "This session holds as many photos as it can.")
        case .noSuchPhoto: (.notFound, "PHOTO_NOT_FOUND", "There is no such photo.")
        case .noSuchResource:
            (.notFound, "RESOURCE_NOT_FOUND", "There is no such media resource; it may have been replaced.")
        case .administratorOnly: (.forbidden, "ADMINISTRATOR_ONLY", "Only an administrator may do this.")
        case .loginRefused:
            (.unauthorized, "LOGIN_REFUSED", "The e-mail address or the password is wrong, or the account is disabled.")
        case .passwordChangeNeeded:
            (
                .forbidden, "PASSWORD_CHANGE_NEEDED",
                "The password was chosen by somebody else. Choose your own with PUT /api/v1/me/password first."
            )
        case .noSuchGroup: (.notFound, "GROUP_NOT_FOUND", "There is no such group.")
        case .noSuchTechnician: (.notFound, "TECHNICIAN_NOT_FOUND", "There is no such technician.")
        case .noSuchKey: (.notFound, "API_KEY_NOT_FOUND", "There is no such API key.")
        case .groupInUse:
            (.conflict, "GROUP_IN_USE", "Technicians are in this group. Move them to another one first.")
        case .lastAdministrator:
            (.conflict, "LAST_ADMINISTRATOR", "This is the last administrator. Make another one first.")
        case .mailUnavailable:
            (
                .unprocessableContent, "MAIL_UNAVAILABLE",
                "The server sends no mail. Leave the address out and send the invite with your own mail program."
            )
        case .ended, .pin, .throttled, .media, .invalid, .full, .pinTaken, .store, .loginThrottled, .loginEnded, .busy,
            .permissionMissing, .nameTaken:
            (.internalServerError, "INTERNAL", "The service failed. Try again.")
        }
    }

    private init(_ refusal: PINRefusal) {
        let status: HTTPResponse.Status =
            switch refusal {
            case .missing: .badRequest
            case .invalid: .notFound
            case .expired: .gone
            case .alreadyUsed: .conflict
            }
        self.init(status, code: refusal.rawValue, detail: refusal.explanation)
    }

    private init(_ error: MediaGatewayError) {
        switch error {
        case .malformed(let text): self.init(.badRequest, code: "SDP_MALFORMED", detail: text)
        case .unprocessable(let text): self.init(.unprocessableContent, code: "SDP_UNPROCESSABLE", detail: text)
        case .unsupported(let text): self.init(.notAcceptable, code: "SDP_UNSUPPORTED", detail: text)
        case .forbidden(let code, let text): self.init(.forbidden, code: code, detail: text)
        case .notFound:
            self.init(.notFound, code: "RESOURCE_NOT_FOUND", detail: "There is no such media resource.")
        case .unchangeable:
            self.init(
                .methodNotAllowed, code: "NOT_OVER_ICE",
                detail: "The resource has its keys from the SDP and does not change. Delete it and offer anew.",
                headers: [.allow: "DELETE, OPTIONS"])
        case .conditionMissing:
            self.init(
                .preconditionRequired, code: "IF_MATCH_NEEDED",
                detail: "Send If-Match: the resource's ETag with candidates, or * with an ICE restart.")
        case .conditionFailed:
            self.init(
                .preconditionFailed, code: "ETAG_OUTDATED",
                detail: "ICE has been restarted since. Use the ETag of the latest answer.")
        case .overloaded(let seconds):
            let seconds = max(1, seconds)
            self.init(
                .serviceUnavailable, code: "MEDIA_OVERLOADED",
                detail: "The relay carries as much media as it can. Try again in \(seconds) seconds.",
                headers: [.retryAfter: String(seconds)])
        case .failed(let text): self.init(.internalServerError, code: "MEDIA_FAILED", detail: text)
        }
    }
}

import HTTPTypes
import Hummingbird

/// Lets pages of any origin use WHIP and WHEP with a bearer token (Fetch standard, CORS). Cookies are never taken along, since the
/// answer names no origin; and they would not come anyway, being `SameSite=Strict`.
struct MediaCORSMiddleware: RouterMiddleware {
    typealias Context = LensRequestContext

    /// How long browsers may keep the answer to a preflight, in seconds.
    private static let keptSeconds = 86_400

    func handle(
        _ request: Request, context: LensRequestContext,
        next: @concurrent (Request, LensRequestContext) async throws -> Response
    ) async throws -> Response {
        var response = try await next(request, context)
        let path = request.uri.path
        guard path.hasPrefix("/whip/") || path.hasPrefix("/whep/"), request.headers[.origin] != nil else {
            return response
        }
        response.headers[.accessControlAllowOrigin] = "*"
        response.headers[.accessControlExposeHeaders] =
            "Location, ETag, Link, Accept-Post, Accept-Patch, Retry-After"
        guard request.method == .options, request.headers[.accessControlRequestMethod] != nil else { return response }
        response.headers[.accessControlAllowMethods] = response.headers[.allow]
        response.headers[.accessControlAllowHeaders] = "Authorization, Content-Type, If-Match"
        response.headers[.accessControlMaxAge] = String(Self.keptSeconds)
        return response
    }
}

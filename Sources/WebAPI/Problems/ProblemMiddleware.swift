import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Sessions

/// Turns every error, also an unknown path or method, into problem details.
struct ProblemMiddleware: RouterMiddleware {
    typealias Context = LensRequestContext

    let paths: PathTable
    let metrics: ServiceMetrics

    func handle(
        _ request: Request, context: LensRequestContext,
        next: @concurrent (Request, LensRequestContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let problem as Problem {
            return answer(problem)
        } catch let error as SessionError {
            if case .store(let text) = error { context.logger.error("store: \(text)") }
            return answer(Problem(error))
        } catch let error as HTTPError where error.status == .notFound {
            // Thrown by the router only: nobody takes this path with this method.
            let path = request.uri.path
            return answer(paths.methods(of: path).map(Problem.methodNotAllowed) ?? .noSuchPage)
        } catch let error as HTTPError {
            return answer(Problem(error.status, detail: error.body ?? "The request could not be handled."))
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            context.logger.error("request failed", metadata: ["error": "\(String(reflecting: type(of: error)))"])
            return answer(Problem(.internalServerError, detail: "The service failed. Try again."))
        }
    }

    private func answer(_ problem: Problem) -> Response {
        metrics.refused(problem.code ?? "\(problem.status.code)")
        return problem.response()
    }
}

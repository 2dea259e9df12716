import HTTPTypes
import Hummingbird
import Sessions

/// Administrators' calls: groups, technicians, API keys.
struct RegistryRoutes: Sendable {
    let call: CallReader
    let accounts: AccountService

    private struct GroupFields: Decodable, Sendable {
        let id: String?
        let name: String?
        let permissions: [String]?
    }

    private struct TechnicianFields: Decodable {
        let id: String?
        let email: String?
        let name: String?
        let group: String?
        let role: String?
        let disabled: Bool?
        let password: String?
    }

    private struct KeyFields: Decodable {
        let name: String
    }

    private struct Groups: Encodable { let groups: [GroupBody] }
    private struct Technicians: Encodable { let technicians: [TechnicianBody] }
    private struct Keys: Encodable { let apiKeys: [APIKeyBody] }
    private struct Password: Encodable { let password: String }

    func add(to routes: RouteBuilder) {
        addGroups(to: routes)
        addTechnicians(to: routes)
        addKeys(to: routes)
    }

    // MARK: - Groups

    private func addGroups(to routes: RouteBuilder) {
        let root = "/api/v1/groups"
        routes.on(.get, root) { request, _ in
            let registry = try await accounts.registry(for: call.principal(of: request))
            let groups = registry.groups.values.sorted { $0.name < $1.name }
            return JSONAnswer.response(Groups(groups: groups.map(GroupBody.init)))
        }
        routes.on(.post, root) { request, _ in
            let principal = try await call.principal(of: request)
            let body = try await call.json(GroupFields.self, from: request)
            let group = try Group(
                id: Self.group(Field.required(body.id, "id"), "id"), name: Field.required(body.name, "name"),
                permissions: Self.permissions(body.permissions ?? []))
            try await accounts.change(.addGroup(group), by: principal)
            var response = JSONAnswer.response(GroupBody(group), status: .created)
            response.headers[.location] = "\(root)/\(group.id)"
            return response
        }
        routes.on(.patch, root + "/{group}") { request, context in
            let principal = try await call.principal(of: request)
            let body = try await call.json(GroupFields.self, from: request)
            let id = try await group(in: context, for: principal).id
            let permissions = try body.permissions.map(Self.permissions)
            let registry = try await accounts.change(by: principal) { (registry) throws(SessionError) in
                guard let before = registry.groups[id] else { throw .noSuchGroup }
                return .changeGroup(
                    try Group(id: id, name: body.name ?? before.name, permissions: permissions ?? before.permissions))
            }
            guard let group = registry.groups[id] else { throw SessionError.noSuchGroup }
            return JSONAnswer.response(GroupBody(group))
        }
        routes.on(.delete, root + "/{group}") { request, context in
            let principal = try await call.principal(of: request)
            try await accounts.change(.removeGroup(group(in: context, for: principal).id), by: principal)
            return Response(status: .noContent)
        }
    }

    private func group(in context: LensRequestContext, for principal: Principal) async throws -> Group {
        let registry = try await accounts.registry(for: principal)
        guard let id = context.parameters.get("group").flatMap({ GroupID($0) }), let group = registry.groups[id] else {
            throw SessionError.noSuchGroup
        }
        return group
    }

    private static func group(_ text: String, _ field: String) throws -> GroupID {
        guard let id = GroupID(text) else {
            throw SessionError.invalid(field: field, "must be 1 to 64 letters, digits or any of -_.")
        }
        return id
    }

    private static func permissions(_ words: [String]) throws -> Set<Permission> {
        Set(try words.map { try Field.word($0, "permissions") })
    }

    // MARK: - Technicians

    private func addTechnicians(to routes: RouteBuilder) {
        let root = "/api/v1/technicians"
        routes.on(.get, root) { request, _ in
            let registry = try await accounts.registry(for: call.principal(of: request))
            let list = registry.accounts.values.sorted { $0.technician.id.text < $1.technician.id.text }
            return JSONAnswer.response(Technicians(technicians: list.map { TechnicianBody($0) }))
        }
        routes.on(.post, root) { request, _ in
            let principal = try await call.principal(of: request)
            let body = try await call.json(TechnicianFields.self, from: request)
            let technician = try Self.technician(body)
            let password = try await accounts.addTechnician(technician, password: body.password, by: principal)
            let account = try await account(technician.id, for: principal)
            var response = JSONAnswer.response(TechnicianBody(account, password: password), status: .created)
            response.headers[.location] = "\(root)/\(technician.id)"
            return response
        }
        routes.on(.get, root + "/{technician}") { request, context in
            let principal = try await call.principal(of: request)
            return JSONAnswer.response(TechnicianBody(try await account(in: context, for: principal)))
        }
        routes.on(.patch, root + "/{technician}") { request, context in
            let principal = try await call.principal(of: request)
            let body = try await call.json(TechnicianFields.self, from: request)
            let id = try await account(in: context, for: principal).technician.id
            let changes = try Self.changes(body)
            let registry = try await accounts.change(by: principal) { (registry) throws(SessionError) in
                guard let before = registry.accounts[id]?.technician else { throw .noSuchTechnician }
                return .changeTechnician(try changes.applied(to: before))
            }
            guard let account = registry.accounts[id] else { throw SessionError.noSuchTechnician }
            return JSONAnswer.response(TechnicianBody(account))
        }
        routes.on(.post, root + "/{technician}/password") { request, context in
            let principal = try await call.principal(of: request)
            _ = try await call.json(NoFields.self, from: request)
            let id = try await account(in: context, for: principal).technician.id
            return JSONAnswer.response(
                Password(password: try await accounts.resetPassword(of: id, by: principal)))
        }
    }

    private func account(in context: LensRequestContext, for principal: Principal) async throws -> TechnicianAccount {
        let name = context.parameters.get("technician").flatMap { TechnicianID($0) }
        return try await account(name, for: principal)
    }

    private func account(_ id: TechnicianID?, for principal: Principal) async throws -> TechnicianAccount {
        let registry = try await accounts.registry(for: principal)
        guard let id, let account = registry.accounts[id] else { throw SessionError.noSuchTechnician }
        return account
    }

    private static func technician(_ body: TechnicianFields) throws -> Technician {
        let email = try email(Field.required(body.email, "email"))
        // The part before the at sign is a name that people know.
        guard let id = TechnicianID(body.id ?? String(email.localPart)) else {
            throw SessionError.invalid(field: "id", "must be 1 to 64 letters, digits or any of -_.@+")
        }
        var technician = try Technician(
            id: id, email: email, name: Field.required(body.name, "name"),
            group: group(Field.required(body.group, "group"), "group"),
            role: body.role.map { try Field.word($0, "role") } ?? .technician)
        technician.isDisabled = body.disabled ?? false
        return technician
    }

    private static func changes(_ body: TechnicianFields) throws -> TechnicianChanges {
        guard body.id == nil, body.password == nil else {
            throw SessionError.invalid(
                field: body.id == nil ? "password" : "id",
                "cannot be changed here; POST to …/password draws another password")
        }
        return TechnicianChanges(
            email: try body.email.map(email), name: body.name, group: try body.group.map { try group($0, "group") },
            role: try body.role.map { try Field.word($0, "role") }, isDisabled: body.disabled)
    }

    private static func email(_ text: String) throws -> EmailAddress {
        guard let email = EmailAddress(text, mayBeLocal: true) else {
            throw SessionError.invalid(field: "email", "must be an e-mail address such as name@example.org")
        }
        return email
    }

    // MARK: - API keys

    private func addKeys(to routes: RouteBuilder) {
        let root = "/api/v1/api-keys"
        routes.on(.get, root) { request, _ in
            let registry = try await accounts.registry(for: call.principal(of: request))
            let keys = registry.keys.values.sorted { $0.name.text < $1.name.text }
            return JSONAnswer.response(Keys(apiKeys: keys.map { APIKeyBody($0) }))
        }
        routes.on(.post, root) { request, _ in
            let principal = try await call.principal(of: request)
            let body = try await call.json(KeyFields.self, from: request)
            guard let name = APIKeyName(body.name) else {
                throw SessionError.invalid(
                    field: "name",
                    "must be 1 to 64 letters, digits or any of -_., and not \(APIKeyName.configured)")
            }
            let text = try await accounts.addKey(name, by: principal)
            guard let key = try await accounts.registry(for: principal).keys[name] else { throw SessionError.noSuchKey }
            var response = JSONAnswer.response(APIKeyBody(key, text: text), status: .created)
            response.headers[.location] = "\(root)/\(name)"
            return response
        }
        routes.on(.delete, root + "/{key}") { request, context in
            let principal = try await call.principal(of: request)
            guard let name = context.parameters.get("key").flatMap({ APIKeyName($0) }) else {
                throw SessionError.noSuchKey
            }
            try await accounts.change(.removeKey(name), by: principal)
            return Response(status: .noContent)
        }
    }
}

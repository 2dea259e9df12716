public import ArgumentParser
public import Sessions

/// `lens admin technicians`.
struct AdminTechnicians: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "technicians", abstract: "Technicians, supervisors and administrators.",
        subcommands: [List.self, Add.self, Change.self, ResetPassword.self], defaultSubcommand: List.self)

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show all accounts.")
        @OptionGroup var options: AdminOptions

        func run() async throws {
            let json = options.json
            try await AdminStore.run(options) { admin in
                let people = try await admin.accounts.registry().accounts.values.map(\.technician)
                    .sorted { $0.id.text < $1.id.text }
                if json { return try AdminTable.print(json: people) }
                AdminTable.print(
                    ["ID", "E-MAIL", "NAME", "GROUP", "ROLE", "STATE"],
                    people.map {
                        [
                            $0.id.text, $0.email.text, $0.name, $0.group.text, $0.role.rawValue,
                            $0.isDisabled ? "disabled" : "",
                        ]
                    })
            }
        }
    }

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make an account; its one-time password is printed.")
        @OptionGroup var options: AdminOptions
        @Argument(help: "The e-mail address to log in with.") var email: String
        @Option(help: "What colleagues see.") var name: String
        @Option(help: "The group.") var group: String
        @Option(help: "technician, supervisor or administrator.") var role = Technician.Role.technician
        @Option(help: "The name in sessions and in the audit log (default: the address before the @).") var id: String?

        func run() async throws {
            let email = try AdminTechnicians.email(email)
            let id = try AdminTechnicians.technician(id ?? String(email.localPart))
            let technician = try Technician(
                id: id, email: email, name: name, group: AdminGroups.group(group), role: role)
            try await AdminStore.run(options) { admin in
                let password = try await admin.accounts.addTechnician(
                    technician, password: nil, by: AdminStore.principal)
                print("technician \(id) made; one-time password: \(password ?? "")")
            }
        }
    }

    struct Change: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Change an account, or disable it.")
        @OptionGroup var options: AdminOptions
        @Argument(help: "The technician.") var id: String
        @Option(help: "The e-mail address to log in with.") var email: String?
        @Option(help: "What colleagues see.") var name: String?
        @Option(help: "The group.") var group: String?
        @Option(help: "technician, supervisor or administrator.") var role: Technician.Role?
        @Flag(inversion: .prefixedEnableDisable, help: "Whether the account may log in.") var login: Bool?

        func run() async throws {
            let id = try AdminTechnicians.technician(id)
            let email = try email.map(AdminTechnicians.email)
            let group = try group.map(AdminGroups.group)
            let changes = TechnicianChanges(
                email: email, name: name, group: group, role: role, isDisabled: login.map { !$0 })
            try await AdminStore.run(options) { admin in
                _ = try await admin.accounts.change(by: AdminStore.principal) { (registry) throws(SessionError) in
                    guard let before = registry.accounts[id]?.technician else { throw .noSuchTechnician }
                    return .changeTechnician(try changes.applied(to: before))
                }
                print("technician \(id) changed")
            }
        }
    }

    struct ResetPassword: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Draw another one-time password; all logins of the account end.")
        @OptionGroup var options: AdminOptions
        @Argument(help: "The technician.") var id: String

        func run() async throws {
            let id = try AdminTechnicians.technician(id)
            try await AdminStore.run(options) { admin in
                let password = try await admin.accounts.resetPassword(of: id, by: AdminStore.principal)
                print("one-time password of \(id): \(password)")
            }
        }
    }

    private static func technician(_ text: String) throws -> TechnicianID {
        guard let id = TechnicianID(text) else {
            throw ValidationError("A technician's id has 1 to 64 letters, digits or any of -_.@+")
        }
        return id
    }

    private static func email(_ text: String) throws -> EmailAddress {
        guard let email = EmailAddress(text, mayBeLocal: true) else {
            throw ValidationError("\(text) is no e-mail address such as name@example.org.")
        }
        return email
    }
}

extension Technician.Role: ExpressibleByArgument {}

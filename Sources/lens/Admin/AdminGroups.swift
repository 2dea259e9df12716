public import ArgumentParser
public import Sessions

/// `lens admin groups`.
struct AdminGroups: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "groups", abstract: "Groups of technicians, and what they may do.",
        discussion: "Permissions: \(Permission.allCases.map(\.rawValue).joined(separator: ", ")).",
        subcommands: [List.self, Add.self, Change.self, Remove.self], defaultSubcommand: List.self)

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show all groups.")
        @OptionGroup var options: AdminOptions

        func run() async throws {
            let json = options.json
            try await AdminStore.run(options) { admin in
                let groups = try await admin.accounts.registry().groups.values.sorted { $0.id.text < $1.id.text }
                if json { return try AdminTable.print(json: groups) }
                AdminTable.print(
                    ["ID", "NAME", "PERMISSIONS"],
                    groups.map {
                        [$0.id.text, $0.name, $0.permissions.map(\.rawValue).sorted().joined(separator: " ")]
                    })
            }
        }
    }

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Make a group.")
        @OptionGroup var options: AdminOptions
        @Argument(help: "1 to 64 letters, digits or any of -_.") var id: String
        @Option(help: "What people call it (default: the id).") var name: String?
        @Option(help: "A permission; repeatable (default: all).") var permission: [Permission] = []

        func run() async throws {
            let (id, name, permissions) = (try AdminGroups.group(id), name, permission)
            try await AdminStore.run(options) { admin in
                let group = try Group(
                    id: id, name: name ?? id.text,
                    permissions: permissions.isEmpty ? Set(Permission.allCases) : Set(permissions))
                try await admin.accounts.change(.addGroup(group), by: AdminStore.principal)
                print("group \(id) made")
            }
        }
    }

    struct Change: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Change a group's name or permissions.")
        @OptionGroup var options: AdminOptions
        @Argument(help: "The group.") var id: String
        @Option(help: "What people call it.") var name: String?
        @Option(help: "A permission in place of all that the group had; repeatable.") var permission: [Permission] = []

        func run() async throws {
            let (id, name, permissions) = (try AdminGroups.group(id), name, permission)
            try await AdminStore.run(options) { admin in
                _ = try await admin.accounts.change(by: AdminStore.principal) { (registry) throws(SessionError) in
                    guard let before = registry.groups[id] else { throw .noSuchGroup }
                    return .changeGroup(
                        try Group(
                            id: id, name: name ?? before.name,
                            permissions: permissions.isEmpty ? before.permissions : Set(permissions)))
                }
                print("group \(id) changed")
            }
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Remove a group that nobody is in.")
        @OptionGroup var options: AdminOptions
        @Argument(help: "The group.") var id: String

        func run() async throws {
            let id = try AdminGroups.group(id)
            try await AdminStore.run(options) { admin in
                try await admin.accounts.change(.removeGroup(id), by: AdminStore.principal)
                print("group \(id) removed")
            }
        }
    }

    static func group(_ text: String) throws -> GroupID {
        guard let id = GroupID(text) else {
            throw ValidationError("A group's id has 1 to 64 letters, digits or any of -_.")
        }
        return id
    }
}

extension Permission: ExpressibleByArgument {}

import ArgumentParser
import Sessions

/// `lens admin keys`.
struct AdminKeys: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys", abstract: "API keys of automations.",
        subcommands: [List.self, Add.self, Remove.self], defaultSubcommand: List.self)

    private struct Shown: Encodable {
        let name: String
        let createdAt: String
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show the names of all keys.")
        @OptionGroup var options: AdminOptions

        func run() async throws {
            let json = options.json
            try await AdminStore.run(options) { admin in
                let keys = try await admin.accounts.registry().keys.values.sorted { $0.name.text < $1.name.text }
                    .map { Shown(name: $0.name.text, createdAt: $0.createdAt.rfc3339) }
                if json { return try AdminTable.print(json: keys) }
                AdminTable.print(["NAME", "MADE"], keys.map { [$0.name, $0.createdAt] })
            }
        }
    }

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a key; it is printed once and not to be had again.")
        @OptionGroup var options: AdminOptions
        @Argument(help: "What the audit log shows.") var name: String

        func run() async throws {
            let name = try AdminKeys.key(name)
            try await AdminStore.run(options) { admin in
                print(try await admin.accounts.addKey(name, by: AdminStore.principal).text)
            }
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Remove a key; it is refused from now on.")
        @OptionGroup var options: AdminOptions
        @Argument(help: "The key's name.") var name: String

        func run() async throws {
            let name = try AdminKeys.key(name)
            try await AdminStore.run(options) { admin in
                try await admin.accounts.change(.removeKey(name), by: AdminStore.principal)
                print("key \(name) removed")
            }
        }
    }

    private static func key(_ text: String) throws -> APIKeyName {
        guard let name = APIKeyName(text) else {
            throw ValidationError(
                "A key's name has 1 to 64 letters, digits or any of -_. and is not \(APIKeyName.configured).")
        }
        return name
    }
}

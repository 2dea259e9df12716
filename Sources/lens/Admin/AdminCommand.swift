import ArgumentParser

/// `lens admin`.
struct AdminCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "admin",
        abstract: "Look after groups, technicians, API keys, settings and the audit log; check a configuration.",
        discussion: """
            Works on the data directory of a server on this machine, whether it runs or not; a running server goes by every \
            change at once. All changes are in the audit log.

            EXAMPLES
              lens admin groups add second --name "Second line" --permission lens --permission methodPIN --data DIR
              lens admin technicians add tess@example.org --name "Tess Example" --group second --data DIR
              lens admin technicians reset-password admin --data DIR
              lens admin keys add crm --data DIR
              lens admin settings change --pin-lifetime 30 --data DIR
              lens admin audit verify --data DIR
              lens admin check --config lens.yaml

            LENS_DATA stands for --data.
            """,
        subcommands: [
            AdminGroups.self, AdminTechnicians.self, AdminKeys.self, AdminSettings.self, AdminAudit.self,
            AdminCheck.self,
        ])
}

/// What the subcommands share.
struct AdminOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The server's data directory (default: LENS_DATA).", valueName: "directory"))
    var data: String?

    @Flag(help: "Print JSON.")
    var json = false
}

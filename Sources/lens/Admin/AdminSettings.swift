public import ArgumentParser
import Foundation
public import Sessions

/// `lens admin settings`.
struct AdminSettings: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "settings", abstract: "What administrators set while the service runs.",
        subcommands: [Show.self, Change.self], defaultSubcommand: Show.self)

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show what is set here; the rest is as lens serve has it.")
        @OptionGroup var options: AdminOptions

        func run() async throws {
            let json = options.json
            try await AdminStore.run(options) { admin in
                let settings = try await admin.accounts.registry().settings
                if json { return try AdminTable.print(json: settings) }
                AdminTable.print(["SETTING", "VALUE"], AdminSettings.rows(settings))
            }
        }
    }

    struct Change: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Change settings; those that are not named stay.",
            discussion: """
                EXAMPLE
                  lens admin settings change --pin-lifetime 30 --eula-version 2 --eula-file terms.txt --data DIR
                """)
        @OptionGroup var options: AdminOptions
        @Option(help: ArgumentHelp("How long an unclaimed PIN lives (1 to 999).", valueName: "minutes"))
        var pinLifetime: Int?
        @Option(help: ArgumentHelp("How long a customer may wait for Start (0: for ever).", valueName: "minutes"))
        var waitingLimit: Int?
        @Option(help: ArgumentHelp("How long ended sessions are kept (0: for ever).", valueName: "days"))
        var retention: Int?
        @Option(help: "The language of invites that ask for none: en or de.") var language: InviteLanguage?
        @Option(help: "Names the licence that --eula-file holds; another text needs another version.")
        var eulaVersion: String?
        @Option(help: ArgumentHelp("The licence as text.", valueName: "file")) var eulaFile: String?

        func validate() throws {
            guard (eulaVersion == nil) == (eulaFile == nil) else {
                throw ValidationError("Give --eula-version and --eula-file together.")
            }
        }

        func run() async throws {
            let eula = try eulaFile.map { file in
                guard let data = FileManager.default.contents(atPath: file),
                    let text = String(data: data, encoding: .utf8)
                else { throw ValidationError("Cannot read \(file) as text in UTF-8.") }
                return EULA(version: eulaVersion ?? "", text: text)
            }
            let (pinLifetime, waitingLimit, retention, language) = (pinLifetime, waitingLimit, retention, language)
            try await AdminStore.run(options) { admin in
                let registry = try await admin.accounts.change(by: AdminStore.principal) {
                    (registry) throws(SessionError) in
                    var settings = registry.settings
                    if let pinLifetime { try settings.setPINLifetime(minutes: pinLifetime) }
                    if let waitingLimit { try settings.setWaitingLimit(minutes: waitingLimit) }
                    if let retention { try settings.setRetention(days: retention) }
                    if let language { settings.language = language }
                    if let eula { try settings.setEULA(eula) }
                    return .changeSettings(settings)
                }
                AdminTable.print(["SETTING", "VALUE"], AdminSettings.rows(registry.settings))
            }
        }
    }

    private static func rows(_ settings: OperatorSettings) -> [[String]] {
        let unset = "as lens serve has it"
        return [
            ["PIN lifetime (minutes)", settings.pinLifetimeMinutes.map { "\($0)" } ?? unset],
            ["waiting limit (minutes)", settings.waitingLimitMinutes.map { "\($0)" } ?? unset],
            ["retention (days)", settings.retentionDays.map { "\($0)" } ?? unset],
            ["language of invites", settings.language?.rawValue ?? unset],
            ["licence", settings.eula.map { "version \($0.version)" } ?? unset],
        ]
    }
}

extension InviteLanguage: ExpressibleByArgument {}

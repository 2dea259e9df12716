import ArgumentParser
import Foundation
import WebAPI

/// `lens admin check`.
struct AdminCheck: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Check a configuration before lens serve runs with it.",
        discussion: """
            Reads the file and the environment as lens serve does, and looks at what they name: certificate and key, the data \
            directory. Starts nothing. Exit code 0 only if all is well.

            EXAMPLE
              lens admin check --config lens.yaml
            """)

    @Option(help: ArgumentHelp("The YAML file with settings (default: LENS_CONFIG).", valueName: "file"))
    var config: String?

    func run() throws {
        do {
            let serve = try ServeCommand.parse(config.map { ["--config", $0] } ?? [])
            let settings = try serve.resolve(environment: ProcessInfo.processInfo.environment)
            if let certificate = settings.tlsCertificate, let key = settings.tlsKey {
                _ = try ServerCertificate(certificate: certificate, key: key)
            }
            if let data = settings.data { try Self.look(at: data) }
            print(settings.yaml, terminator: "")
        } catch {
            throw CleanExit.failure(error)
        }
    }

    private static func look(at data: String) throws {
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: data, isDirectory: &isDirectory) else {
            print("# \(data) is not there yet; lens serve makes it")
            return
        }
        guard isDirectory.boolValue, FileManager.default.isWritableFile(atPath: data) else {
            throw SettingsError(
                description: "\(data) is no directory that can be written to; check --data and its owner")
        }
    }
}

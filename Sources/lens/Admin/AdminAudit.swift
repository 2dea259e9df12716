import ArgumentParser
import Foundation
import SQLiteStore
import Sessions

/// `lens admin audit`.
struct AdminAudit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "The append-only log of every step.",
        discussion: """
            A server notes where the log ends in audit.heads beside it (lens serve --audit-heads FILE puts that elsewhere, \
            where who may change the data cannot reach it). By those heads `verify` also finds an end that was cut off.
            """,
        subcommands: [Verify.self, Export.self, Head.self])

    private static let page = 1000

    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Check every entry against the one before it; exit status 1 at the first that does not fit.")
        @OptionGroup var options: AdminOptions
        @Option(
            help: ArgumentHelp("Heads that were noted (default: audit.heads in the data directory).", valueName: "file")
        )
        var heads: String?

        func run() async throws {
            let file = heads
            try await AdminStore.run(options) { admin in
                let heads = try AuditHeadsFile(
                    file.map { URL(filePath: $0) } ?? AuditHeadsFile.standard(admin.directory)
                ).read(mustExist: file != nil)
                var verifier = AuditVerifier(key: admin.auditKey, heads: heads)
                do {
                    try await AdminAudit.forEachEntry(admin, from: 1) { try verifier.read($0) }
                    try verifier.finish()
                } catch let fault as AuditVerifier.Fault {
                    throw SettingsError(description: "the audit log was tampered with: \(fault)")
                }
                print("\(verifier.head.number) entries, all of them right; \(heads.count) noted heads fit")
            }
        }
    }

    struct Export: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Print the log, a JSON object on each line.")
        @OptionGroup var options: AdminOptions
        @Option(help: ArgumentHelp("The first entry.", valueName: "number")) var from: Int64 = 1

        private struct Line: Encodable {
            let number: Int64
            let at: String
            let actor: String
            let step: String
            let session: String?
            let details: [String: String]
            let seal: String
        }

        func run() async throws {
            let from = from
            try await AdminStore.run(options) { admin in
                let encoder = JSONEncoder()
                encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
                try await AdminAudit.forEachEntry(admin, from: from) { entry in
                    let record = entry.record
                    let line = Line(
                        number: entry.number, at: record.at.rfc3339, actor: record.actor, step: record.step.rawValue,
                        session: record.session?.text, details: record.details, seal: entry.seal.text)
                    print(String(decoding: try encoder.encode(line), as: UTF8.self))
                }
            }
        }
    }

    struct Head: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print where the log ends: a line to keep elsewhere, for verify --heads.")
        @OptionGroup var options: AdminOptions

        func run() async throws {
            try await AdminStore.run(options) { admin in print(try await admin.store.auditHead().text) }
        }
    }

    fileprivate static func forEachEntry(
        _ admin: AdminStore, from first: Int64, _ body: (AuditEntry) throws -> Void
    ) async throws {
        var next = max(1, first)
        while true {
            let entries = try await admin.store.auditLog(from: next, limit: page)
            for entry in entries { try body(entry) }
            guard let last = entries.last else { return }
            next = last.number + 1
        }
    }
}

import ArgumentParser
import Foundation
import MediaCore
import MediaIO
import SQLiteStore
import Sessions
import Synchronization

/// The data directory as administrators' commands use it.
struct AdminStore: Sendable {
    let directory: URL
    let store: SQLiteSessionStore
    let auditKey: AuditKey
    let accounts: AccountService

    /// Who makes the changes, for the audit log. No key can have this name.
    static let principal = Principal.apiKey("lens admin")

    init(_ options: AdminOptions) throws {
        guard let path = options.data ?? ProcessInfo.processInfo.environment["LENS_DATA"] else {
            throw SettingsError(description: "no data directory is given; give the server's with --data")
        }
        directory = URL(filePath: path, directoryHint: .isDirectory)
        (store, auditKey) = try DataDirectory.openExisting(directory)
        accounts = AccountService(store: store, now: SystemTime.now, waiting: SystemTime.waiting)
    }

    /// Runs a command's work: errors become one line and exit code 1.
    static func run(_ options: AdminOptions, _ body: @Sendable (AdminStore) async throws -> Void) async throws {
        do {
            try await body(try AdminStore(options))
        } catch let error as SessionError {
            throw CleanExit.failure(SettingsError(description: explain(error)))
        } catch {
            throw CleanExit.failure(error)
        }
    }

    private static func explain(_ error: SessionError) -> String {
        switch error {
        case .noSuchGroup: "there is no such group; lens admin groups list shows them"
        case .noSuchTechnician: "there is no such technician; lens admin technicians list shows them"
        case .noSuchKey: "there is no such API key; lens admin keys list shows them"
        case .nameTaken(let field): "something else has this \(field) already; choose another"
        case .groupInUse: "technicians are in this group; move them to another one first"
        case .lastAdministrator: "this is the last administrator; make another one first"
        case .invalid(let field, let text): "\(field) \(text)"
        case .store(let text): "the store failed: \(text)"
        default: "\(error)"
        }
    }
}

/// The machine's clocks as sessions have them.
enum SystemTime {
    /// Goes on evenly, whatever is done to the machine's clock.
    @Sendable static func now() -> WallTime {
        let (wall, monotonic) = (wallMilliseconds(), waiting.milliseconds())
        return WallTime(milliseconds: steady.withLock { $0.time(wall: wall, monotonic: monotonic) })
    }

    /// How far the machine's clock is ahead of what sessions go by, in ms.
    static var difference: Int64 {
        _ = now()
        return steady.withLock { $0.difference }
    }

    private static let steady = Mutex(
        SteadyClock(wall: wallMilliseconds(), monotonic: waiting.milliseconds()))

    private static func wallMilliseconds() -> Int64 { Int64(clamping: WallClock.unixNanoseconds / 1_000_000) }

    static let waiting = WaitingClock(
        milliseconds: { Int64(clamping: MonotonicClock.now.nanoseconds / 1_000_000) },
        pause: { try? await Task.sleep(for: .milliseconds($0)) })
}

/// Rows in columns as wide as what is in them.
enum AdminTable {
    static func print(_ header: [String], _ rows: [[String]]) {
        let all = [header] + rows
        let widths = header.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        for row in all {
            let cells = zip(row, widths).map { $0.padding(toLength: max($1, $0.count), withPad: " ", startingAt: 0) }
            Swift.print(cells.joined(separator: "  ").trimmingCharacters(in: .whitespaces))
        }
    }

    static func print(json value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        Swift.print(String(decoding: try encoder.encode(value), as: UTF8.self))
    }
}

import Foundation
import MediaWire

/// What the kernel says about the server's process (proc(5)).
struct RelayProcess: Sendable {
    let identifier: Int32

    /// CPU time of each thread, by its number, in ns. Nil if the process is gone or belongs to somebody else.
    var threadNanoseconds: [Int32: UInt64]? {
        let folder = "/proc/\(identifier)/task"
        guard let threads = try? FileManager.default.contentsOfDirectory(atPath: folder) else { return nil }
        // schedstat counts nanoseconds, where stat counts hundredths of a second.
        var times: [Int32: UInt64] = [:]
        for thread in threads {
            guard let number = Int32(thread) else { continue }
            times[number] = Self.words("\(folder)/\(thread)/schedstat").first.flatMap { UInt64($0) }
        }
        return times.isEmpty ? nil : times
    }

    /// CPU time that passed between two readings: of all threads, and of the one that used most, in ns. A thread that has ended
    /// takes its time with it.
    static func used(from before: [Int32: UInt64], to after: [Int32: UInt64]) -> (all: UInt64, busiest: UInt64) {
        after.reduce(into: (all: 0, busiest: 0)) { sum, thread in
            let earlier = before[thread.key] ?? 0
            let used = thread.value > earlier ? thread.value - earlier : 0
            sum.all += used
            sum.busiest = max(sum.busiest, used)
        }
    }

    /// Memory in use, in bytes.
    var residentBytes: UInt64? {
        let words = Self.words("/proc/\(identifier)/statm")
        guard words.count > 1, let pages = UInt64(words[1]) else { return nil }
        return pages &* UInt64(clamping: sysconf(Int32(_SC_PAGESIZE)))
    }

    private static func words(_ path: String) -> [Substring] {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return [] }
        return text.split { $0 == " " || $0 == "\n" }
    }

    // MARK: - Finding it

    /// The process that listens at this address, if it is on this machine and this user may see it.
    init?(listeningAt server: ServerAddress) {
        guard let address = IPAddress(server.host == "localhost" ? "127.0.0.1" : server.host), address.isLoopback,
            let inode = ["tcp", "tcp6"].lazy.compactMap({ Self.inode(listeningOn: server.port, table: $0) }).first,
            let processes = try? FileManager.default.contentsOfDirectory(atPath: "/proc"),
            let found = processes.compactMap({ Int32($0) }).first(where: { Self.holds("socket:[\(inode)]", $0) })
        else { return nil }
        identifier = found
    }

    init(identifier: Int32) { self.identifier = identifier }

    /// Reads `/proc/net/tcp`: local address in the second column, state in the fourth, inode in the tenth.
    private static func inode(listeningOn port: Int, table: String) -> Substring? {
        guard let text = try? String(contentsOfFile: "/proc/net/\(table)", encoding: .utf8) else { return nil }
        let listening = "0A"
        for line in text.split(separator: "\n").dropFirst() {
            let columns = line.split(separator: " ")
            guard columns.count > 9, columns[3] == listening,
                let portText = columns[1].split(separator: ":").last, Int(portText, radix: 16) == port
            else { continue }
            return columns[9]
        }
        return nil
    }

    private static func holds(_ socket: String, _ process: Int32) -> Bool {
        let folder = "/proc/\(process)/fd"
        guard let files = try? FileManager.default.contentsOfDirectory(atPath: folder) else { return false }
        return files.contains {
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\($0)")) == socket
        }
    }
}

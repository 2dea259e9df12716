internal import CAllocationCounter
internal import Foundation
internal import MediaCore

/// Counts what does not depend on the machine's speed: see docs/performance.md.
@main
struct ExactCounts {
    static func main() {
        do {
            try proveCounter()
            var arguments = CommandLine.arguments.dropFirst()
            guard let mode = arguments.popFirst() else { throw CountingFailure(usage) }
            switch mode {
            case "core": try core(Array(arguments))
            case "calls": try systemCalls(Array(arguments))
            case "allocations": try allocations()
            default: throw CountingFailure(usage)
            }
        } catch {
            FileHandle.standardError.write(Data("ExactCounts: \(error)\n".utf8))
            exit(1)
        }
    }

    private static let usage = """
        say: core gcm|cm80 openssl|ipsecmb full|burst media|reports, calls many|frame|segmented, or allocations
        """

    /// What counts allocations counts seven where seven are made.
    private static func proveCounter() throws {
        allocation_counter_start()
        let before = allocation_counter_read()
        allocation_counter_exercise()
        let after = allocation_counter_read()
        let count = after.by_swift + after.by_libraries - before.by_swift - before.by_libraries
        guard count == 7 else { throw CountingFailure("the counter of allocations counts \(count) where 7 are made") }
    }

    private static func core(_ arguments: [String]) throws {
        guard arguments.count == 4, let backend = SRTPBackend(rawValue: arguments[1]),
            let batching = CoreCount.Batching(rawValue: arguments[2]),
            let traffic = CoreCount.Traffic(rawValue: arguments[3])
        else { throw CountingFailure(usage) }
        guard backend.isAvailable else { throw CountingFailure("this machine or build has no \(backend)") }
        let count = try CoreCount(
            calls: 100, profile: try profile(arguments[0]), backend: backend, batching: batching,
            traffic: traffic)
        try count.run(seconds: 2, measuring: false)
        let warmUp = count.mediaPackets
        try count.run(seconds: 1, measuring: true)
        let packets = count.mediaPackets - warmUp
        print(#"{"packets": \#(packets), "reports": \#(count.reports), "allocations": \#(count.allocations)}"#)
    }

    /// To be traced: what a trace shows counts, not what is printed.
    private static func systemCalls(_ arguments: [String]) throws {
        guard arguments.count == 1, let burst = IOCount.Burst(rawValue: arguments[0]) else {
            throw CountingFailure(usage)
        }
        let count = try IOCount(calls: 100, reportInterval: 3_600_000)
        // Every stream has begun, and what that makes due has been sent.
        try count.warmUp()
        try count.run(burst, count: 25)
        print(#"{"packets": \#(burst.packets), "bursts": 25}"#)
    }

    private static func allocations() throws {
        let count = try IOCount(calls: 100, reportInterval: 1_000)
        try count.warmUp()
        let warmUp = count.arrived
        let allocations = try count.allocations(seconds: 3)
        print(#"{"packets": \#(count.arrived - warmUp), "allocations": \#(allocations)}"#)
    }

    private static func profile(_ name: String) throws -> SRTPProfile {
        switch name {
        case "gcm": .aeadAES128GCM
        case "cm80": .aesCM128HMACSHA1_80
        default: throw CountingFailure("'\(name)' is no profile: gcm or cm80")
        }
    }
}

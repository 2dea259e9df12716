internal import Foundation

/// Joins the results of several rounds of the benchmarks into one table, as Markdown, on standard output.
///
/// `BenchTable FILE…`, where each file is one round's export in JMH's form.
@main
struct BenchTable {
    static func main() {
        let paths = CommandLine.arguments.dropFirst()
        guard !paths.isEmpty else { fail("no results given; name the JSON file of each round") }
        var rounds: [[String: Measurement]] = []
        for path in paths {
            do {
                rounds.append(try Measurement.round(at: path))
            } catch {
                fail("\(path): \(error); run the round again")
            }
        }
        let names = Set(rounds.flatMap(\.keys))
        let incomplete = names.filter { name in rounds.contains { $0[name] == nil } }
        if !incomplete.isEmpty { fail("not in every round: \(incomplete.sorted().joined(separator: ", "))") }
        if names.isEmpty { fail("the rounds hold no results; run them again") }

        print("| what | ns | range of rounds | per second | Swift allocations | library allocations |")
        print("|---|---:|---:|---:|---:|---:|")
        for name in names.sorted(by: isInFront) {
            print(Row(name, rounds.compactMap { $0[name] }).text)
        }
    }

    /// By the order of groups, then by name with numbers compared as numbers.
    static func isInFront(_ a: String, _ b: String) -> Bool {
        let groups = ["counter", "wire", "srtp", "forward", "codec"]
        let places = [a, b].map { name in groups.firstIndex { name.hasPrefix($0 + "/") } ?? groups.count }
        if places[0] != places[1] { return places[0] < places[1] }
        return a.compare(b, options: .numeric) == .orderedAscending
    }

    private static func fail(_ message: String) -> Never {
        FileHandle.standardError.write(Data("bench: \(message)\n".utf8))
        exit(1)
    }
}

/// One line of the table.
struct Row {
    let name: String
    /// One for each round.
    let measurements: [Measurement]

    init(_ name: String, _ measurements: [Measurement]) {
        self.name = name
        self.measurements = measurements
    }

    var text: String {
        let times = measurements.map(\.nanoseconds).sorted()
        let time = times[times.count / 2]
        let spread = "\(Self.decimal(times[0]))–\(Self.decimal(times[times.count - 1]))"
        // The worst round, so that no allocation hides in a median.
        let swift = measurements.map(\.swiftAllocations).max() ?? 0
        let libraries = measurements.map(\.libraryAllocations).max() ?? 0
        let rate = time > 0 ? Self.decimal(1e9 / time) : "–"
        let cells = [name, Self.decimal(time), spread, rate, Self.count(swift), Self.count(libraries)]
        return "| " + cells.joined(separator: " | ") + " |"
    }

    /// Three digits are more than the machine repeats.
    private static func decimal(_ value: Double) -> String {
        value < 100 ? String(format: "%.1f", value) : grouped(Int(value.rounded()))
    }

    private static func grouped(_ value: Int) -> String {
        var digits = String(value)
        var text = ""
        while digits.count > 3 {
            text = "," + digits.suffix(3) + text
            digits.removeLast(3)
        }
        return digits + text
    }

    /// 0 only if nothing was ever allocated.
    private static func count(_ value: Double) -> String {
        value == 0 ? "0" : value < 0.01 ? "< 0.01" : String(format: "%.2f", value)
    }
}

import Testing

/// Rules that a compiler does not keep.
@Suite struct CodeRuleTests {
    private static let everything = ["Sources", "Tests", "Benchmarks"]

    private static let clock = Pattern(
        #"\b(clock_gettime|gettimeofday|lens_clock_nanoseconds|DispatchTime)\b"#
            + #"|\b(Continuous|Suspending|Monotonic|Wall)Clock\b|\bDate(\(\)|\.now|\.init\(\))|\btime\(nil\)"#)
    private static let chance = Pattern(
        #"SystemRandomNumberGenerator|arc4random|getrandom|\.random\(in: [^,()]*\)|\.randomElement\(\)|\.shuffled\(\)"#)
    private static let trap = Pattern(#"\b(fatalError|preconditionFailure)\b|\btry!|\bas!"#)
    /// An exclamation mark behind a name, a bracket or a parenthesis, that is not part of `!=`.
    private static let forcedUnwrap = Pattern(#"[A-Za-z0-9_)\]?]!(?!=)"#)
    private static let impurity = Pattern(#"\b(async|await|actor|Mutex|Thread|pthread_[a-z_]+|socket)\b(?!:)"#)
    private static let unprovedSendable = Pattern(#"@unchecked Sendable|nonisolated\(unsafe\)"#)
    private static let tracker = Pattern(
        #"(?i)\b(jira|bugzilla|pull request|merge request)\b|\bissues? #?[0-9]+|\b(fix(es)?|close[sd]?) #[0-9]+"#
            + #"|\b(todo|fixme)\b"#)

    private func expect(_ files: [SourceFile], free of: Pattern, _ why: String) {
        #expect(!files.isEmpty)
        for file in files {
            for number in of.matches(file.code) {
                Issue.record("\(file.path):\(number): \(why): \(file.lines[number - 1].drop { $0 == " " })")
            }
        }
    }

    /// Time is an argument: only what touches sockets, and the programs' own loops, may ask for it.
    @Test func clocksAreReadAtTheEdgeOnly() throws {
        let edge = ["Sources/MediaIO/", "Sources/lens/", "Sources/Endpoints/Run/"]
        let files = try SourceTree.files(in: "Sources", endings: ["swift"]).filter { file in
            !edge.contains { file.path.hasPrefix($0) }
        }
        #expect(files.count > 100)
        expect(files, free: Self.clock, "reads a clock")
    }

    /// Randomness is an argument in what must be repeatable by its seed.
    @Test func chanceIsAnArgumentInThePureTargets() throws {
        let files = try ["Sources/MediaWire", "Sources/MediaCore", "Sources/Endpoints/Protocol"]
            .flatMap { try SourceTree.files(in: $0) }
        expect(files, free: Self.chance, "draws its own random numbers")
    }

    @Test func nothingTrapsOnPurpose() throws {
        expect(try SourceTree.files(in: "Sources"), free: Self.trap, "traps the whole process")
    }

    @Test func nothingIsUnwrappedByForceWhereInputIsRead() throws {
        let files = try ["MediaWire", "MediaCore", "MediaIO", "MediaFiles", "Codecs", "Sessions", "WebAPI"]
            .flatMap { try SourceTree.files(in: "Sources/" + $0) }
        expect(files, free: Self.forcedUnwrap, "unwraps by force")
    }

    @Test func packetPathStartsNoTasksAndLocksNothing() throws {
        let files = try ["Sources/MediaWire", "Sources/MediaCore"].flatMap { try SourceTree.files(in: $0) }
        expect(files, free: Self.impurity, "is not pure")
    }

    @Test func uncheckedSendableIsProvedByAComment() throws {
        for file in try SourceTree.files(in: "Sources") {
            for number in Self.unprovedSendable.matches(file.code) {
                let before = file.lines[..<(number - 1)].last { !$0.drop { $0 == " " }.hasPrefix("@") } ?? ""
                #expect(before.drop { $0 == " " }.hasPrefix("//"), "\(file.path):\(number) says not why")
            }
        }
    }

    @Test func noFileIsLongerThanAReaderCanHold() throws {
        let endings = ["swift", "c", "h", "py", "sh"]
        let files = try Self.everything.flatMap { try SourceTree.files(in: $0, endings: endings) }
        #expect(files.count > 200)
        for file in files { #expect(file.lines.count <= 500, "\(file.path)") }
    }

    @Test func textSpeaksOfTheProductOnly() throws {
        let endings = ["swift", "c", "h", "py", "sh", "md"]
        let files = try (Self.everything + ["docs", "README.md", "Fixtures", "Package.swift"])
            .flatMap { try SourceTree.files(in: $0, endings: endings) }
            .filter { !$0.path.hasPrefix("Tests/ArchitectureTests/") }
        for file in files {
            for number in Self.tracker.matches(file.lines) {
                Issue.record("\(file.path):\(number): \(file.lines[number - 1])")
            }
        }
    }

    /// The rules above look at code without comments and literals; this shows that they would see a breach.
    @Test func strippingLeavesCodeAndTakesText() {
        let file = SourceFile(
            path: "x.swift",
            text: [
                "let a = b! // c!", "let d = \"e!\" + f", "/* g!", "h! */ let i = j!", "let k = \"\"\"", "l!",
                "\"\"\" + m!", "let n = \"o\\\"p!\" + q!",
            ].joined(separator: "\n"))
        #expect(
            file.code == [
                "let a = b! ", "let d =  + f", "", " let i = j!", "let k = ", "", " + m!", "let n =  + q!",
            ])
    }

    @Test func rulesSeeABreach() {
        func sees(_ rule: Pattern, _ bad: [String], _ good: [String]) {
            for line in bad { #expect(rule.matches(["", line]) == [2], "\(line)") }
            for line in good { #expect(rule.matches([line]).isEmpty, "\(line)") }
        }
        sees(
            Self.clock, ["let a = Date()", "MonotonicClock.now", "clock_gettime(CLOCK_MONOTONIC, &t)", "Date.now"],
            ["func handle(at now: Instant)", "Dates()", "clock.advance()"])
        sees(
            Self.chance,
            ["UInt8.random(in: 0...255)", "list.randomElement()", "var g = SystemRandomNumberGenerator()"],
            ["UInt8.random(in: 0...255, using: &generator)", "list.randomElement(using: &generator)"])
        sees(Self.trap, ["fatalError()", "try! x()", "x as! Y"], ["try? x()", "x as? Y", "try x()"])
        sees(
            Self.forcedUnwrap, ["a!", "b()!", "c[0]!.d", "var e: Int!"],
            ["a != b", "if !a", "guard !(a)", "return !b", "x, !y"])
        sees(
            Self.impurity, ["await x()", "let m = Mutex(0)", "Thread.sleep()"],
            ["threads", "awaiting", "from socket: Int"])
        sees(
            Self.tracker, ["see issue 12", "fixes #3", "TO" + "DO: later", "Pull request"],
            ["an issue of trust", "prefix #1"])
        sees(Self.unprovedSendable, ["final class X: @unchecked Sendable {"], ["struct X: Sendable {"])
    }
}

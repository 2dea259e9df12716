import MediaCore
import MediaWire
import TestSupport
import Testing

/// RFC 8445 section 7.3 and RFC 7675, seen from the side that only answers.
@Suite struct ICELiteAgentTests {
    private static let path = Path(local: .loopbackV4, remote: SocketAddress(IPAddress(v4: 0x0A00_0001), port: 4_000))
    private static let other = Path(local: .loopbackV4, remote: SocketAddress(IPAddress(v4: 0x0A00_0002), port: 5_000))
    private static let start = Instant(nanoseconds: 1_000_000_000)

    /// An agent, and a peer that knows both sides' credentials.
    private struct Bench {
        var generator = SeededGenerator(seed: 5)
        let relay: ICECredentials
        let peer: ICECredentials
        var agent: ICELiteAgent

        init() {
            relay = ICECredentials(using: &generator)
            peer = ICECredentials(using: &generator)
            agent = ICELiteAgent(local: relay, remote: peer)
        }

        /// A check as a full agent makes it.
        mutating func check(
            nominates: Bool = false, from path: Path = ICELiteAgentTests.path,
            at now: Instant = ICELiteAgentTests.start,
            local: ICECredentials? = nil, remote: ICECredentials? = nil, password: [UInt8]? = nil,
            extra: (inout STUNMessageWriter) -> Void = { $0.write(.iceControlling, UInt64(7)) }
        ) -> ICELiteAgent.Outcome {
            let local = local ?? relay, remote = remote ?? peer
            var writer = STUNMessageWriter(
                STUNMessageType(method: STUNMessageType.binding, .request), STUNTransactionID(using: &generator))
            writer.write(.username, local.usernameFragment + [UInt8(ascii: ":")] + remote.usernameFragment)
            writer.write(.priority, UInt32(1))
            extra(&writer)
            if nominates { writer.writeFlag(.useCandidate) }
            let bytes = writer.finish { STUNIntegrity.code($0, password: password ?? local.password) }
            return receive(bytes ?? [], from: path, at: now)
        }

        mutating func receive(_ bytes: [UInt8], from path: Path, at now: Instant) -> ICELiteAgent.Outcome {
            guard let message = STUNMessage(bytes.rawSpan) else { return .ignored }
            return agent.receive(message, from: path, at: now)
        }

        /// What a response says, if the relay's password made it.
        func answer(_ bytes: [UInt8]?) -> (kind: STUNMessageType.Class, mapped: SocketAddress?, error: Int?)? {
            guard let bytes, let message = STUNMessage(bytes.rawSpan), message.hasFingerprint,
                STUNIntegrity.holds(message, password: relay.password)
            else { return nil }
            return (message.type.messageClass, message.xorMappedAddress, message.errorCode)
        }
    }

    @Test func theVectorOfRFC5769IsAuthentic() throws {
        let bytes: [UInt8] = MediaCoreTests.bytes(
            hex: "000100582112a442b7e7a701bc34d686fa87dfae802200105354554e207465737420636c69656e74"
                + "002400046e0001ff80290008932ff9b151263b36000600096576746a3a68367659202020"
                + "000800149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a280280004e57a3bcf")
        let holds = { (password: String) in
            guard let message = STUNMessage(bytes.rawSpan) else { return false }
            return STUNIntegrity.holds(message, password: Array(password.utf8))
        }
        #expect(holds("VOkJxbRl1RmTxUk/WvJxBt"))
        #expect(!holds("VOkJxbRl1RmTxUk/WvJxBu") && !holds(""))
    }

    @Test func aCheckProvesItsPathAndIsAnsweredWithTheAddressSeen() throws {
        var bench = Bench()
        let outcome = bench.check()
        #expect(outcome.name == "proven")
        let answer = try #require(bench.answer(outcome.response))
        #expect(answer.kind == .successResponse && answer.mapped == Self.path.remote)
        #expect(bench.agent.isProven(Self.path, at: Self.start) && bench.agent.selected == nil)
        #expect(bench.agent.sendingPath(at: Self.start) == nil, "nothing is sent before the peer has chosen")
    }

    @Test func theLatestNominationChoosesThePath() {
        var bench = Bench()
        #expect(bench.check(nominates: true).name == "selected", "not selected")
        #expect(bench.agent.sendingPath(at: Self.start) == Self.path)
        #expect(bench.check(nominates: true).name == "proven", "chosen twice")
        #expect(bench.check(from: Self.other).name == "proven", "chosen without being asked")
        #expect(bench.agent.selected == Self.path)
        #expect(bench.check(nominates: true, from: Self.other).name == "selected", "stays behind")
        #expect(bench.agent.sendingPath(at: Self.start) == Self.other)
    }

    @Test func strangersGetNoAnswerAndChangeNothing() {
        var bench = Bench()
        let strange = ICECredentials(using: &bench.generator)
        let outcomes = [
            bench.check(nominates: true, local: strange), bench.check(nominates: true, remote: strange),
            bench.check(nominates: true, password: strange.password),
            bench.check(nominates: true, password: bench.peer.password),
            bench.check(nominates: true, password: []),
            // Errors are for the peer alone.
            bench.check(password: strange.password) { $0.write(STUNAttributeType(rawValue: 0x7777), []) },
            bench.check(password: strange.password) { $0.write(.iceControlled, UInt64(1)) },
        ]
        for outcome in outcomes { #expect(outcome == .ignored) }
        #expect(!bench.agent.isProven(Self.path, at: Self.start) && bench.agent.selected == nil)
    }

    @Test func whatIsNoWholeCheckIsIgnored() throws {
        var bench = Bench()
        let transaction = STUNTransactionID(high: 1, low: 2)
        let name = bench.relay.usernameFragment + [UInt8(ascii: ":")] + bench.peer.usernameFragment
        let password = bench.relay.password
        func message(
            _ kind: STUNMessageType.Class = .request, method: UInt16 = STUNMessageType.binding, named: [UInt8]?,
            isSigned: Bool = true
        ) throws -> [UInt8] {
            var writer = STUNMessageWriter(STUNMessageType(method: method, kind), transaction)
            if let named { writer.write(.username, named) }
            return try #require(
                writer.finish(authenticate: isSigned ? { STUNIntegrity.code($0, password: password) } : nil))
        }
        var unmarked = try message(named: name)
        unmarked.removeLast(8)
        unmarked[3] -= 8
        for bytes in [
            try message(named: nil), try message(named: name, isSigned: false),
            try message(named: bench.relay.usernameFragment),
            try message(.indication, named: name), try message(.successResponse, named: name),
            try message(.errorResponse, named: name), try message(method: 3, named: name), unmarked, [],
        ] {
            #expect(bench.receive(bytes, from: Self.path, at: Self.start) == .ignored)
        }
        #expect(
            bench.receive(try message(named: name), from: Self.path, at: Self.start).name == "proven",
            "the whole one is not taken")
    }

    @Test func aControlledPeerIsToldToChangeItsRole() throws {
        var bench = Bench()
        for tie in [UInt64.min, .max] {
            let outcome = bench.check(nominates: true, extra: { $0.write(.iceControlled, tie) })
            #expect(outcome.name == "refused")
            #expect(bench.answer(outcome.response)?.error == 487)
        }
        #expect(bench.agent.selected == nil && !bench.agent.isProven(Self.path, at: Self.start))
    }

    @Test func unknownAttributesThatMustBeUnderstoodAreNamed() throws {
        var bench = Bench()
        let outcome = bench.check(extra: { $0.write(STUNAttributeType(rawValue: 0x7777), [1]) })
        #expect(outcome.name == "refused")
        #expect(bench.answer(outcome.response)?.error == 420)
        // Optional ones are no hindrance.
        #expect(
            bench.check(extra: { $0.write(STUNAttributeType(rawValue: 0xC057), [1, 2, 3, 4]) }).name == "proven",
            "an optional attribute is in the way")
    }

    @Test func sendingStopsThirtySecondsAfterTheLastCheck() {
        var bench = Bench()
        _ = bench.check(nominates: true)
        let later = Self.start.advanced(byMilliseconds: 20_000)
        _ = bench.check(at: later)
        #expect(bench.agent.consentEnds == later.advanced(byNanoseconds: 30_000_000_001))
        #expect(bench.agent.sendingPath(at: later.advanced(byMilliseconds: 30_000)) == Self.path)
        #expect(bench.agent.sendingPath(at: later.advanced(byMilliseconds: 30_001)) == nil)
        _ = bench.check(at: later.advanced(byMilliseconds: 40_000))
        #expect(bench.agent.sendingPath(at: later.advanced(byMilliseconds: 40_000)) == Self.path, "and begins again")
    }

    @Test func aRestartKeepsTheOldPathUntilThePeerChoosesWithNewCredentials() {
        var bench = Bench()
        _ = bench.check(nominates: true)
        let relay = ICECredentials(using: &bench.generator), peer = ICECredentials(using: &bench.generator)
        bench.agent.restart(local: relay, remote: peer)
        let later = Self.start.advanced(byMilliseconds: 25_000)
        // The old ones keep the path alive, but choose no other.
        #expect(bench.check(at: later).name == "proven", "old credentials")
        #expect(bench.check(nominates: true, from: Self.other, at: later).name == "proven", "chosen")
        #expect(bench.agent.sendingPath(at: later.advanced(byMilliseconds: 25_000)) == Self.path)
        #expect(
            bench.check(nominates: true, from: Self.other, at: later, local: relay, remote: peer).name == "selected",
            "new credentials")
        #expect(bench.agent.selected == Self.other)
        #expect(bench.check(at: later) == .ignored, "the old ones have gone")
    }

    @Test func aFewPathsAreRememberedAndTheChosenOneIsAmongThem() {
        var bench = Bench()
        _ = bench.check(nominates: true)
        for port in UInt16(1)...100 {
            let path = Path(local: .loopbackV4, remote: SocketAddress(.loopbackV4, port: port))
            _ = bench.check(from: path, at: Self.start.advanced(byMilliseconds: Int64(port)))
        }
        let now = Self.start.advanced(byMilliseconds: 100)
        let proven = (UInt16(1)...100).filter {
            bench.agent.isProven(Path(local: .loopbackV4, remote: SocketAddress(.loopbackV4, port: $0)), at: now)
        }
        #expect(proven == Array(94...100))
        #expect(bench.agent.sendingPath(at: now) == Self.path)
    }

    @Test func credentialsAreWhatRFC8839Allows() {
        var generator = SeededGenerator(seed: 1)
        for _ in 0..<100 {
            let made = ICECredentials(using: &generator)
            #expect(
                ICECredentials(
                    usernameFragment: String(decoding: made.usernameFragment, as: UTF8.self),
                    password: String(decoding: made.password, as: UTF8.self)) == made)
        }
        let good = String(repeating: "p", count: 22)
        #expect(ICECredentials(usernameFragment: "abc", password: good) == nil)
        #expect(ICECredentials(usernameFragment: "ab:d", password: good) == nil)
        #expect(ICECredentials(usernameFragment: "abcd", password: String(good.dropLast())) == nil)
        #expect(ICECredentials(usernameFragment: "abcd", password: String(repeating: "p", count: 257)) == nil)
        #expect(ICECredentials(usernameFragment: "ab+/", password: good) != nil)
    }
}

extension ICELiteAgent.Outcome {
    fileprivate var name: String {
        switch self {
        case .ignored: "ignored"
        case .refused: "refused"
        case .proven: "proven"
        case .selected: "selected"
        }
    }

    fileprivate var response: [UInt8]? {
        switch self {
        case .ignored: nil
        case .refused(let bytes), .proven(let bytes), .selected(let bytes): bytes
        }
    }
}

import Endpoints
import Testing

/// A minute of call at no, some and much loss, with reordering and jitter: nothing traps, no stream sticks, every frame
/// that arrived whole is decoded in order, and the reports are true to the network.
@Suite struct CallUnderLossTests {
    /// In full with `LENS_SOAK=1`: 100 seeds of 60 s at each loss.
    private static let isSoak = CallRun.environment("LENS_SOAK") == "1"
    private static let runs: [CallRun] = KeyExchange.allCases.flatMap { keyExchange in
        [0, 2, 10].flatMap { loss in
            (1...(isSoak ? 100 : keyExchange == .sdes ? 6 : 3)).map {
                CallRun(seed: UInt64($0), lossPercent: loss, seconds: 60, keyExchange: keyExchange)
            }
        }
    }

    @Test(arguments: runs)
    func everyWholeFrameIsDecodedAndReportsAreTrue(run: CallRun) throws {
        let violations = try run.violations()
        #expect(violations.isEmpty, "repeat with: \(run)")
    }
}

/// The run that a failure's line names.
@Suite struct NamedRunTests {
    @Test(.enabled(if: CallRun.environment("LENS_RUN") != nil))
    func namedRunHasNoViolations() throws {
        let run = try #require(
            CallRun(CallRun.environment("LENS_RUN") ?? ""), "LENS_RUN is seed,loss per cent,seconds,sdes or dtls")
        let violations = try run.violations()
        #expect(violations.isEmpty, "repeat with: \(run)")
    }
}

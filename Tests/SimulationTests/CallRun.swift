import Endpoints
import Foundation
import MediaCore
import Simulation

/// One simulated call, by its seed: the conditions are drawn from it, so the line that `description` gives repeats it.
struct CallRun: CustomStringConvertible, Sendable {
    var seed: UInt64
    /// Per cent of datagrams lost, each way.
    var lossPercent: Int
    var seconds: Int64
    var keyExchange = KeyExchange.sdes

    var description: String {
        "LENS_RUN=\(seed),\(lossPercent),\(seconds),\(keyExchange) swift test --filter SimulationTests.NamedRun"
    }

    /// Reads what `description` writes.
    init?(_ text: String) {
        let parts = text.split(separator: ",")
        guard parts.count == 4, let seed = UInt64(parts[0]), let loss = Int(parts[1]), let seconds = Int64(parts[2]),
            let keyExchange = KeyExchange(rawValue: String(parts[3])), 0...100 ~= loss, seconds > 3
        else { return nil }
        self.init(seed: seed, lossPercent: loss, seconds: seconds, keyExchange: keyExchange)
    }

    init(seed: UInt64, lossPercent: Int, seconds: Int64, keyExchange: KeyExchange = .sdes) {
        self.keyExchange = keyExchange
        self.seed = seed
        self.lossPercent = lossPercent
        self.seconds = seconds
    }

    static func environment(_ name: String) -> String? { ProcessInfo.processInfo.environment[name] }

    /// Runs the call with reordering and jitter, and answers everything that was wrong with it.
    func violations() throws -> [String] {
        var draws = SimulationRandom(seed: seed &+ UInt64(lossPercent) << 32)
        let media = try SimulationMedia.small.get()
        var plan = SimulatedSystem.CallPlan(media: media)
        var links: [LinkProfile] = []
        for _ in 0..<4 {
            var link = LinkProfile()
            link.loss = Double(lossPercent) / 100
            link.delayMilliseconds = Double.random(in: 1...60, using: &draws)
            link.jitterMilliseconds = Double.random(in: 0...20, using: &draws)
            link.reordering = Double.random(in: 0...0.03, using: &draws)
            link.reorderingMilliseconds = Double.random(in: 1...25, using: &draws)
            links.append(link)
        }
        (plan.customerUp, plan.customerDown, plan.technicianUp, plan.technicianDown) =
            (links[0], links[1], links[2], links[3])
        let profiles = keyExchange == .dtls ? DTLSContext.preferredProfiles : SRTPProfile.allCases
        plan.profile = profiles.randomElement(using: &draws) ?? .aeadAES128GCM
        plan.configure = { $0.keyExchange = keyExchange }

        let system = SimulatedSystem(seed: seed)
        let call = try system.addCall(plan)
        let decoding = try FrameDecoding(reference: lossPercent == 0 ? FrameDecoding.pictures(of: media) : nil)
        call.technician.onVideoFrame = { decoding.take($0) }
        system.run(milliseconds: 1_000)
        try system.openGate(call)
        system.run(milliseconds: seconds * 1_000 - 1_000)
        let end = system.now

        // The last reports come on a quiet line after the media.
        system.windDown(milliseconds: 5_000)

        var audit = CallAudit(of: call, in: system)
        audit.checkGate()
        audit.checkFrames()
        audit.checkFlow(pauseLimitMilliseconds: lossPercent == 0 ? 500 : 3_000, until: end)
        audit.checkSound(holeLimitMilliseconds: lossPercent == 0 ? 0 : 1_000)
        audit.checkSync(limitMilliseconds: lossPercent == 0 ? 60 : 500)
        audit.checkReports()
        var violations = audit.violations
        if decoding.decoded != call.technician.video.count {
            let count = call.technician.video.count
            violations.append("\(decoding.decoded) of \(count) frames decoded: \(decoding.failures)")
        }
        if decoding.differing > 0 { violations.append("\(decoding.differing) pictures differ from the source's") }
        if lossPercent == 0 {
            let dropped = call.technician.statistics.played(.video)?.framesDropped ?? 0
            let missing = call.technician.video.reduce(0) { $0 + $1.missingBefore }
            if missing > 0 { violations.append("\(missing) frames missing and \(dropped) dropped without any loss") }
        }
        if audit.framesExpected < Int(seconds) * 10 {
            violations.append("only \(audit.framesExpected) frames arrived whole")
        }
        return violations
    }
}

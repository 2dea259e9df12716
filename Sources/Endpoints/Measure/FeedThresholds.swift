/// What a feed must reach to count as intact, and the judgement of a report against it.
public struct FeedThresholds: Hashable, Sendable {
    /// Least part of the captured frames that must be sent, 0 to 1.
    public var sentRatio = 0.99
    /// Least part of the sent frames that must be decoded, 0 to 1.
    public var decodedRatio = 0.99
    /// Packets that may be lost for good, video and audio each.
    public var packetsLost = 0
    /// dB.
    public var meanPSNR = 32.0
    public var minimumPSNR = 25.0
    public var correlation = 0.9
    /// Milliseconds from capture to the decoded frame; nil judges no latency, since it depends on machine and network.
    public var medianLatency: Double?
    public var latencyP99: Double?
    /// Whether a figure that is not known counts as a failure. True where both ends are at hand, as in the demo.
    public var everythingMeasured = false

    public init() {}

    /// Both ends at hand on one machine: every figure must be there and good, latency too.
    public static var intactFeed: FeedThresholds {
        var thresholds = FeedThresholds()
        thresholds.everythingMeasured = true
        thresholds.medianLatency = 60
        thresholds.latencyP99 = 150
        return thresholds
    }

    /// Sets `ok` and `failures` by this report's own figures.
    /// - Parameter expected: the kinds of media that this side was to receive; nothing received of one is a failure.
    public func judge(_ report: inout FeedReport, expecting expected: Set<ReceivedMedia>) {
        var failures: [String] = []
        if expected.contains(.video) { judgeVideo(report, into: &failures) }
        if expected.contains(.audio) { judgeAudio(report.audio, named: "audio", into: &failures) }
        if expected.contains(.talkback) { judgeAudio(report.talkback, named: "talkback", into: &failures) }
        if let count = report.srtp.authenticationFailures, count > 0 {
            failures.append("\(count) packets failed SRTP authentication")
        }
        report.failures = failures
        report.ok = failures.isEmpty
    }

    private func judgeVideo(_ report: FeedReport, into failures: inout [String]) {
        let video = report.video
        guard let decoded = video.framesDecoded, decoded > 0 else {
            failures.append("no video frame was decoded")
            return
        }
        ratio(video.framesSent, of: video.framesCaptured, atLeast: sentRatio, "captured frames were sent", &failures)
        ratio(decoded, of: video.framesSent, atLeast: decodedRatio, "sent frames were decoded", &failures)
        most(video.packetsLost.map(Double.init), Double(packetsLost), "video packets lost", "", &failures)
        least(video.psnrY.mean, meanPSNR, "mean luma PSNR", " dB", &failures)
        least(video.psnrY.min, minimumPSNR, "lowest luma PSNR of a frame", " dB", &failures)
        let latency = report.latencyMilliseconds.captureToDecode
        if let limit = medianLatency {
            most(latency.p50, limit, "median latency from capture to decode", " ms", &failures)
        }
        if let limit = latencyP99 {
            most(latency.p99, limit, "99th percentile of latency from capture to decode", " ms", &failures)
        }
    }

    private func judgeAudio(_ audio: FeedReport.Audio, named name: String, into failures: inout [String]) {
        guard let received = audio.packetsReceived, received > 0 else {
            failures.append("no \(name) packet was received")
            return
        }
        most(audio.packetsLost.map(Double.init), Double(packetsLost), "\(name) packets lost", "", &failures)
        least(audio.correlation, correlation, "\(name) correlation with its source", "", &failures)
    }

    private func ratio(
        _ part: Int?, of whole: Int?, atLeast limit: Double, _ what: String, _ failures: inout [String]
    ) {
        guard let part, let whole else { return unknown("how many \(what)", &failures) }
        if Double(part) < Double(whole) * limit {
            failures.append("\(part) of \(whole) \(what), fewer than \(fixed(limit * 100, 0)) %")
        }
    }

    private func least(_ value: Double?, _ limit: Double, _ what: String, _ unit: String, _ failures: inout [String]) {
        guard let value else { return unknown(what, &failures) }
        if value < limit { failures.append("\(what) is \(fixed(value, 2))\(unit), below \(fixed(limit, 2))\(unit)") }
    }

    private func most(_ value: Double?, _ limit: Double, _ what: String, _ unit: String, _ failures: inout [String]) {
        guard let value else { return unknown(what, &failures) }
        if value > limit { failures.append("\(what): \(fixed(value, 1))\(unit), above \(fixed(limit, 1))\(unit)") }
    }

    private func unknown(_ what: String, _ failures: inout [String]) {
        if everythingMeasured { failures.append("not measured: \(what)") }
    }
}

/// What a side of a call may receive.
public enum ReceivedMedia: Hashable, Sendable {
    case video, audio, talkback
}

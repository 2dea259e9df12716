import Endpoints

/// A report as a short table for a person.
enum FeedTable {
    static func text(_ report: FeedReport) -> String {
        let (video, audio, latency) = (report.video, report.audio, report.latencyMilliseconds)
        let rows: [(String, String)] = [
            (
                "SRTP",
                "\(report.srtpProfile ?? "–"), \(count(report.srtp.authenticationFailures)) failed, "
                    + "\(count(report.srtp.replays)) replayed"
            ),
            ("duration", number(report.durationSeconds, 1, "s")),
            (
                "video",
                "\(video.codec ?? "–") \(count(video.width))x\(count(video.height)), "
                    + "\(number(video.bitrate.map { $0 / 1000 }, 0, "kbit/s"))"
            ),
            (
                "frames",
                "captured \(count(video.framesCaptured)), sent \(count(video.framesSent)), "
                    + "received \(count(video.framesReceived)), decoded \(count(video.framesDecoded)), "
                    + "frozen \(count(video.framesFrozen)), keyframes \(count(video.keyFrames))"
            ),
            (
                "packets",
                "received \(count(video.packetsReceived)), lost \(count(video.packetsLost)), "
                    + "recovered \(count(video.packetsRecovered))"
            ),
            (
                "quality",
                "luma PSNR mean \(number(video.psnrY.mean, 1, "dB")), lowest \(number(video.psnrY.min, 1, "dB"))"
            ),
            (
                "latency",
                "capture to decode p50 \(number(latency.captureToDecode.p50, 1, "ms")), "
                    + "p99 \(number(latency.captureToDecode.p99, 1, "ms")), max \(number(latency.captureToDecode.max, 1, "ms"))"
            ),
            ("relay", "p50 \(number(latency.relay.p50, 3, "ms")), p99 \(number(latency.relay.p99, 3, "ms"))"),
            ("audio", sound(audio)),
            ("talkback", sound(report.talkback)),
            ("verdict", report.ok ? "intact" : "not intact"),
        ]
        let table = rows.map { name, value in
            name + String(repeating: " ", count: 10 - name.count) + value
        }
        return (table + report.failures.map { "  failed: \($0)" }).joined(separator: "\n")
    }

    private static func sound(_ audio: FeedReport.Audio) -> String {
        "\(audio.codec ?? "–"), received \(count(audio.packetsReceived)), lost \(count(audio.packetsLost)), "
            + "concealed \(count(audio.packetsConcealed)), correlation \(number(audio.correlation, 3, ""))"
    }

    private static func count(_ value: Int?) -> String { value.map(String.init) ?? "–" }

    private static func number(_ value: Double?, _ decimals: Int, _ unit: String) -> String {
        guard let value else { return "–" }
        return unit.isEmpty ? fixed(value, decimals) : "\(fixed(value, decimals)) \(unit)"
    }
}

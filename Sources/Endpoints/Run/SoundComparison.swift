import MediaWire

/// Finds how received sound correlates with what a microphone captured.
enum SoundComparison {
    /// From when to when a side could receive.
    struct Window: Sendable {
        var start: NTPTimestamp
        var end: NTPTimestamp

        init(start: NTPTimestamp) {
            self.start = start
            end = start
        }
    }

    /// - Parameters:
    ///   - source: the file in front of the microphone.
    ///   - log: says when its first sample was captured; without it the sound is taken to begin with the source.
    ///   - window: the time in which this side could receive, by the same clock as the log's.
    /// - Returns: the correlation at one lag, |lag| ≤ 1 s and overlap ≥ 95 %, or nil if there is none.
    static func correlation(
        _ sound: [Int16], source path: String, log: CaptureLog?, window: Window
    ) throws -> Double? {
        guard !sound.isEmpty else { return nil }
        var source = try AudioSource(path: path)
        var (first, count) = (0, sound.count)
        if let log, let start = log.audioStart {
            first = max(0, samples(from: start.time, to: window.start))
            let end = min(log.totals?.samplesCaptured ?? .max, samples(from: start.time, to: window.end))
            count = min(end - first, SoundThread.comparedSamples)
        }
        guard count > 0 else { return nil }
        // Passed over in parts, so that a late start costs no memory.
        while first > 0 {
            let part = min(first, 480_000)
            _ = try source.read(part)
            first -= part
        }
        return AudioCorrelation.measure(reference: try source.read(count), received: sound)?.value
    }

    private static func samples(from start: NTPTimestamp, to end: NTPTimestamp) -> Int {
        Int(end.nanoseconds(since: start) / 1_000 * 48 / 1_000)
    }
}

import Codecs
import MediaCore
import MediaWire
import Synchronization

/// Decodes received video on a thread of its own, as soon as a frame is whole, records it, and hands the pictures on for comparison
/// on another thread.
final class ScreenThread: Sendable {
    /// Frames that may wait for the decoder: two seconds.
    private static let queueLimit = 64
    /// Pictures that may wait for comparison; then decoding waits, since every picture is to be compared.
    private static let comparisonLimit = 60

    struct Settings: Sendable {
        var recording: VideoRecorder.Options?
        /// The file in front of the camera; nil if the pictures are not compared.
        var source: String?
        var log: CaptureLog?
        /// Of another process, followed into `log`.
        var logFile: String?
    }

    struct Result: Sendable {
        var framesDecoded = 0
        /// Whole frames that the decoder refused, or that came faster than it could take them.
        var framesRefused = 0
        var framesMissing = 0
        var width: Int?
        var height: Int?
        var latency = LatencyHistogram()
        /// Nil if nothing was compared.
        var match: PictureMatch?
    }

    private struct Picture: Sendable {
        var frame: I420Frame
        var captureTime: NTPTimestamp?
    }

    private let settings: Settings
    private let clock: CallClock
    private let queue = HandoverQueue<ReceivedVideoFrame>(limit: queueLimit)
    private let pictures = HandoverQueue<Picture>(limit: comparisonLimit)
    /// For the progress line: nanoseconds, and frames so far.
    private let latest = Mutex((latency: Int64?.none, frames: 0))

    init(_ settings: Settings, clock: CallClock) {
        self.settings = settings
        self.clock = clock
    }

    /// Called on the network thread.
    func offer(_ frame: ReceivedVideoFrame) { queue.offer(frame) }

    /// No more frames come; the thread ends when it has taken those that wait.
    func end() { queue.close() }

    /// Frames decoded so far, and the latency of the last in nanoseconds.
    var progress: (latency: Int64?, frames: Int) { latest.withLock { $0 } }

    func run() -> Running {
        let comparison = settings.source.map { path in WorkerThread.start("comparison") { try self.compare(path) } }
        let screen = WorkerThread.start("screen") {
            defer { self.pictures.close() }
            return try self.decode()
        }
        return Running(screen: screen, comparison: comparison)
    }

    /// Both threads.
    struct Running: Sendable {
        fileprivate let screen: WorkerThread.Running<Result>
        fileprivate let comparison: WorkerThread.Running<PictureMatch>?

        var isFinished: Bool { screen.isFinished }

        func value() async throws -> Result {
            var result = try await screen.value()
            result.match = try await comparison?.value()
            return result
        }
    }

    // MARK: On the screen's thread

    private func decode() throws -> Result {
        var result = Result()
        var decoder = try VP8Decoder()
        var recorder: VideoRecorder?
        if let recording = settings.recording { recorder = try VideoRecorder(recording) }
        while let frame = queue.take() {
            result.framesMissing += frame.framesMissingBefore
            let picture = (try? decoder.decode(frame.data)).flatMap { $0 }
            if let picture {
                note(frame, picture, in: &result)
                if settings.source != nil { pictures.put(Picture(frame: picture, captureTime: frame.captureTime)) }
            } else {
                result.framesRefused += 1
            }
            try recorder?.record(frame.data, timestamp: frame.rtpTimestamp, picture: picture)
        }
        result.framesRefused += queue.dropped
        try recorder?.finish()
        return result
    }

    /// Right behind the decoding: this is the moment that counts.
    private func note(_ frame: ReceivedVideoFrame, _ picture: I420Frame, in result: inout Result) {
        let now = clock.ntp(at: clock.now)
        let latency = frame.captureTime.map { now.nanoseconds(since: $0) }
        if let latency { result.latency.record(nanoseconds: latency) }
        result.framesDecoded += 1
        (result.width, result.height) = (picture.width, picture.height)
        let frames = result.framesDecoded
        self.latest.withLock { $0 = (latency, frames) }
    }

    // MARK: On the comparison's thread

    private func compare(_ path: String) throws -> PictureMatch {
        // Should this fail, the pictures must not wait for it.
        defer { pictures.close() }
        let log = settings.log ?? CaptureLog()
        var comparer = SourceComparer(
            source: try VideoSource(path: path), log: log,
            reader: settings.logFile.map { CaptureLogReader(path: $0, into: log) })
        while let picture = pictures.take() {
            try comparer.compare(picture.frame, capturedAt: picture.captureTime)
        }
        return comparer.match
    }
}

import Codecs
import MediaCore
import MediaIO
import MediaWire
import Synchronization

/// Decodes received video on a thread of its own, as soon as a frame is whole. Recording and comparison have theirs, so that neither
/// a disk nor a snapshot delays the next picture.
final class ScreenThread: Sendable {
    /// Frames that may wait for the decoder: two seconds.
    private static let queueLimit = 64
    /// Pictures that may wait to be compared or recorded; then decoding waits, since none is to be left out.
    private static let laterLimit = 60

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

    private struct Recorded: Sendable {
        var data: [UInt8]
        var timestamp: RTPTimestamp
        var picture: I420Frame?
    }

    private let settings: Settings
    private let clock: CallClock
    private let queue = HandoverQueue<ReceivedVideoFrame>(limit: queueLimit)
    private let comparisons = HandoverQueue<Picture>(limit: laterLimit)
    private let recordings = HandoverQueue<Recorded>(limit: laterLimit)
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
        let recording = settings.recording.map { options in WorkerThread.start("recording") { try self.record(options) }
        }
        let screen = WorkerThread.start("screen") {
            defer {
                self.comparisons.close()
                self.recordings.close()
            }
            return try self.decode()
        }
        return Running(screen: screen, comparison: comparison, recording: recording)
    }

    /// All its threads.
    struct Running: Sendable {
        fileprivate let screen: WorkerThread.Running<Result>
        fileprivate let comparison: WorkerThread.Running<PictureMatch>?
        fileprivate let recording: WorkerThread.Running<Void>?

        /// Whether one of them has ended, which before the end of the call means that it failed.
        var isFinished: Bool {
            screen.isFinished || comparison?.isFinished ?? false || recording?.isFinished ?? false
        }

        /// Waits for all; throws what the first of them threw.
        func value() async throws -> Result {
            var failure: (any Error)?
            var result = Result()
            await failure.collect { result = try await screen.value() }
            await failure.collect { result.match = try await comparison?.value() }
            await failure.collect { try await recording?.value() }
            if let failure { throw failure }
            return result
        }
    }

    // MARK: On the screen's thread

    private func decode() throws -> Result {
        var result = Result()
        var decoder = try VP8Decoder()
        while let frame = queue.take() {
            result.framesMissing += frame.framesMissingBefore
            let picture = (try? decoder.decode(frame.data)).flatMap { $0 }
            if let picture {
                note(frame, picture, in: &result)
                if settings.source != nil { comparisons.put(Picture(frame: picture, captureTime: frame.captureTime)) }
            } else {
                result.framesRefused += 1
            }
            if settings.recording != nil {
                recordings.put(Recorded(data: frame.data, timestamp: frame.rtpTimestamp, picture: picture))
            }
        }
        result.framesRefused += queue.dropped
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
        defer { comparisons.close() }
        let log = settings.log ?? CaptureLog()
        var comparer = SourceComparer(
            source: try VideoSource(path: path), log: log,
            reader: settings.logFile.map { CaptureLogReader(path: $0, into: log) })
        while let picture = comparisons.take() {
            try comparer.compare(picture.frame, capturedAt: picture.captureTime)
        }
        return comparer.match
    }

    // MARK: On the recording's thread

    private func record(_ options: VideoRecorder.Options) throws {
        defer { recordings.close() }
        var recorder = try VideoRecorder(options)
        while let frame = recordings.take() {
            try recorder.record(frame.data, timestamp: frame.timestamp, picture: frame.picture)
        }
        try recorder.finish()
    }
}

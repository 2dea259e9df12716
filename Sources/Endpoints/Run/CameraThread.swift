import Codecs
import MediaCore
import MediaWire
import Synchronization

/// Captures, encodes and sends video on a thread of its own.
final class CameraThread: Sendable {
    struct Settings: Sendable {
        var path: String
        /// bit/s.
        var bitrate: Int
        /// Sends the file's own frames instead of encoding its pictures anew.
        var isReplay: Bool
        /// Frames the camera captures; nil for no end.
        var durationSeconds: Double?
    }

    struct Counts: Hashable, Sendable {
        var captured = 0
        var sent = 0
        var keyframes = 0
        var bytes = 0
    }

    /// A keyframe younger than this answers a request as well: the request was made before it came.
    private static let keyframeSpacing: Int64 = 300_000_000

    private let settings: Settings
    private let log: CaptureLog
    private let writer: CaptureLogWriter?
    private let clock: CallClock
    private let state = Mutex(Counts())
    private let keyframeWanted = Atomic(false)
    private let stop = StopFlag()

    init(_ settings: Settings, log: CaptureLog, writer: CaptureLogWriter?, clock: CallClock) {
        self.settings = settings
        self.log = log
        self.writer = writer
        self.clock = clock
    }

    var counts: Counts { state.withLock { $0 } }

    func requestKeyframe() { keyframeWanted.store(true, ordering: .relaxed) }
    func end() { stop.set() }

    /// Starts capturing at once or at `start`, whichever is later.
    func run(to loop: EndpointLoop, from start: Instant) -> WorkerThread.Running<Void> {
        WorkerThread.start("camera") {
            if self.settings.isReplay { try self.replay(loop, start) } else { try self.captureLive(loop, start) }
        }
    }

    // MARK: On the camera's thread

    private func captureLive(_ loop: EndpointLoop, _ start: Instant) throws {
        var source = try VideoSource(path: settings.path)
        var configuration = VP8Encoder.Configuration(
            width: source.width, height: source.height, targetBitrate: settings.bitrate)
        configuration.framesPerSecond = max(1, Int(source.rate.framesPerSecond.rounded()))
        var encoder = try VP8Encoder(configuration)
        // The first picture is ready before its moment of capture, as each later one is.
        _ = try source.frame(at: 0)
        var size = (source.width, source.height)
        var lastKeyframe: Instant?
        try eachFrame(source.rate, start) { frame, time in
            log.recordFrame(frame.number, at: time)
            try writer?.writeFrame(frame.number, at: time)
            let picture = try source.frame(at: frame.number)
            if size != (picture.width, picture.height) {
                size = (picture.width, picture.height)
                try encoder.resize(width: size.0, height: size.1)
            }
            // Where the file begins again everything changes at once.
            let isCut = source.frameCount.map { frame.number > 0 && frame.number % $0 == 0 } ?? false
            let force = wantsKeyframe(after: lastKeyframe) || isCut
            let ticks = frame.capturedAt.nanoseconds(since: start) / 1000 * 9 / 100
            if let encoded = try encoder.encode(picture, at: ticks, forceKeyframe: force) {
                if encoded.isKeyframe { lastKeyframe = clock.now }
                send(encoded, capturedAt: time, loop)
            }
            _ = try source.frame(at: frame.number + 1)
        }
    }

    private func replay(_ loop: EndpointLoop, _ start: Instant) throws {
        var source = try ReplayVideoSource(path: settings.path)
        var lastKeyframe: Instant?
        try eachFrame(source.rate, start) { frame, time in
            if wantsKeyframe(after: lastKeyframe) { try source.restartAtKeyframe() }
            let next = try source.next()
            if next.frame.isKeyframe { lastKeyframe = clock.now }
            log.recordFrame(next.number, at: time)
            try writer?.writeFrame(next.number, at: time)
            send(next.frame, capturedAt: time, loop)
        }
    }

    /// Calls the body for each frame that a live camera would hand over, until the end.
    private func eachFrame(
        _ rate: FrameRate, _ start: Instant, _ body: (LiveCamera.Frame, NTPTimestamp) throws -> Void
    ) throws {
        let last = settings.durationSeconds.map { Int(($0 * rate.framesPerSecond).rounded()) } ?? .max
        var camera = LiveCamera(start: max(start, clock.now), rate: rate)
        while !stop.isSet {
            clock.sleep(until: camera.nextCapture)
            guard !stop.isSet, let frame = camera.take(at: clock.now) else { continue }
            guard frame.number < last else { break }
            let captured = camera.framesTakenOrDropped
            state.withLock { $0.captured = captured }
            try body(frame, clock.ntp(at: frame.capturedAt))
        }
    }

    private func wantsKeyframe(after last: Instant?) -> Bool {
        guard keyframeWanted.exchange(false, ordering: .relaxed) else { return false }
        return last.map { clock.now.nanoseconds(since: $0) >= Self.keyframeSpacing } ?? true
    }

    private func send(_ frame: EncodedVideoFrame, capturedAt time: NTPTimestamp, _ loop: EndpointLoop) {
        guard loop.sendVideo(frame.data, isKeyframe: frame.isKeyframe, captureTime: time) else { return }
        state.withLock { counts in
            counts.sent += 1
            counts.bytes += frame.data.count
            if frame.isKeyframe { counts.keyframes += 1 }
        }
    }
}

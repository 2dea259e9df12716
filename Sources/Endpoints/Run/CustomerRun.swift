public import Logging
public import MediaCore
import MediaWire

/// What a simulated customer does.
public struct CustomerSettings: Sendable {
    public var server: ServerAddress
    /// Six digits.
    public var pin: String
    /// Files in front of the camera and of the microphone; nil for none.
    public var video: String?
    public var audio: String?
    /// Of media, from the start of the session on; nil until the session ends.
    public var durationSeconds: Double?
    /// Video, bit/s.
    public var bitrate = 1_000_000
    public var profile = SRTPProfile.aeadAES128GCM
    public var keyExchange = KeyExchange.dtls
    /// Sends the files' own packets instead of encoding anew.
    public var isReplay = false
    /// Filled while capturing; shared with a technician of the same process.
    public var captureLog = CaptureLog()
    /// The same for another process.
    public var captureLogFile: String?
    /// Where `talkback.wav` and `talkback.ogg` go; nil for nowhere.
    public var talkbackFolder: String?
    /// The file in front of the technician's microphone, and when it was captured if that is known.
    public var talkbackSource: String?
    public var talkbackLog: CaptureLog?
    public var showsProgress = false
    /// Steps of the call, at `info`; nil for none.
    public var logger: Logger?

    public init(server: ServerAddress, pin: String) {
        self.server = server
        self.pin = pin
    }
}

/// A simulated customer in one call: joins, accepts, waits for the start, then sends camera and microphone and hears the technician.
public struct CustomerRun: Sendable {
    private let settings: CustomerSettings
    private let clock = CallClock.shared

    /// Time for the last packets to arrive before the goodbye.
    private static let linger = Duration.milliseconds(300)

    public init(_ settings: CustomerSettings) { self.settings = settings }

    /// Runs the whole call. Cancelling the task ends it in good order.
    /// - Returns: what this side knows of the feed: `framesCaptured`, `framesSent` and `talkback`; not yet judged.
    /// - Throws: `EndpointError`, `LensClientError`, or of files and codecs their own; `CancellationError` if cancelled before
    ///   the session started.
    public func run() async throws -> FeedReport {
        try checkFiles()
        let writer = try settings.captureLogFile.map { path throws(EndpointError) in try CaptureLogWriter(path: path) }
        let (joined, client) = try await LensClient(server: settings.server).join(pin: settings.pin)
        do {
            try await client.devices(camera: settings.video != nil, microphone: settings.audio != nil)
            try await client.acceptEULA(version: joined.eulaVersion)
            return try await call(joined.session, client, writer)
        } catch {
            await leave(client)
            throw error
        }
    }

    private func leave(_ client: LensClient) async { await Task { try? await client.leave() }.value }

    /// Opens what will be sent, so that an unusable file shows before anybody is called.
    private func checkFiles() throws {
        if let path = settings.video {
            if settings.isReplay {
                _ = try ReplayVideoSource(path: path).rate
            } else {
                _ = try VideoSource(path: path).rate
            }
        }
        if let path = settings.audio {
            if settings.isReplay {
                _ = try ReplayAudioSource(path: path).path
            } else {
                _ = try AudioSource(path: path).path
            }
        }
        if let path = settings.talkbackSource { _ = try AudioSource(path: path).path }
    }

    private func call(_ session: String, _ client: LensClient, _ writer: CaptureLogWriter?) async throws -> FeedReport {
        let signals = CallSignals()
        let camera = settings.video.map { path in
            CameraThread(
                .init(
                    path: path, bitrate: settings.bitrate, isReplay: settings.isReplay,
                    durationSeconds: settings.durationSeconds),
                log: settings.captureLog, writer: writer, clock: clock)
        }
        let microphone = settings.audio.map { path in
            MicrophoneThread(
                .init(path: path, isReplay: settings.isReplay, durationSeconds: settings.durationSeconds),
                log: settings.captureLog, writer: writer, clock: clock)
        }
        let sound = SoundThread(recording: settings.talkbackFolder.map { .init(folder: $0, name: "talkback") })
        let connection = try CallConnection(
            client: client, session: session, keyExchange: settings.keyExchange, profile: settings.profile,
            publish: [MediaKind.video, .audio].filter { $0 == .video ? camera != nil : microphone != nil },
            play: [.audio],
            clock: clock
        ) { event in
            switch event {
            case .keyframeRequested:
                signals.noteKeyframeRequest()
                camera?.requestKeyframe()
            case .audioPacket(let packet):
                signals.noteMedia(at: packet.playoutTime)
                sound.offer(packet)
            case .goodbye(_, _, .play): signals.noteGoodbye()
            case .goodbye, .videoFrame, .senderReport: break
            }
        }
        let hearing = sound.run()
        var watch = CallWatch(connection: connection, signals: signals, clock: clock)
        var (seeing, speaking): (WorkerThread.Running<Void>?, WorkerThread.Running<Void>?)
        var window = SoundComparison.Window(start: clock.ntp(at: clock.now))
        var statistics: CallStatistics?
        var failure: (any Error)?
        do {
            try await connection.publish()
            try await connection.play()
            settings.logger?.info("waiting for the technician to start", metadata: ["session": "\(session)"])
            try await watch.untilStarted()
            settings.logger?.info("started")
            let start = clock.now
            seeing = camera?.run(to: connection.loop, from: start)
            speaking = microphone?.run(to: connection.loop, from: start)
            try await live(&watch, camera, start, seeing, speaking)
        } catch {
            failure = error
        }
        camera?.end()
        microphone?.end()
        await failure.collect { try await seeing?.value() }
        await failure.collect { try await speaking?.value() }
        let totals = CaptureLog.Totals(
            framesCaptured: camera?.counts.captured ?? 0, framesSent: camera?.counts.sent ?? 0,
            samplesCaptured: microphone?.samplesCaptured ?? 0)
        settings.captureLog.recordTotals(totals)
        await failure.collect { try writer?.writeTotals(totals) }
        if failure == nil { try? await Task { try await Task.sleep(for: Self.linger) }.value }
        statistics = try? await connection.loop.statistics()
        window.end = clock.ntp(at: clock.now)
        await connection.close()
        await leave(client)
        sound.end()
        var heard = SoundThread.Result()
        await failure.collect { heard = try await hearing.value() }
        if let failure { throw failure }
        return try report(statistics, camera?.counts, heard, window, signals)
    }

    private func live(
        _ watch: inout CallWatch, _ camera: CameraThread?, _ start: Instant, _ seeing: WorkerThread.Running<Void>?,
        _ speaking: WorkerThread.Running<Void>?
    ) async throws {
        var line = ProgressLine(isEnabled: settings.showsProgress)
        var (frames, bytes) = (RateMeter(), RateMeter())
        let loop = watch.connection.loop
        let deadline = settings.durationSeconds.map {
            // The threads end by themselves with their last frame; this is for when they do not.
            start.advanced(byNanoseconds: Int64(($0 + 1) * 1e9))
        }
        let end = try await watch.untilEnd(
            deadline: deadline,
            isFinished: {
                let all = [seeing, speaking].compactMap { $0 }
                return !all.isEmpty && all.allSatisfy(\.isFinished)
            }
        ) {
            let counts = camera?.counts ?? CameraThread.Counts()
            let figures = (try? await loop.statistics())?.published(.video)
            let loss = Double(figures?.lastReport?.fractionLost ?? 0) / 2.56
            let roundTrip = figures?.roundTripNanoseconds.map { fixed(Double($0) / 1e6, 1) + " ms" } ?? "–"
            line.show(
                "\(clock.now.nanoseconds(since: start) / 1_000_000_000) s  \(frames.step(UInt64(counts.sent))) fps  "
                    + "\(bytes.step(UInt64(counts.bytes)) * 8 / 1000) kbit/s  lost \(fixed(loss, 1)) %  round trip \(roundTrip)"
                    + "  dropped before sending \(counts.captured - counts.sent)")
        }
        line.finish()
        settings.logger?.info("ended", metadata: ["reason": "\(end)"])
    }

    private func report(
        _ statistics: CallStatistics?, _ counts: CameraThread.Counts?, _ heard: SoundThread.Result,
        _ window: SoundComparison.Window, _ signals: CallSignals
    ) throws -> FeedReport {
        var report = FeedReport()
        report.durationSeconds = signals.media.seconds
        report.srtpProfile = settings.profile.rawValue
        report.video.framesCaptured = counts?.captured
        report.video.framesSent = counts?.sent
        report.talkback = FeedReport.Audio(statistics?.played(.audio), heard)
        if let source = settings.talkbackSource {
            report.talkback.correlation = try SoundComparison.correlation(
                heard.sound, source: source, log: settings.talkbackLog, window: window)
        }
        report.srtp = FeedReport.SRTP(statistics?.srtp)
        return report
    }
}

extension FeedReport.Audio {
    init(_ statistics: PlayedTrackStatistics?, _ heard: SoundThread.Result) {
        self.init()
        packetsReceived = statistics.map { Int(clamping: $0.packetsReceived) }
        packetsLost = statistics.map { Int(clamping: max(0, $0.packetsLost)) }
        packetsConcealed = heard.packetsConcealed
    }
}

extension FeedReport.SRTP {
    init(_ statistics: SRTPStatistics?) {
        self.init()
        authenticationFailures = statistics.map { Int(clamping: $0.authenticationFailures) }
        replays = statistics.map { Int(clamping: $0.replays) }
    }
}

extension Optional where Wrapped == any Error {
    /// Runs the body; keeps its error if there is none yet.
    mutating func collect(_ body: () async throws -> Void) async {
        do { try await body() } catch { if self == nil { self = error } }
    }
}

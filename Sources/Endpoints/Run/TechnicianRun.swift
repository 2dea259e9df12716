public import Logging
public import MediaCore
import MediaIO
import MediaWire

/// What a technician endpoint does.
public struct TechnicianSettings: Sendable {
    /// As whom the calls are made.
    public enum Identity: Hashable, Sendable {
        /// An automation.
        case apiKey(String)
        /// A technician with an account of their own.
        case login(email: String, password: String)
    }

    public enum Target: Hashable, Sendable {
        case session(String)
        /// The session that has been waiting longest.
        case anyWaiting
    }

    public var server: ServerAddress
    public var identity: Identity
    public var target: Target
    /// Longest wait for the session to be waiting.
    public var waitSeconds = 60
    /// The file in front of the technician's microphone; nil for no talkback.
    public var voice: String?
    /// Filled while speaking; shared with a customer of the same process.
    public var voiceLog = CaptureLog()
    /// The files in front of the customer's camera and microphone; nil if the feed is not compared with them.
    public var videoSource: String?
    public var audioSource: String?
    /// The customer's own, in one process.
    public var captureLog: CaptureLog?
    /// Written by the customer in another process.
    public var captureLogFile: String?
    /// Of media; nil until the session ends.
    public var durationSeconds: Double?
    /// Where received media go; nil for nowhere.
    public var outputFolder: String?
    public var writesY4M = false
    public var snapshotSeconds: Double?
    public var profile = SRTPProfile.aeadAES128GCM
    public var keyExchange = KeyExchange.dtls
    /// What the relay measured of itself, where it is at hand.
    public var relayLatency: (@Sendable () async -> RelayLatency?)?
    public var showsProgress = false
    /// Steps of the call, at `info`; nil for none.
    public var logger: Logger?

    public init(server: ServerAddress, identity: Identity, target: Target) {
        self.server = server
        self.identity = identity
        self.target = target
    }
}

/// What came of a technician's call.
public struct TechnicianResult: Sendable {
    /// Not yet judged.
    public var report: FeedReport
    /// What the customer said to have, so what was to be received.
    public var expected: Set<ReceivedMedia>
}

/// The technician endpoint in one call: takes a waiting session, starts it, receives, decodes, measures, records and talks back.
public struct TechnicianRun: Sendable {
    private let settings: TechnicianSettings
    private let clock = CallClock.shared

    /// Time for what is still on its way when the call is over.
    private static let drain = Duration.milliseconds(400)

    public init(_ settings: TechnicianSettings) { self.settings = settings }

    /// Runs the whole call and ends the session. Cancelling the task after the start ends it in good order.
    /// - Throws: `EndpointError`, `LensClientError`, or of files and codecs their own; `CancellationError` if cancelled before
    ///   the start.
    public func run() async throws -> TechnicianResult {
        if let path = settings.voice { _ = try AudioSource(path: path).path }
        if let path = settings.audioSource { _ = try AudioSource(path: path).path }
        if let path = settings.videoSource { _ = try VideoSource(path: path).rate }
        switch settings.identity {
        case .apiKey(let key): return try await take(LensClient(server: settings.server, token: key))
        case .login(let email, let password):
            let client = try await LensClient(server: settings.server).login(email: email, password: password)
            do {
                let result = try await take(client)
                await logOut(client)
                return result
            } catch {
                await logOut(client)
                throw error
            }
        }
    }

    /// Also where the call was cut short; if it fails, the login ends by itself.
    private func logOut(_ client: LensClient) async { await Task { try? await client.logout() }.value }

    private func take(_ client: LensClient) async throws -> TechnicianResult {
        let session = try await waitingSession(client)
        settings.logger?.info(
            "taking a session", metadata: ["session": "\(session.id)", "status": "\(session.status)"])
        return try await call(session, client)
    }

    private func waitingSession(_ client: LensClient) async throws -> SessionInfo {
        let deadline = clock.now.advanced(byMilliseconds: Int64(settings.waitSeconds) * 1000)
        repeat {
            switch settings.target {
            case .session(let id):
                let session = try await client.session(id)
                if session.isOver { throw EndpointError.sessionOver(status: session.status) }
                if session.status != "Connecting" { return session }
            case .anyWaiting:
                // Newest first.
                if let session = try await client.sessions(status: "Waiting").last { return session }
            }
            try await Task.sleep(for: .milliseconds(200))
        } while clock.now < deadline
        throw EndpointError.noSessionWaiting(seconds: settings.waitSeconds)
    }

    private func call(_ session: SessionInfo, _ client: LensClient) async throws -> TechnicianResult {
        let signals = CallSignals()
        let log = settings.captureLog ?? (settings.captureLogFile == nil ? nil : CaptureLog())
        let screen = ScreenThread(screenSettings(log), clock: clock)
        let sound = SoundThread(recording: settings.outputFolder.map { .init(folder: $0, name: "received") })
        let microphone = settings.voice.map { path in
            MicrophoneThread(.init(path: path, isReplay: false), log: settings.voiceLog, writer: nil, clock: clock)
        }
        let connection = try CallConnection(
            client: client, session: session.id, keyExchange: settings.keyExchange, profile: settings.profile,
            publish: microphone == nil ? [] : [.audio], play: [.video, .audio], clock: clock
        ) { event in
            switch event {
            case .videoFrame(let frame):
                signals.noteMedia(at: frame.readyTime)
                screen.offer(frame)
            case .audioPacket(let packet):
                signals.noteMedia(at: packet.playoutTime)
                sound.offer(packet)
            case .goodbye(_, _, .play): signals.noteGoodbye()
            case .goodbye, .keyframeRequested, .senderReport: break
            }
        }
        let (seeing, hearing) = (screen.run(), sound.run())
        var watch = CallWatch(connection: connection, signals: signals, clock: clock)
        var speaking: WorkerThread.Running<Void>?
        var (statistics, failure): (CallStatistics?, (any Error)?)
        var window = SoundComparison.Window(start: clock.ntp(at: clock.now))
        do {
            try await connection.play()
            try await connection.publish()
            window.start = clock.ntp(at: clock.now)
            if session.status == "Waiting" { _ = try await client.start(session.id) }
            speaking = microphone?.run(to: connection.loop, from: clock.now)
            try await live(&watch, screen, seeing)
        } catch {
            failure = error
        }
        let over = clock.ntp(at: clock.now)
        if failure == nil { try? await Task { try await Task.sleep(for: Self.drain) }.value }
        window.end = clock.ntp(at: clock.now)
        microphone?.end()
        await failure.collect { try await speaking?.value() }
        settings.voiceLog.recordTotals(
            .init(framesCaptured: 0, framesSent: 0, samplesCaptured: microphone?.samplesCaptured ?? 0))
        statistics = try? await connection.loop.statistics()
        let relay = await settings.relayLatency?()
        await connection.close()
        await Task { _ = try? await client.end(session.id) }.value
        screen.end()
        sound.end()
        var (seen, heard) = (ScreenThread.Result(), SoundThread.Result())
        await failure.collect { seen = try await seeing.value() }
        await failure.collect { heard = try await hearing.value() }
        if let failure { throw failure }
        var report = report(statistics, seen, heard, signals)
        if let relay { report.latencyMilliseconds.relay = relay }
        try await compare(&report, heard, log, window, over: over)
        return TechnicianResult(report: report, expected: session.expectedMedia)
    }

    private func screenSettings(_ log: CaptureLog?) -> ScreenThread.Settings {
        var screen = ScreenThread.Settings()
        if let folder = settings.outputFolder {
            var recording = VideoRecorder.Options(folder: folder)
            recording.writesY4M = settings.writesY4M
            recording.snapshotSeconds = settings.snapshotSeconds
            screen.recording = recording
        }
        // Without a log no picture could be told from another.
        screen.source = log == nil ? nil : settings.videoSource
        screen.log = log
        screen.logFile = settings.captureLogFile
        return screen
    }

    private func live(_ watch: inout CallWatch, _ screen: ScreenThread, _ seeing: ScreenThread.Running) async throws {
        var line = ProgressLine(isEnabled: settings.showsProgress)
        var (frames, bytes) = (RateMeter(), RateMeter())
        let loop = watch.connection.loop
        let start = clock.now
        let end = try await watch.untilEnd(
            deadline: settings.durationSeconds.map { start.advanced(byNanoseconds: Int64($0 * 1e9)) },
            isFinished: { seeing.isFinished }
        ) {
            let figures = (try? await loop.statistics())?.played(.video)
            let (latency, count) = screen.progress
            let (received, lost) = (figures?.packetsReceived ?? 0, max(0, figures?.packetsLost ?? 0))
            let loss = received == 0 ? 0 : Double(lost) * 100 / Double(received + UInt64(lost))
            line.show(
                "\(clock.now.nanoseconds(since: start) / 1_000_000_000) s  \(frames.step(UInt64(count))) fps  "
                    + "\(bytes.step(figures?.octetsReceived ?? 0) * 8 / 1000) kbit/s  lost \(lost) (\(fixed(loss, 1)) %)  "
                    + "latency \(latency.map { fixed(Double($0) / 1e6, 1) + " ms" } ?? "–")")
        }
        line.finish()
        settings.logger?.info("ended", metadata: ["reason": "\(end)"])
        if end == .cancelled, watch.signals.media.first == nil { throw CancellationError() }
    }

    private func report(
        _ statistics: CallStatistics?, _ seen: ScreenThread.Result, _ heard: SoundThread.Result, _ signals: CallSignals
    ) -> FeedReport {
        var report = FeedReport()
        let seconds = signals.media.seconds
        report.durationSeconds = seconds
        report.srtpProfile = settings.profile.rawValue
        let track = statistics?.played(.video)
        report.video.width = seen.width
        report.video.height = seen.height
        report.video.framesReceived = track.map { Int(clamping: $0.framesReceived) }
        report.video.framesDecoded = seen.framesDecoded
        report.video.framesFrozen = seen.framesMissing + seen.framesRefused
        report.video.keyFrames = track.map { Int(clamping: $0.keyframes) }
        report.video.packetsReceived = track.map { Int(clamping: $0.packetsReceived) }
        report.video.packetsLost = track.map { Int(clamping: max(0, $0.packetsLost)) }
        report.video.packetsRecovered = track.map { Int(clamping: $0.packetsRecovered) }
        if let track, let seconds, seconds > 0 { report.video.bitrate = Double(track.octetsReceived) * 8 / seconds }
        report.audio = FeedReport.Audio(statistics?.played(.audio), heard)
        // Times before capture mean that the two machines' clocks disagree; then none of them says anything.
        if seen.latency.negativeCount * 100 <= seen.latency.count {
            report.latencyMilliseconds.captureToDecode = FeedReport.Distribution(seen.latency)
        }
        report.srtp = FeedReport.SRTP(statistics?.srtp)
        // Figures of the few frames whose source was found would not speak for the feed.
        if let match = seen.match, match.isRepresentative {
            report.video.psnrY = FeedReport.Picture(mean: match.mean, min: match.minimum)
        }
        return report
    }

    /// What only the other side's log can tell. Frames captured after the call was over here are no part of this feed.
    private func compare(
        _ report: inout FeedReport, _ heard: SoundThread.Result, _ log: CaptureLog?, _ window: SoundComparison.Window,
        over: NTPTimestamp
    ) async throws {
        if let log, let path = settings.captureLogFile {
            var reader = CaptureLogReader(path: path, into: log)
            // The customer writes its totals when it has noticed the end.
            for _ in 0..<30 where log.totals == nil {
                try reader.poll()
                if log.totals == nil { try? await Task.sleep(for: .milliseconds(100)) }
            }
        }
        if let log, let totals = log.totals, report.video.framesDecoded ?? 0 > 0 || totals.framesCaptured > 0 {
            let later = log.frames(after: over)
            report.video.framesCaptured = max(0, totals.framesCaptured - later)
            report.video.framesSent = max(0, totals.framesSent - later)
        }
        if let source = settings.audioSource {
            report.audio.correlation = try SoundComparison.correlation(
                heard.sound, source: source, log: log, window: window)
        }
    }
}

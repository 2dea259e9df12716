public import MediaCore

/// What the demo does once its server answers.
public struct DemoSettings: Sendable {
    public var server: ServerAddress
    public var apiKey: String
    /// Files in front of the customer's camera and microphone, and of the technician's.
    public var video: String
    public var audio: String
    public var voice: String
    public var durationSeconds = 12.0
    /// Video, bit/s.
    public var bitrate = 1_000_000
    public var profile = SRTPProfile.aeadAES128GCM
    public var keyExchange = KeyExchange.dtls
    public var outputFolder: String
    public var relayLatency: (@Sendable () async -> RelayLatency?)?
    public var showsProgress = true

    public init(
        server: ServerAddress, apiKey: String, video: String, audio: String, voice: String, outputFolder: String
    ) {
        self.server = server
        self.apiKey = apiKey
        self.video = video
        self.audio = audio
        self.voice = voice
        self.outputFolder = outputFolder
    }
}

/// A whole session in one process: a customer and a technician call each other through a server, and both sides' figures make one
/// report.
public struct DemoRun: Sendable {
    private let settings: DemoSettings

    public init(_ settings: DemoSettings) { self.settings = settings }

    /// - Returns: the report, judged: every figure must be there and good.
    public func run() async throws -> FeedReport {
        let technician = LensClient(server: settings.server, token: settings.apiKey)
        let session = try await technician.createSession(name: "demo")
        guard let pin = session.pin else {
            throw LensClientError.unexpected(call: "creating a session", reason: "there is no PIN")
        }
        let (captureLog, voiceLog) = (CaptureLog(), CaptureLog())
        let customer = CustomerRun(customerSettings(pin, captureLog, voiceLog))
        let viewer = TechnicianRun(technicianSettings(session.id, captureLog, voiceLog))
        // If one side fails the other is cancelled, and ends its part in good order.
        async let sent = customer.run()
        let seen = try await viewer.run()
        return merge(seen.report, try await sent)
    }

    private func customerSettings(_ pin: String, _ log: CaptureLog, _ voiceLog: CaptureLog) -> CustomerSettings {
        var customer = CustomerSettings(server: settings.server, pin: pin)
        customer.video = settings.video
        customer.audio = settings.audio
        customer.durationSeconds = settings.durationSeconds
        customer.bitrate = settings.bitrate
        customer.profile = settings.profile
        customer.keyExchange = settings.keyExchange
        customer.captureLog = log
        customer.talkbackFolder = settings.outputFolder
        customer.talkbackSource = settings.voice
        customer.talkbackLog = voiceLog
        return customer
    }

    private func technicianSettings(_ id: String, _ log: CaptureLog, _ voiceLog: CaptureLog) -> TechnicianSettings {
        var technician = TechnicianSettings(
            server: settings.server, identity: .apiKey(settings.apiKey), target: .session(id))
        technician.voice = settings.voice
        technician.voiceLog = voiceLog
        technician.videoSource = settings.video
        technician.audioSource = settings.audio
        technician.captureLog = log
        // The customer ends the call; this is for when it does not.
        technician.durationSeconds = settings.durationSeconds + 15
        technician.outputFolder = settings.outputFolder
        technician.snapshotSeconds = settings.durationSeconds / 2
        technician.profile = settings.profile
        technician.keyExchange = settings.keyExchange
        technician.relayLatency = settings.relayLatency
        technician.showsProgress = settings.showsProgress
        return technician
    }

    private func merge(_ seen: FeedReport, _ sent: FeedReport) -> FeedReport {
        var report = seen
        report.video.framesCaptured = sent.video.framesCaptured
        report.video.framesSent = sent.video.framesSent
        report.talkback = sent.talkback
        report.srtp.authenticationFailures = sum(seen.srtp.authenticationFailures, sent.srtp.authenticationFailures)
        report.srtp.replays = sum(seen.srtp.replays, sent.srtp.replays)
        FeedThresholds.intactFeed.judge(&report, expecting: [.video, .audio, .talkback])
        return report
    }

    private func sum(_ a: Int?, _ b: Int?) -> Int? {
        guard let a, let b else { return nil }
        return a + b
    }
}

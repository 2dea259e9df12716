public import Logging
public import MediaCore

/// What a load run does.
public struct LoadSettings: Sendable {
    public var server: ServerAddress
    public var apiKey: String
    /// VP8 in IVF; nil for sound only.
    public var video: String?
    /// Opus in Ogg, of both voices.
    public var audio: String
    public var sessions = 10
    /// Of media, once all sessions are established.
    public var durationSeconds = 30.0
    /// Sessions set up a second.
    public var rampUp = 20.0
    /// Of the encoded video in bit/s; nil leaves the file's own.
    public var videoBitrate: Int? = 1_200_000
    /// The technician speaks, and the customer listens.
    public var hasTalkback = false
    /// False: sessions are set up with all four legs and held, and nothing is sent.
    public var sendsMedia = true
    public var profile = SRTPProfile.aeadAES128GCM
    public var keyExchange = KeyExchange.dtls
    /// Threads that send and receive.
    public var threads = 1
    public var limits = LoadLimits()
    /// The server's process, for its CPU time and memory; nil: found if the server is on this machine.
    public var relayProcess: Int32?
    public var showsProgress = true
    public var logger = Logger(label: "lens")

    public init(server: ServerAddress, apiKey: String, video: String?, audio: String) {
        self.server = server
        self.apiKey = apiKey
        self.video = video
        self.audio = audio
    }

    func clips() throws -> LoadClips {
        let sound = try LoadClip.audio(path: audio)
        return LoadClips(
            video: try video.map { try LoadClip.video(path: $0, bitrate: videoBitrate) }, audio: sound,
            talkback: hasTalkbackLegs ? sound : nil)
    }

    private var hasTalkbackLegs: Bool { hasTalkback || !sendsMedia }

    /// Legs of a session: each side publishes and plays, but for a technician who says nothing.
    var legsPerSession: Int { hasTalkbackLegs ? 4 : 2 }

    var flowKinds: [LoadFlowKind] {
        (video == nil ? [.audio] : [.video, .audio]) + (hasTalkbackLegs ? [.talkback] : [])
    }
}

import Codecs
import MediaCore
import MediaWire
import Synchronization

/// Captures, encodes and sends sound on a thread of its own.
final class MicrophoneThread: Sendable {
    struct Settings: Sendable {
        var path: String
        /// bit/s.
        var bitrate = 32_000
        /// Sends the file's own packets instead of encoding its sound anew.
        var isReplay: Bool
        var durationSeconds: Double?
    }

    /// 20 ms.
    private static let packetSamples = 960
    private static let rate = FrameRate(50)
    /// A sound card holds this many packets for a program that is late: 200 ms.
    private static let backlog = 10

    private let settings: Settings
    private let log: CaptureLog
    private let writer: CaptureLogWriter?
    private let clock: CallClock
    private let samples = Atomic(0)
    private let stop = StopFlag()

    init(_ settings: Settings, log: CaptureLog, writer: CaptureLogWriter?, clock: CallClock) {
        self.settings = settings
        self.log = log
        self.writer = writer
        self.clock = clock
    }

    /// Captured so far, per channel.
    var samplesCaptured: Int { samples.load(ordering: .relaxed) }

    func end() { stop.set() }

    /// The first sample is captured at once or at `start`, whichever is later.
    func run(to loop: EndpointLoop, from start: Instant) -> WorkerThread.Running<Void> {
        WorkerThread.start("microphone") {
            if self.settings.isReplay { try self.replay(loop, start) } else { try self.captureLive(loop, start) }
        }
    }

    // MARK: On the microphone's thread

    private func captureLive(_ loop: EndpointLoop, _ start: Instant) throws {
        guard let rate = Self.rate else { return }
        var source = try AudioSource(path: settings.path)
        var configuration = OpusEncoder.Configuration()
        configuration.bitrate = settings.bitrate
        var encoder = try OpusEncoder(configuration)
        let first = try begin(start)
        // A packet is there when its last sample was captured.
        var microphone = LiveCamera(
            start: first.advanced(byMilliseconds: 20), rate: rate, backlog: Self.backlog)
        var read = 0
        while !stop.isSet {
            clock.sleep(until: microphone.nextCapture)
            guard !stop.isSet, let packet = microphone.take(at: clock.now) else { continue }
            guard !isOver(packet.number * Self.packetSamples) else { break }
            // What the card dropped is gone from the source as well.
            if packet.number > read { _ = try source.read((packet.number - read) * Self.packetSamples) }
            read = packet.number + 1
            let sound = try source.read(Self.packetSamples)
            let data = try encoder.encode(PCMBuffer(samples: sound))
            send(data, Self.packetSamples, first: first, at: packet.number * Self.packetSamples, loop)
        }
    }

    private func replay(_ loop: EndpointLoop, _ start: Instant) throws {
        var source = try ReplayAudioSource(path: settings.path)
        let first = try begin(start)
        var position = 0
        while !stop.isSet, !isOver(position) {
            let packet = try source.next()
            clock.sleep(until: moment(first, position + packet.samples))
            send(packet.data, packet.samples, first: first, at: position, loop)
            position += packet.samples
        }
    }

    /// The moment of the first sample, as logged.
    private func begin(_ start: Instant) throws -> Instant {
        let first = max(start, clock.now)
        let logged = CaptureLog.AudioStart(time: clock.ntp(at: first), sampleRate: AudioSource.sampleRate)
        log.recordAudioStart(logged)
        try writer?.writeAudioStart(logged)
        return first
    }

    private func moment(_ first: Instant, _ sample: Int) -> Instant {
        first.advanced(byNanoseconds: Int64(sample) * 62_500 / 3)
    }

    private func isOver(_ sample: Int) -> Bool {
        settings.durationSeconds.map { Double(sample) / 48_000 >= $0 } ?? false
    }

    private func send(_ data: [UInt8], _ count: Int, first: Instant, at position: Int, _ loop: EndpointLoop) {
        samples.store(position + count, ordering: .relaxed)
        _ = loop.sendAudio(data, samples: count, captureTime: clock.ntp(at: moment(first, position)))
    }
}

import MediaWire

/// Decodes received sound on a thread of its own, records it and keeps it for comparison.
final class SoundThread: Sendable {
    /// Samples kept for the correlation: ten minutes. What comes later is recorded and not compared.
    static let comparedSamples = 28_800_000
    /// Packets that may wait for the decoder: five seconds.
    private static let queueLimit = 256

    struct Recording: Sendable {
        var folder: String
        var name: String
    }

    struct Result: Sendable {
        /// Mono, on one timeline from the first packet on.
        var sound: [Int16] = []
        var firstCapture: NTPTimestamp?
        var packetsConcealed = 0
        var packetsDropped = 0
    }

    private let queue = HandoverQueue<ReceivedAudioPacket>(limit: queueLimit)
    private let recording: Recording?

    init(recording: Recording?) { self.recording = recording }

    /// Called on the network thread.
    func offer(_ packet: ReceivedAudioPacket) { queue.offer(packet) }

    /// No more packets come; the thread ends when it has taken those that wait.
    func end() { queue.close() }

    func run() -> WorkerThread.Running<Result> {
        WorkerThread.start("sound") { try self.decode() }
    }

    private func decode() throws -> Result {
        var result = Result()
        var timeline = try AudioTimeline()
        var recorder: AudioRecorder?
        if let recording {
            recorder = try AudioRecorder(
                folder: recording.folder, name: recording.name, serial: UInt32.random(in: .min ... .max))
        }
        while let packet = queue.take() {
            if timeline.position == 0 { result.firstCapture = packet.captureTime }
            let sound = timeline.take(
                packet.data, samples: packet.samples, timestamp: packet.rtpTimestamp, next: packet.next)
            guard !sound.isEmpty else { continue }
            try recorder?.record(packet.data, samples: packet.samples, sound: sound)
            if result.sound.count < Self.comparedSamples { result.sound += sound }
        }
        try recorder?.finish()
        result.packetsConcealed = timeline.packetsConcealed
        result.packetsDropped = queue.dropped
        return result
    }
}

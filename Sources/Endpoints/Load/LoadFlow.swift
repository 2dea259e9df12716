import MediaCore
import MediaWire

/// What a flow carries, seen from the session.
enum LoadFlowKind: UInt8, Sendable, CaseIterable {
    /// The customer's camera.
    case video
    /// The customer's microphone.
    case audio
    /// The technician's voice.
    case talkback

    var media: MediaKind { self == .video ? .video : .audio }
    var publisher: SessionSide { self == .talkback ? .technician : .customer }
}

/// One stream from the end that publishes it through the relay to the end that plays it.
struct LoadFlow: ~Copyable {
    let kind: LoadFlowKind
    var publisher: LoadLink
    var player: LoadLink
    var outgoing: OutgoingLoad
    var incoming: IncomingLoad
    var history = LoadHistory()
    /// The packets of a frame leave as one message.
    var run = SendRun()

    init(
        kind: LoadFlowKind, publisher: consuming LoadLink, player: consuming LoadLink, outgoing: OutgoingLoad,
        incoming: IncomingLoad
    ) {
        self.kind = kind
        self.publisher = publisher
        self.player = player
        self.outgoing = outgoing
        self.incoming = incoming
    }
}

/// Where a stream is in its clip, and its numbers on the wire.
struct OutgoingLoad {
    private(set) var nextSequence: SequenceNumber
    /// Place of the next frame in the clip.
    private(set) var position = 0
    /// Where the stream goes on after its first frame. Streams begin with a keyframe and then each have a place of their own, so
    /// that the keyframes of many streams do not fall into the same instant.
    private let secondPosition: Int
    private var isFirstFrame = true
    /// Packets of the present frame that have left.
    private(set) var packetsOfFrameSent: Int32 = 0
    private(set) var captureTime = NTPTimestamp(rawValue: 0)
    private(set) var captureUnixNanoseconds: UInt64 = 0
    private(set) var pictureID: UInt16 = 0

    /// When the first frame was due, and its timestamp.
    private var origin: Instant?
    private let firstTimestamp: RTPTimestamp
    private let clockRate: Int64

    private(set) var packetCount: UInt32 = 0
    private(set) var octetCount: UInt32 = 0

    init(
        clockRate: UInt32, firstSequence: SequenceNumber, firstTimestamp: RTPTimestamp, secondPosition: Int
    ) {
        self.clockRate = Int64(clockRate)
        nextSequence = firstSequence
        self.firstTimestamp = firstTimestamp
        self.secondPosition = secondPosition
    }

    var hasBegunFrame: Bool { packetsOfFrameSent > 0 }

    /// The timestamp of what is captured at `moment`, rounded. Before the first frame: its own.
    func timestamp(at moment: Instant) -> RTPTimestamp {
        guard let origin else { return firstTimestamp }
        let elapsed = moment.nanoseconds(since: origin)
        let (seconds, rest) = elapsed.quotientAndRemainder(dividingBy: 1_000_000_000)
        let ticks = seconds &* clockRate &+ (rest &* clockRate &+ 500_000_000) / 1_000_000_000
        return firstTimestamp.advanced(by: Int(ticks))
    }

    /// A frame's first packet is about to leave: all its packets say that it was captured now.
    mutating func beginFrame(due: Instant, unixNanoseconds: UInt64) {
        if origin == nil { origin = due }
        captureUnixNanoseconds = unixNanoseconds
        captureTime = NTPTimestamp(unixNanoseconds: unixNanoseconds)
    }

    mutating func sentPacket(payloadBytes: Int) {
        nextSequence = nextSequence.advanced(by: 1)
        packetsOfFrameSent &+= 1
        packetCount &+= 1
        octetCount &+= UInt32(truncatingIfNeeded: payloadBytes)
    }

    mutating func endFrame(of frameCount: Int) {
        packetsOfFrameSent = 0
        pictureID = (pictureID &+ 1) & 0x7FFF
        position = isFirstFrame ? secondPosition : position &+ 1
        isFirstFrame = false
        if position >= frameCount { position = 0 }
    }
}

/// What came of a stream at the end that plays it.
struct IncomingLoad {
    var reception: ReceptionStatistics
    /// What the relay's sequence number is ahead of the publisher's; nil before the first packet.
    var sequenceOffset: UInt16?

    init(ssrc: SSRC) { reception = ReceptionStatistics(ssrc: ssrc) }
}

import MediaCore
import MediaWire
import TestSupport

@testable import Endpoints

/// A generator and a real relay shard on virtual time, with a network between them that can lose and repeat.
struct LoadBench: ~Copyable {
    enum Fate {
        case pass, lose, `repeat`

        fileprivate var times: Int {
            switch self {
            case .pass: 1
            case .lose: 0
            case .repeat: 2
            }
        }
    }

    var engine: LoadEngine
    let clips: LoadClips
    private var shard: RelayShard
    private var generator: SeededGenerator
    private var outgoing = SendBatch(capacity: 32)
    private var forwarded = SendBatch(capacity: 256)
    private var received = ReceiveBatch(capacity: 64)
    private(set) var now = Instant(nanoseconds: 1_000_000_000)
    /// From the relay back to the generator, in ns; the way there takes no time.
    var delay: Int64 = 2_000_000
    /// What becomes of the relay's media datagrams, by their count.
    var fate: (Int) -> Fate = { _ in .pass }
    private(set) var mediaSeen = 0
    /// What becomes of the generator's media datagrams on their way to the relay, by their count.
    var fateToRelay: (Int) -> Fate = { _ in .pass }
    /// Media datagrams in the order of their leaving.
    private(set) var sent: [(at: Instant, socket: Int, bytes: [UInt8])] = []
    private(set) var descriptions: [LoadSessionDescription] = []

    static let relay = SocketAddress(.loopbackV4, port: 7000)
    static let unixOffset: UInt64 = 1_700_000_000_000_000_000

    init(clips: LoadClips, seed: UInt64 = 1) {
        self.clips = clips
        engine = LoadEngine(clips: LoadClipMemory(clips), seed: seed)
        shard = RelayShard(RelayConfiguration(seed: seed))
        generator = SeededGenerator(seed: seed ^ 0x10AD)
    }

    static func clips(video: Bool = true, talkback: Bool = false) throws -> LoadClips {
        let sound = try LoadClip.audio(path: Fixtures.path("customer.ogg"))
        return LoadClips(
            video: video ? try LoadClip.video(path: Fixtures.path("small.ivf"), bitrate: 1_200_000) : nil, audio: sound,
            talkback: talkback ? sound : nil)
    }

    var unixNanoseconds: UInt64 { Self.unixOffset + now.nanoseconds }

    private static func address(ofSocket socket: Int) -> SocketAddress {
        SocketAddress(.loopbackV4, port: UInt16(20_000 + socket))
    }

    // MARK: - Sessions

    /// Negotiates a session's legs at the relay, as WHIP and WHEP do, and opens its gate.
    mutating func join(_ number: Int, kinds: [LoadFlowKind] = [.video, .audio], sockets: (Int, Int) = (0, 1)) throws {
        var description = LoadSessionDescription(
            number: number, customerSocket: sockets.0, technicianSocket: sockets.1, flows: [])
        for side in SessionSide.allCases {
            let own = kinds.filter { $0.publisher == side }
            guard !own.isEmpty else { continue }
            let sent = try leg(side, .publish, own, number, description.socket(of: side))
            let seen = try leg(side.other, .play, own, number, description.socket(of: side.other))
            description.flows += zip(own, zip(sent, seen)).map { .init(kind: $0, publisher: $1.0, player: $1.1) }
        }
        try shard.openGate(RelaySessionKey(rawValue: UInt64(number)), at: now)
        _ = try engine.add(description)
        descriptions.append(description)
    }

    private mutating func leg(
        _ side: SessionSide, _ direction: MediaDirection, _ kinds: [LoadFlowKind], _ number: Int, _ socket: Int
    ) throws -> [LoadLinkDescription] {
        let end: UInt32 = direction == .publish ? 0 : 1
        let tracks = kinds.map { kind in
            SDESOffer.Track(
                kind: kind.media, payloadType: kind == .video ? 96 : 111, address: Self.address(ofSocket: socket),
                key: SRTPKey(profile: .aeadAES128GCM, using: &generator),
                ssrcs: [SSRC(UInt32(number * 8) + UInt32(kind.rawValue) * 2 + end + 1000)], cname: "bench",
                extensions: [HeaderExtensionMapping(id: 1, uri: RTPHeaderExtensionURI.absoluteCaptureTime)])
        }
        let offer = SDESOffer(direction: direction, sessionID: 1, tracks: tracks)
        let context = NegotiationContext(
            direction: direction, clientAddress: .loopbackV4, requestIsPrivate: true,
            mediaAddresses: [Self.relay.address], mediaPort: Self.relay.port, sessionID: 2)
        let media = try negotiateSDES(offer: offer.sessionDescription(), context: context, using: &generator)
        _ = try shard.addLeg(
            LegDescription(session: RelaySessionKey(rawValue: UInt64(number)), side: side, media: media), at: now)
        let answer = try SDESAnswer.read(media.answer.serialized(), to: offer)
        return zip(tracks, answer.tracks).map {
            LoadLinkDescription(ssrc: $0.ssrcs[0], cname: "bench", key: $0.key, answer: $1)
        }
    }

    // MARK: - Time

    /// Lets everything happen that is due within the next milliseconds, in its order.
    mutating func run(milliseconds: Int64) {
        let end = now.advanced(byMilliseconds: milliseconds)
        while true {
            let due = [engine.nextDue, shard.nextTimeout].compactMap { $0 }.min()
            guard let due, due <= end else { break }
            now = max(now, due)
            step()
        }
        now = end
    }

    /// As a generator that was held up: nothing happens for a while, then everything that was due.
    mutating func stall(milliseconds: Int64) {
        now = now.advanced(byMilliseconds: milliseconds)
        step()
    }

    private mutating func step() {
        while let socket = engine.fill(&outgoing, at: now, unixNanoseconds: unixNanoseconds) {
            for index in 0..<outgoing.count {
                let bytes = outgoing.bytes(at: index)
                var times = 1
                if !(192...223 ~= bytes[1]) {
                    sent.append((now, socket, bytes))
                    times = fateToRelay(sent.count).times
                }
                for _ in 0..<times {
                    _ = received.append(bytes, from: Self.address(ofSocket: socket), to: Self.relay)
                }
            }
            outgoing.removeAll()
            relay()
        }
        if let due = shard.nextTimeout, due <= now {
            shard.handleTimeout(at: now, into: &forwarded)
            deliver()
        }
    }

    private mutating func relay() {
        var index = 0
        while index < received.count {
            index = shard.receive(&received, startingAt: index, into: &forwarded, at: now)
            deliver()
        }
        received.removeAll()
    }

    private mutating func deliver() {
        for index in 0..<forwarded.count {
            let bytes = forwarded.bytes(at: index)
            let socket = Int(forwarded.destination(at: index).port) - 20_000
            var times = 1
            if !(192...223 ~= bytes[1]) {
                mediaSeen += 1
                times = fate(mediaSeen).times
            }
            for _ in 0..<times { hand(bytes, toSocket: socket) }
        }
        forwarded.removeAll()
    }

    /// Gives the generator a datagram as if the relay had sent it.
    mutating func hand(_ bytes: [UInt8], toSocket socket: Int) {
        var batch = ReceiveBatch(capacity: 1)
        _ = batch.append(bytes, from: Self.relay)
        engine.receive(
            &batch, socket: socket, at: now.advanced(byNanoseconds: delay),
            unixNanoseconds: unixNanoseconds + UInt64(delay))
    }
}

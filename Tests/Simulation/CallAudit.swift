import Endpoints
import MediaCore
import MediaWire

/// Holds what the two ends of a call claim against what the network did. Each sentence is a violation.
public struct CallAudit {
    public private(set) var violations: [String] = []
    public private(set) var framesExpected = 0

    private let system: SimulatedSystem
    private let call: SimulatedCall

    /// Frames are waited for at most this long (`JitterBufferSettings.videoWaitMilliseconds`).
    public var videoWaitMilliseconds: Int64 = 400

    public init(of call: SimulatedCall, in system: SimulatedSystem) {
        self.system = system
        self.call = call
    }

    private mutating func require(_ condition: Bool, _ sentence: @autoclosure () -> String) {
        if !condition, violations.count < 20 { violations.append(sentence()) }
    }

    /// No media reached anybody before Start.
    public mutating func checkGate() {
        let opened = call.gateOpenedAt ?? Instant(nanoseconds: .max)
        for peer in [call.customer, call.technician] {
            for (ssrc, stream) in system.record(of: peer, towardsRelay: false).streams {
                let early = stream.packets.count { $0.transmissions > 0 && $0.sentAt < opened }
                require(early == 0, "\(early) packets of \(ssrc) were forwarded to the \(peer.side) before Start")
            }
        }
        if let figures = system.figures(of: call) {
            require(
                figures.mediaBytesForwardedBeforeStart == 0,
                "the relay counts \(figures.mediaBytesForwardedBeforeStart) bytes before Start")
        }
    }

    /// Every frame that arrived whole and in time was handed over, intact and in order, and no other.
    public mutating func checkFrames() {
        let seen = call.technician.video
        for (previous, frame) in zip(seen, seen.dropFirst()) {
            require(
                frame.captureTime > previous.captureTime,
                "frame \(frame.captureTime) came after frame \(previous.captureTime)")
        }
        for frame in seen { require(frame.isIntact, "frame \(frame.captureTime) is not what the camera gave") }
        require(seen.first?.isKeyframe ?? true, "the first frame is no keyframe")

        guard let start = seen.first?.captureTime else {
            require(false, "no frame came at all")
            return
        }
        let handedOver = Set(seen.map(\.captureTime))
        for captureTime in framesArrivedWhole() where captureTime >= start {
            framesExpected += 1
            require(
                handedOver.contains(captureTime), "frame \(captureTime) arrived whole, but was not handed over")
        }
        let whole = Set(framesArrivedWhole(ignoringTime: true))
        for captureTime in handedOver {
            require(whole.contains(captureTime), "frame \(captureTime) was handed over without having arrived whole")
        }
    }

    /// The frames whose every packet reached the technician before the jitter buffer had to give them up.
    private func framesArrivedWhole(ignoringTime: Bool = false) -> [UInt64] {
        // How many packets the camera's frames were cut into.
        var sent: [UInt64: Int] = [:]
        for packet in videoStream(of: call.customer, towardsRelay: true)?.packets ?? [] {
            sent[packet.captureTime, default: 0] += 1
        }
        let packets = videoStream(of: call.technician, towardsRelay: false)?.packets ?? []
        // The earliest arrival among a packet and all behind it: from then on a gap before it could be seen.
        var earliest = [Instant](repeating: Instant(nanoseconds: .max), count: packets.count + 1)
        for index in packets.indices.reversed() {
            earliest[index] = min(earliest[index + 1], packets[index].arrivedAt ?? earliest[index + 1])
        }
        var whole: [UInt64] = []
        var index = 0
        while index < packets.count {
            let captureTime = packets[index].captureTime
            let end = packets[index...].firstIndex { $0.captureTime != captureTime } ?? packets.count
            let arrivals = packets[index..<end].compactMap(\.arrivedAt)
            if captureTime != 0, arrivals.count == sent[captureTime], let last = arrivals.max() {
                let deadline = earliest[index].advanced(byMilliseconds: videoWaitMilliseconds)
                if ignoringTime || last < deadline { whole.append(captureTime) }
            }
            index = end
        }
        return whole
    }

    /// The one stream with most different pictures: capture times tell video, whose packets share them, from audio.
    private func videoStream(of peer: SimulatedPeer, towardsRelay: Bool) -> PacketRecord.Stream? {
        let ssrc =
            towardsRelay
            ? peer.statistics.published(.video)?.ssrc : peer.statistics.played(.video)?.ssrc
        return ssrc.flatMap { system.record(of: peer, towardsRelay: towardsRelay).streams[$0] }
    }

    /// From `milliseconds` after Start on, pictures never pause for longer than `limit`, to the end of the run.
    public mutating func checkFlow(pauseLimitMilliseconds limit: Int64, until end: Instant) {
        guard var last = call.gateOpenedAt else { return }
        for time in call.technician.video.map(\.readyAt) + [end] {
            let pause = time.nanoseconds(since: last) / 1_000_000
            require(pause <= limit, "no picture for \(pause) ms from \(last.nanoseconds / 1_000_000) ms on")
            last = time
        }
        // After a loss, the next keyframe comes soon.
        var damagedAt: Instant?
        for frame in call.technician.video {
            if frame.isKeyframe {
                if let damagedAt {
                    let wait = frame.readyAt.nanoseconds(since: damagedAt) / 1_000_000
                    require(wait <= limit, "a keyframe took \(wait) ms")
                }
                damagedAt = nil
            } else if frame.missingBefore > 0, damagedAt == nil {
                damagedAt = frame.readyAt
            }
        }
    }

    /// Sound comes in order and without a hole that is neither played nor concealed.
    public mutating func checkSound(holeLimitMilliseconds limit: Int) {
        for peer in [call.customer, call.technician] {
            require(!peer.audio.isEmpty, "the \(peer.side) heard nothing")
            for (previous, packet) in zip(peer.audio, peer.audio.dropFirst()) {
                let hole = packet.timestamp.distance(from: previous.timestamp) - previous.samples
                require(
                    hole >= 0 && hole <= limit * 48,
                    "the \(peer.side)'s sound jumps by \(hole) samples at \(packet.timestamp)")
                require(packet.playoutAt >= previous.playoutAt, "the \(peer.side)'s playout goes back in time")
            }
        }
    }

    /// Picture and sound of one moment are played within `limit` of each other. The first second is for settling in.
    public mutating func checkSync(limitMilliseconds limit: Int64) {
        guard let start = call.technician.video.first?.readyAt.advanced(byMilliseconds: 1_000) else { return }
        var audio = call.technician.audio.makeIterator()
        var nearest = audio.next()
        var worst: Int64 = 0
        for frame in call.technician.video where frame.readyAt >= start {
            while let next = nearest, next.captureTime.map({ $0 < frame.captureTime }) ?? true {
                nearest = audio.next()
            }
            guard let packet = nearest, let captured = packet.captureTime else { continue }
            let between = NTPTimestamp(rawValue: captured)
                .nanoseconds(since: NTPTimestamp(rawValue: frame.captureTime))
            let skew = packet.playoutAt.nanoseconds(since: frame.playoutAt) - between
            worst = max(worst, abs(skew))
        }
        require(worst <= limit * 1_000_000, "picture and sound drift apart by \(worst / 1_000_000) ms")
    }

    /// What the reports say at the end of the call is what the network did. Call after media has stopped and the last
    /// reports have come.
    public mutating func checkReports() {
        for peer in [call.customer, call.technician] {
            let up = system.record(of: peer, towardsRelay: true)
            for track in peer.statistics.published {
                guard let stream = up.streams[track.ssrc], stream.received > 0 else { continue }
                require(
                    Int(track.packetsSent) == stream.packets.count,
                    "the \(peer.side) counts \(track.packetsSent) packets sent, the network \(stream.packets.count)")
                require(
                    track.lastReport.map { Int($0.cumulativeLost) } == stream.lost,
                    "the relay reports \(track.lastReport?.cumulativeLost ?? -1) lost of \(track.kind), "
                        + "the network lost \(stream.lost)")
                let highest = stream.packets.last { $0.arrivedAt != nil }?.sequence.rawValue
                require(
                    (track.lastReport?.extendedHighestSequence).map(UInt16.init(truncatingIfNeeded:)) == highest,
                    "the relay reports another highest number of \(track.kind) than arrived")
            }
            let down = system.record(of: peer, towardsRelay: false)
            for track in peer.statistics.played {
                guard let ssrc = track.ssrc, let stream = down.streams[ssrc], stream.received > 0 else { continue }
                require(
                    Int(track.packetsReceived) == stream.received,
                    "the \(peer.side) counts \(track.packetsReceived) of \(track.kind) received, "
                        + "the network \(stream.received)")
                require(
                    Int(track.packetsLost) == stream.lost,
                    "the \(peer.side) counts \(track.packetsLost) of \(track.kind) lost, the network \(stream.lost)")
                let slot = system.figures(of: call)?.slots.first { $0.kind == track.kind && $0.side == peer.side }
                require(
                    slot.map { Int($0.reportedLost) } == stream.lost,
                    "the relay heard of \(slot?.reportedLost ?? -1) of \(track.kind) lost, "
                        + "the network lost \(stream.lost)")
                let sent = stream.packets.count { $0.transmissions > 0 }
                require(
                    track.senderPacketCount.map(Int.init) == sent,
                    "the relay's report says \(track.senderPacketCount ?? 0) packets of \(track.kind), "
                        + "the network carried \(sent)")
            }
        }
    }
}

import MediaCore
import Sessions

extension MediaFigures {
    /// What a shard counted, summed over the customer's tracks.
    init(_ figures: SessionFigures) {
        self.init()
        mediaBytesForwardedBeforeStart = figures.mediaBytesForwardedBeforeStart
        packetsForwarded = figures.packetsForwarded
        bytesForwarded = figures.bytesForwarded
        packetsDroppedAtGate = figures.packetsDroppedAtGate
        for track in figures.tracks where track.side == .customer {
            packetsReceived &+= track.packetsReceived
            bytesReceived &+= track.bytesReceived
            packetsLost &+= UInt64(clamping: track.packetsLost)
            authenticationFailures &+= track.authenticationFailures
            replays &+= track.replays
            keyframeRequests &+= track.keyframeRequestsSent
        }
    }
}

extension LiveFigures {
    /// By the way that media goes; a side that publishes several tracks of one kind has them added up.
    init(_ figures: SessionFigures) {
        self.init()
        video = Way(figures, .video, from: .customer, to: .technician)
        voice = Way(figures, .audio, from: .customer, to: .technician)
        talkback = Way(figures, .audio, from: .technician, to: .customer)
    }
}

extension LiveFigures.Way {
    fileprivate init(_ figures: SessionFigures, _ kind: MediaKind, from sender: SessionSide, to player: SessionSide) {
        self.init()
        for track in figures.tracks where track.kind == kind && track.side == sender {
            packetsReceived &+= track.packetsReceived
            bytesReceived &+= track.bytesReceived
            packetsLost &+= UInt64(clamping: track.packetsLost)
            packetsRecovered &+= track.packetsRecovered
            jitterMilliseconds = max(jitterMilliseconds, Double(track.jitterNanoseconds) / 1e6)
        }
        for slot in figures.slots where slot.kind == kind && slot.side == player {
            packetsSent &+= slot.packetsSent
            packetsRetransmitted &+= slot.packetsRetransmitted
            lossReported = max(lossReported, Double(slot.reportedFractionLost) / 256)
            roundTripMilliseconds = slot.roundTripNanoseconds.map { Double($0) / 1e6 } ?? roundTripMilliseconds
            estimatedBitrate =
                slot.path.map { UInt64(clamping: $0.arrivingBitrate) } ?? slot.estimatedBitrate ?? estimatedBitrate
        }
    }
}

import MediaIO

/// What a generator counted. Packets and latencies are of the measured window only, by the time of their capture; everything
/// else since the beginning.
struct LoadFigures: Sendable {
    /// RTP packets, without reports.
    var packetsSent: UInt64 = 0
    var packetsReceived: UInt64 = 0
    /// From the capture time that a packet carries to the kernel's receive stamp.
    var latency = MediaIO.LatencyHistogram()
    /// From a frame's due time to its sending: what the generator itself is late.
    var lateness = MediaIO.LatencyHistogram()

    /// Packets that came twice, as SRTP's replay protection tells.
    var duplicates: UInt64 = 0
    /// Packets whose sequence number is none that was sent lately.
    var misplaced: UInt64 = 0
    /// Packets without a capture time, or with another than they were sent with.
    var wrongCaptureTimes: UInt64 = 0
    /// Packets whose tag does not fit, or that are no packets.
    var damaged: UInt64 = 0
    /// Datagrams of no stream that is known here.
    var strangers: UInt64 = 0
    /// Datagrams that the kernel dropped because the generator did not read them in time.
    var kernelDrops: UInt64 = 0
    /// Datagrams that the kernel did not take for sending.
    var sendRefusals: UInt64 = 0

    var reportsSent: UInt64 = 0
    var senderReportsReceived: UInt64 = 0
    var receiverReportsReceived: UInt64 = 0
    var keyframeRequests: UInt64 = 0
    /// Packets that the relay asked for again, and those that were sent again. A packet that comes so is not lost, only late.
    var packetsRequested: UInt64 = 0
    var packetsRepeated: UInt64 = 0
    var goodbyes: UInt64 = 0

    /// Handshakes over ICE and DTLS that were done, and that came to nothing.
    var handshakesCompleted: UInt64 = 0
    var handshakesFailed: UInt64 = 0
    /// Connections that were there and are no more, though nobody left.
    var connectionsLost: UInt64 = 0
    /// Of publishing legs, from their offer to the end of the handshake.
    var connecting = MediaIO.LatencyHistogram()
    /// Of publishing legs, from their offer to the arrival of the first forwarded packet at the player.
    var firstMedia = MediaIO.LatencyHistogram()

    /// CPU time of the generator's threads, in ns.
    var cpuNanoseconds: UInt64 = 0

    var packetsLost: UInt64 { packetsSent > packetsReceived ? packetsSent - packetsReceived : 0 }
    var lossRate: Double { packetsSent > 0 ? Double(packetsLost) / Double(packetsSent) : 0 }

    /// Leaves out what had been counted at an earlier time. Packets and times are of their window anyway, and stay; so does what is
    /// known of connections, which are made before.
    mutating func leaveOut(_ earlier: LoadFigures) {
        func less(_ path: WritableKeyPath<LoadFigures, UInt64>) {
            let (now, then) = (self[keyPath: path], earlier[keyPath: path])
            self[keyPath: path] = now > then ? now - then : 0
        }
        for path: WritableKeyPath<LoadFigures, UInt64> in [
            \.duplicates, \.misplaced, \.wrongCaptureTimes, \.damaged, \.strangers, \.kernelDrops, \.sendRefusals,
            \.reportsSent, \.senderReportsReceived, \.receiverReportsReceived, \.keyframeRequests, \.packetsRequested,
            \.packetsRepeated, \.goodbyes,
        ] { less(path) }
    }

    /// Pools the figures of several threads.
    mutating func add(_ other: LoadFigures) {
        packetsSent += other.packetsSent
        packetsReceived += other.packetsReceived
        latency.merge(other.latency)
        lateness.merge(other.lateness)
        duplicates += other.duplicates
        misplaced += other.misplaced
        wrongCaptureTimes += other.wrongCaptureTimes
        damaged += other.damaged
        strangers += other.strangers
        kernelDrops += other.kernelDrops
        sendRefusals += other.sendRefusals
        reportsSent += other.reportsSent
        senderReportsReceived += other.senderReportsReceived
        receiverReportsReceived += other.receiverReportsReceived
        keyframeRequests += other.keyframeRequests
        packetsRequested += other.packetsRequested
        packetsRepeated += other.packetsRepeated
        goodbyes += other.goodbyes
        handshakesCompleted += other.handshakesCompleted
        handshakesFailed += other.handshakesFailed
        connectionsLost += other.connectionsLost
        connecting.merge(other.connecting)
        firstMedia.merge(other.firstMedia)
        cpuNanoseconds += other.cpuNanoseconds
    }
}

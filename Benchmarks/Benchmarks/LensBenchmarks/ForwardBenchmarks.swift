internal import Benchmark
internal import MediaCore

/// One packet through the whole core, protected bytes in, protected bytes out, without sockets.
func registerForwardBenchmarks() {
    for sessions in [1, 10, 100, 1_000] {
        registerForwarding("video 1100 B GCM-128", sessions, .aeadAES128GCM, .video, 1_100)
    }
    registerForwarding("video 1100 B GCM-256", 10, .aeadAES256GCM, .video, 1_100)
    registerForwarding("video 1100 B CM-80", 10, .aesCM128HMACSHA1_80, .video, 1_100)
    registerForwarding("audio 90 B GCM-128", 1_000, .aeadAES128GCM, .audio, 90)
    for backend in SRTPBackend.allCases where backend.isAvailable && backend != .best {
        for sessions in [10, 100] {
            registerForwarding("video 1100 B GCM-128", sessions, .aeadAES128GCM, .video, 1_100, backend)
        }
        registerForwarding("video 1100 B CM-80", 10, .aesCM128HMACSHA1_80, .video, 1_100, backend)
    }
}

private func registerForwarding(
    _ label: String, _ sessions: Int, _ profile: SRTPProfile, _ kind: MediaKind, _ size: Int,
    _ backend: SRTPBackend = .best
) {
    let noun = sessions == 1 ? "session" : "sessions"
    Benchmark.register(
        "forward/\(label), \(sessions) \(noun), \(backend)",
        state: {
            try LoadedRelay(sessions: sessions, profile: profile, kind: kind, packetSize: size, backend: backend)
        }
    ) { benchmark, relay in
        relay.prepare()
        benchmark.measure(units: LoadedRelay.packetsPerBatch) { relay.forward() }
        try check(relay.sent == LoadedRelay.packetsPerBatch, "\(relay.sent) packets went out")
        relay.settle()
    }
}

import MediaCore
import MediaIO
import WebAPI

/// What the relay counts, for `/metrics`.
enum RelayMetrics {
    private struct Sample: Sendable {
        var label: String
        var counters: ShardCounters
        var measured: ShardMeasurements
        var load: ShardLoad
        var isOverloaded: Bool
        var processorSeconds: Double
        var droppedEvents: UInt64
    }

    /// - Returns: the text to answer. A shard that does not answer is left out.
    static func text(shards: [ShardThread], gateway: RelayGateway) async -> String {
        let loads = await gateway.shardLoads
        var samples: [Sample] = []
        for (index, shard) in shards.enumerated() {
            guard let counters = try? await shard.perform({ relay, _ in relay.counters }) else { continue }
            samples.append(
                Sample(
                    label: "{shard=\"\(index)\"}", counters: counters, measured: shard.currentMeasurements,
                    load: loads[index], isOverloaded: shard.isOverloaded,
                    processorSeconds: Double(shard.processorNanoseconds ?? 0) / 1e9,
                    droppedEvents: shard.droppedEvents))
        }
        return write(samples)
    }

    private static func write(_ samples: [Sample]) -> String {
        var text = MetricsText()
        func add(_ name: String, _ kind: MetricsText.Kind, _ help: String, _ value: (Sample) -> Double) {
            text.add("lens_relay_" + name, kind, help: help, samples.map { ($0.label, value($0)) })
        }
        func count(_ name: String, _ help: String, _ value: (Sample) -> UInt64) {
            add(name + "_total", .counter, help) { Double(value($0)) }
        }
        add("sessions", .gauge, "Sessions placed on the shard.") { Double($0.load.sessions) }
        add("busy_ratio", .gauge, "Share of one core that the shard uses.") { $0.load.busyShare }
        add("overloaded", .gauge, "1 while the shard takes no new sessions.") { $0.isOverloaded ? 1 : 0 }
        add("processor_seconds_total", .counter, "Processor time of the shard's thread.") { $0.processorSeconds }
        count("datagrams_received", "Datagrams read.") { $0.counters.datagramsReceived }
        count("packets_forwarded", "Media packets sent on.") { $0.counters.packetsForwarded }
        count("bytes_forwarded", "Media payload bytes sent on.") { $0.counters.bytesForwarded }
        count("packets_retransmitted", "Packets sent again.") { $0.counters.packetsRetransmitted }
        count("rtcp_received", "RTCP packets taken.") { $0.counters.rtcpReceived }
        count("handshakes_done", "DTLS handshakes that ended well.") { $0.counters.handshakesDone }
        count("handshakes_failed", "DTLS handshakes that did not.") { $0.counters.handshakesFailed }
        add("tcp_connections", .gauge, "TCP connections that are open.") { Double($0.measured.connections) }
        count("tcp_drops", "Frames dropped because their connection was too slow or gone.") {
            $0.measured.connectionDrops
        }
        count("kernel_receive_drops", "Datagrams that the kernel dropped before they were read.") {
            $0.measured.kernelReceiveDrops
        }
        count("kernel_send_drops", "Datagrams that the kernel did not take.") { $0.measured.kernelSendDrops }
        count("events_dropped", "Events that nobody read.") { $0.counters.droppedEvents &+ $0.droppedEvents }
        text.add("lens_relay_dropped_total", .counter, help: "Datagrams not forwarded, by reason.", drops(samples))
        text.add(
            "lens_relay_latency_seconds", .gauge,
            help: "From the kernel's receive stamp to the return of the send, since start.", latencies(samples))
        return text.text
    }

    private static func drops(_ samples: [Sample]) -> [(labels: String, value: Double)] {
        samples.flatMap { sample in
            let counters = sample.counters
            let reasons = [
                ("malformed", counters.droppedMalformed), ("oversized", counters.droppedOversized),
                ("unknown_source", counters.droppedUnknownSource),
                ("unauthenticated", counters.droppedUnauthenticated), ("replayed", counters.droppedReplayed),
                ("gate", counters.droppedAtGate), ("unexpected", counters.droppedUnexpected),
                ("shed", counters.packetsShed), ("slot", counters.droppedAtSlot), ("send", counters.droppedAtSend),
                ("port", counters.droppedAtPort),
            ]
            return reasons.map { (label(sample, "reason", $0.0), Double($0.1)) }
        }
    }

    private static func latencies(_ samples: [Sample]) -> [(labels: String, value: Double)] {
        samples.flatMap { sample in
            [("0.5", 0.5), ("0.99", 0.99), ("0.999", 0.999)].compactMap { name, fraction in
                sample.measured.relayLatency.percentile(fraction).map {
                    (label(sample, "quantile", name), Double($0) / 1e9)
                }
            }
        }
    }

    private static func label(_ sample: Sample, _ name: String, _ value: String) -> String {
        "\(sample.label.dropLast()),\(name)=\"\(value)\"}"
    }
}

import Foundation
import Sessions
import WebAPI

/// The session service's figures and the process's, for Prometheus. The names are stable: dashboards rely on them.
enum SessionMetrics {
    static func add(_ sessions: SessionService, to text: inout MetricsText) async {
        let snapshot = sessions.metrics.snapshot
        if let counts = try? await sessions.statusCounts() {
            text.add(
                "lens_sessions", .gauge, help: "Sessions that are kept, by status.",
                SessionStatus.allCases.map { ("{status=\"\($0.rawValue)\"}", Double(counts[$0] ?? 0)) })
        }
        for (name, help, value) in [
            ("lens_sessions_created_total", "Invites made.", snapshot.created),
            ("lens_joins_total", "PINs claimed.", snapshot.joined),
            ("lens_sessions_started_total", "Sessions started.", snapshot.started),
        ] { text.add(name, .counter, help: help, [("", Double(value))]) }
        text.add(
            "lens_sessions_ended_total", .counter, help: "Sessions ended, by reason.",
            EndReason.allCases.map { ("{reason=\"\($0.rawValue)\"}", Double(snapshot.ended[$0] ?? 0)) })
        text.add(
            "lens_refusals_total", .counter, help: "Calls refused, by code.",
            snapshot.refusals.sorted { $0.key < $1.key }.map { ("{code=\"\($0.key)\"}", Double($0.value)) })
        text.add(
            "lens_mails_total", .counter, help: "Tries to hand an invite to the mail server.",
            [
                ("{outcome=\"sent\"}", Double(snapshot.mailsSent)),
                ("{outcome=\"refused\"}", Double(snapshot.mailsRefused)),
            ])
        for (name, help, histogram) in [
            ("lens_invite_to_waiting_seconds", "From the invite to Waiting.", snapshot.inviteToWaiting),
            ("lens_waiting_to_start_seconds", "From Waiting to Start.", snapshot.waitingToStart),
            (
                "lens_start_to_first_media_seconds", "From Start to the first media forwarded.",
                snapshot.startToFirstMedia
            ),
        ] {
            text.add(
                histogram: name, help: help, bounds: DurationHistogram.bounds, counts: histogram.counts,
                sum: histogram.sum)
        }
        text.add(
            "lens_event_listeners", .gauge, help: "Open streams of events.", [("", Double(sessions.feed.listeners))])
        await addMedia(sessions, to: &text)
    }

    /// Of sessions that have been started and not ended; a session's series end with it.
    private static func addMedia(_ sessions: SessionService, to text: inout MetricsText) async {
        guard let active = try? await sessions.activeReadings() else { return }
        let figures = active.map { ("{session=\"\($0.session)\"}", $0.reading.total) }
        for (name, help, value) in [
            ("lens_session_packets_received_total", "Packets of the customer's media.", \MediaFigures.packetsReceived),
            ("lens_session_packets_lost_total", "Packets lost on the way from the customer.", \.packetsLost),
            ("lens_session_bytes_forwarded_total", "Bytes forwarded, both ways.", \.bytesForwarded),
            ("lens_session_bytes_forwarded_before_start_total", "Always 0.", \.mediaBytesForwardedBeforeStart),
        ] as [(String, String, KeyPath<MediaFigures, UInt64> & Sendable)] {
            text.add(name, .counter, help: help, figures.map { ($0.0, Double($0.1[keyPath: value])) })
        }
        addWays(active, to: &text)
    }

    /// By the way that media goes: the customer's picture and voice, and the technician's voice.
    private static func addWays(
        _ active: [(session: SessionID, reading: MediaReading)], to text: inout MetricsText
    ) {
        let ways = active.flatMap { entry in
            [
                ("video", entry.reading.live.video), ("voice", entry.reading.live.voice),
                ("talkback", entry.reading.live.talkback),
            ]
            .map { ("{session=\"\(entry.session)\",way=\"\($0.0)\"}", $0.1) }
        }
        text.add(
            "lens_session_jitter_seconds", .gauge, help: "Of arrival at the relay.",
            ways.map { ($0.0, $0.1.jitterMilliseconds / 1000) })
        text.add(
            "lens_session_loss_ratio", .gauge, help: "As the player last reported.",
            ways.map { ($0.0, $0.1.lossReported) })
        text.add(
            "lens_session_round_trip_seconds", .gauge, help: "Between the relay and the player.",
            ways.compactMap { way in way.1.roundTripMilliseconds.map { (way.0, $0 / 1000) } })
        text.add(
            "lens_session_packets_retransmitted_total", .counter, help: "Packets sent to the player again.",
            ways.map { ($0.0, Double($0.1.packetsRetransmitted)) })
    }
}

/// The process's figures by the names that Prometheus' clients have for them.
enum ProcessMetrics {
    static func add(to text: inout MetricsText) {
        if let status = try? String(contentsOfFile: "/proc/self/stat", encoding: .utf8),
            let fields = status.split(separator: ")").last?.split(separator: " "), fields.count > 21,
            let user = Double(fields[11]), let system = Double(fields[12]), let pages = Double(fields[21])
        {
            let ticks = Double(max(1, sysconf(Int32(_SC_CLK_TCK))))
            text.add(
                "process_cpu_seconds_total", .counter, help: "Processor time used.", [("", (user + system) / ticks)])
            text.add(
                "process_resident_memory_bytes", .gauge, help: "Memory held.",
                [("", pages * Double(sysconf(Int32(_SC_PAGESIZE))))])
        }
        if let open = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count {
            text.add("process_open_fds", .gauge, help: "Open descriptors.", [("", Double(open))])
        }
    }
}

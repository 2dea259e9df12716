/// Whether a session's customer is still there (D13): looked at once a second while there is somebody to look for, and told only when it
/// changes.
struct CustomerPresence {
    enum State: UInt8 {
        /// Nothing authentic has come yet.
        case unknown
        case heard
        case lost
    }

    var state = State.unknown
    /// Of the last look.
    var signs: UInt64 = 0
    /// When they had last grown.
    var since = Instant(nanoseconds: 0)

    /// Without any sign of life for so long a customer counts as lost, in ns.
    static let lostAfter: Int64 = 3_000_000_000
    /// Between two looks, in ms.
    static let interval: Int64 = 1000
    /// Whoever has been away for so long, in ns, begins anew with the next sign, which starts the looks again: by then the reports of a
    /// silent stream have stopped too.
    static let forgottenAfter: Int64 = 30_000_000_000
}

extension RelayShard {
    /// Something authentic came from a leg: a check, a report.
    @inline(__always)
    mutating func noteLife(ofLeg leg: Int, at now: Instant) {
        legs[leg].signsOfLife &+= 1
        if !watchesPresence, legs[leg].side == .customer { watchPresence(at: now) }
    }

    /// Begins to look, if nobody does.
    @inline(never)
    mutating func watchPresence(at now: Instant) {
        guard !watchesPresence else { return }
        watchesPresence = true
        timers.schedule(.presence, 0, 0, at: now)
    }

    /// Looks at every session; costs some ten ns for each.
    mutating func presenceDue(at now: Instant) {
        var goesOn = false
        for session in sessions.places where sessions.contains(session) {
            let signs = customerSigns(of: session)
            if signs != sessions[session].presence.signs {
                sessions[session].presence.signs = signs
                sessions[session].presence.since = now
                if sessions[session].presence.state != .heard {
                    sessions[session].presence.state = .heard
                    emit(.customerHeard(sessions[session].key))
                }
            } else if sessions[session].presence.state == .heard,
                now.nanoseconds(since: sessions[session].presence.since) >= CustomerPresence.lostAfter
            {
                lose(session)
            }
            let presence = sessions[session].presence
            guard presence.state != .unknown else { continue }
            let age = now.nanoseconds(since: presence.since)
            goesOn = goesOn || presence.state == .heard || age < CustomerPresence.forgottenAfter
        }
        watchesPresence = goesOn
        if goesOn { timers.schedule(.presence, 0, 0, at: now.advanced(byMilliseconds: CustomerPresence.interval)) }
    }

    /// A publisher said good-bye, or its peer has ended DTLS: it need not be waited for.
    mutating func noteGoodbye(ofLeg leg: Int) {
        emit(.goodbye(identity(ofLeg: leg), legs[leg].sessionKey, legs[leg].side))
        guard legs[leg].side == .customer, sessions[legs[leg].session].presence.state == .heard else { return }
        // What came before the good-bye is no sign of life after it.
        sessions[legs[leg].session].presence.signs = customerSigns(of: legs[leg].session)
        lose(legs[leg].session)
    }

    private mutating func lose(_ session: Int) {
        sessions[session].presence.state = .lost
        emit(.customerLost(sessions[session].key))
    }

    /// A number that changes with everything authentic that comes from the customer: media, reports, checks.
    private func customerSigns(of session: Int) -> UInt64 {
        var signs: UInt64 = 0
        if let leg = sessions[session][.customer, .play] { signs &+= legs[leg].signsOfLife }
        guard let leg = sessions[session][.customer, .publish] else { return signs }
        signs &+= legs[leg].signsOfLife
        for place in legs[leg].streams.indices {
            signs &+= tracks[legs[leg].streams[place]].incoming?.reception.packetsReceived ?? 0
        }
        return signs
    }
}

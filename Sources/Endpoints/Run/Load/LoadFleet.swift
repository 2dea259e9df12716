import Logging
import MediaCore
import MediaIO
import Synchronization

/// The sessions of a run and the threads that carry their media.
final class LoadFleet: Sendable {
    let settings: LoadSettings
    private let setup: LoadSessionSetup
    private let threads: [LoadThread]
    private let state = Mutex(State())

    /// HTTP calls under way at once at most.
    private static let concurrency = 8
    /// Of sessions that are set up. Handshakes that go on after them hold up nobody.
    private let slots = LoadSlots(LoadFleet.concurrency)

    struct Member: Sendable {
        var id: String
        var thread: Int
        /// On its thread.
        var index: Int
    }

    private struct State {
        var members: [Member] = []
        /// Sessions begun, with those that failed.
        var begun = 0
        /// How many had been begun when the threads were last without any.
        var begunBefore = 0
        var failures: [String] = []
    }

    init(_ settings: LoadSettings) throws {
        self.settings = settings
        let address = try LocalAddress.towards(settings.server)
        let clips = LoadClipMemory(try settings.clips())
        let certificate = settings.keyExchange == .dtls ? try Self.certificate(settings.profile) : nil
        setup = LoadSessionSetup(settings: settings, certificate: certificate)
        let pools = try (0..<max(1, settings.threads)).map { _ in
            try LoadSocketPool(address: address, sharesLegs: certificate != nil)
        }
        threads = pools.enumerated().map {
            LoadThread(number: $0, clips: clips, certificate: certificate, pool: $1)
        }
    }

    private static func certificate(_ profile: SRTPProfile) throws(EndpointError) -> LoadCertificate {
        do throws(DTLSError) {
            return try LoadCertificate(
                profile, validAt: Int64(clamping: WallClock.unixNanoseconds / 1_000_000_000),
                serial: UInt32.random(in: 1 ... .max))
        } catch {
            throw .unconnected("\(error)")
        }
    }

    var established: Int { state.withLock { $0.members.count } }
    var failed: Int { state.withLock { $0.failures.count } }
    /// Why sessions failed, in their order.
    var failures: [String] { state.withLock { $0.failures } }

    /// What all threads counted, as they last said.
    var figures: LoadFigures {
        threads.reduce(into: LoadFigures()) { $0.add($1.figures) }
    }

    /// What all threads have counted by now.
    func collect() async -> LoadFigures {
        var sum = LoadFigures()
        for thread in threads {
            if let figures = try? await thread.perform({ engine, _ in engine.figures }) { sum.add(figures) }
        }
        return sum
    }

    // MARK: - Sessions

    /// Sets up `count` more sessions, at most so many a second, a few at a time. Those that fail are counted.
    /// - Parameter startsMedia: whether each session's media flows from its establishment on.
    func add(_ count: Int, startsMedia: Bool) async {
        let start = MonotonicClock.now
        await withDiscardingTaskGroup { group in
            for place in 0..<count {
                await slots.take()
                let due = start.advanced(byNanoseconds: Int64(Double(place) * 1e9 / settings.rampUp))
                let wait = due.nanoseconds(since: MonotonicClock.now)
                if wait > 0 { try? await Task.sleep(for: .nanoseconds(wait)) }
                if Task.isCancelled {
                    slots.give()
                    break
                }
                group.addTask { await self.addOne(startsMedia: startsMedia) }
            }
        }
    }

    private func addOne(startsMedia: Bool) async {
        let (number, place) = state.withLock { state in
            defer { state.begun += 1 }
            return (state.begun, state.begun - state.begunBefore)
        }
        let thread = place % threads.count
        var started: String?
        do {
            let description: LoadSessionDescription
            do {
                defer { slots.give() }
                let session = try await setup.start(number: number)
                started = session.id
                description = try await setup.negotiate(
                    session, index: place / threads.count, on: threads[thread])
            }
            let index = try await threads[thread].join(description, startsMedia: startsMedia)
            if let id = started {
                state.withLock { $0.members.append(Member(id: id, thread: thread, index: index)) }
            }
        } catch is CancellationError {
            await end(started)
        } catch {
            await end(started)
            state.withLock { $0.failures.append("session \(number): \(error)") }
            settings.logger.debug(
                "a session could not be set up", metadata: ["number": "\(number)", "reason": "\(error)"])
        }
    }

    /// Ends a session that came to nothing, if the server still hears, even in a cancelled task.
    private func end(_ id: String?) async {
        guard let id else { return }
        var client = setup.technician
        client.timeoutSeconds = 5
        await Task { [client] in _ = try? await client.end(id) }.value
    }

    /// Waits as long as the server refuses new sessions because it is overloaded, at most so long.
    func waitUntilOpen(atMost seconds: Double) async {
        let deadline = MonotonicClock.now.advanced(byNanoseconds: Int64(seconds * 1e9))
        while MonotonicClock.now < deadline, !Task.isCancelled {
            do {
                let session = try await setup.technician.createSession(name: "load")
                _ = try? await setup.technician.end(session.id)
                return
            } catch LensClientError.refused(_, let problem) where problem.status == 503 {
                try? await Task.sleep(for: .seconds(0.5))
            } catch {
                return
            }
        }
    }

    /// Lets the media of the first `count` sessions flow, beginning spread over `seconds`, and no other.
    func play(_ count: Int, spreadOver seconds: Double) async {
        let members = state.withLock { $0.members }
        for thread in threads.indices {
            let chosen = members.enumerated().filter { $1.thread == thread }
            _ = try? await threads[thread].perform { engine, now in
                for (place, member) in chosen {
                    if place < count {
                        let delay = count > 0 ? seconds * 1e9 * Double(place) / Double(count) : 0
                        engine.start(member.index, at: now.advanced(byNanoseconds: Int64(delay)))
                    } else {
                        engine.pause(member.index)
                    }
                }
            }
        }
    }

    /// Counts packets and latencies anew, of frames captured within `window` (ns since 1970).
    func measure(_ window: Range<UInt64>) async {
        for thread in threads { _ = try? await thread.perform { engine, _ in engine.measure(window) } }
    }

    // MARK: - End

    /// Stops all media.
    func pause() async {
        let count = state.withLock { $0.members.count }
        for thread in threads {
            _ = try? await thread.perform { engine, _ in
                for index in 0..<min(count, engine.sessions.count) { engine.pause(index) }
            }
        }
    }

    /// Waits until everything sent has come, at most so long. What comes later is lost.
    func drain(atMost seconds: Double) async {
        let deadline = MonotonicClock.now.advanced(byNanoseconds: Int64(seconds * 1e9))
        while MonotonicClock.now < deadline {
            let figures = await collect()
            if figures.packetsReceived >= figures.packetsSent { return }
            try? await Task.sleep(for: .milliseconds(20))
        }
    }

    /// Ends all sessions; others may follow.
    func clear() async {
        await leave()
        for thread in threads {
            _ = try? await thread.perform { engine, _ in engine.removeAll() }
            thread.pool.release()
        }
        state.withLock { state in
            state.members.removeAll()
            state.begunBefore = state.begun
        }
    }

    /// Ends all sessions and the threads. Does its work even in a cancelled task, and never fails: the server may be gone.
    func close() async {
        await Task { [self] in
            await leave()
            for thread in threads { await thread.end() }
        }.value
    }

    /// Goodbye on every stream, and the end of every session by HTTP.
    private func leave() async {
        for thread in threads {
            _ = try? await thread.perform { engine, now in
                for index in engine.sessions.indices { engine.leave(index, at: now) }
            }
        }
        await endSessions()
    }

    private func endSessions() async {
        var client = setup.technician
        client.timeoutSeconds = 5
        let members = state.withLock { $0.members }
        await withTaskGroup(of: Bool.self) { [client] group in
            for (place, member) in members.enumerated() {
                // A server that is gone does not answer the others either.
                if place >= Self.concurrency, await group.next() == false { break }
                group.addTask {
                    do {
                        try await client.end(member.id)
                        return true
                    } catch LensClientError.unreachable {
                        return false
                    } catch {
                        return true
                    }
                }
            }
        }
    }
}

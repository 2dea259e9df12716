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
        setup = LoadSessionSetup(settings: settings)
        let address = try LocalAddress.towards(settings.server)
        let clips = LoadClipMemory(try settings.clips())
        threads = (0..<max(1, settings.threads)).map {
            LoadThread(number: $0, clips: clips, pool: LoadSocketPool(address: address))
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
        await withTaskGroup(of: Void.self) { group in
            for place in 0..<count {
                if place >= Self.concurrency { await group.next() }
                let due = start.advanced(byNanoseconds: Int64(Double(place) * 1e9 / settings.rampUp))
                let wait = due.nanoseconds(since: MonotonicClock.now)
                if wait > 0 { try? await Task.sleep(for: .nanoseconds(wait)) }
                if Task.isCancelled { break }
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
        do {
            let (id, description) = try await setup.establish(
                number: number, index: place / threads.count, pool: threads[thread].pool)
            let index = try await threads[thread].perform { engine, now in
                let index = try engine.add(description)
                if startsMedia { engine.start(index, at: now) }
                return index
            }
            state.withLock { $0.members.append(Member(id: id, thread: thread, index: index)) }
        } catch is CancellationError {
            return
        } catch {
            state.withLock { $0.failures.append("session \(number): \(error)") }
            settings.logger.debug(
                "a session could not be set up", metadata: ["number": "\(number)", "reason": "\(error)"])
        }
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

import Sessions
import Testing

struct ThrottledJoinTests {
    private static let wrong = "999999"

    private func client(_ address: String) -> SessionService.Client {
        SessionService.Client(address: address, userAgent: "bench/1")
    }

    private func fail(_ count: Int, at bench: Bench, from address: String) async {
        for _ in 0..<count {
            await #expect(throws: SessionError.pin(.invalid)) {
                try await bench.service.join(pin: Self.wrong, returning: nil, client: client(address))
            }
        }
    }

    @Test func D8_theSixthMistakeIsRefusedAndTheWaitIsNamed() async throws {
        let bench = Bench()
        let session = try await bench.create()
        await fail(5, at: bench, from: "192.0.2.1")
        // Not even the right one: whoever guesses would learn of it.
        for pin in [Self.wrong, session.pin.digits] {
            await #expect(throws: SessionError.throttled(retryAfterSeconds: 60)) {
                try await bench.service.join(pin: pin, returning: nil, client: client("192.0.2.1"))
            }
        }
        bench.clock.advance(seconds: 60)
        _ = try await bench.service.join(pin: session.pin.digits, returning: nil, client: client("192.0.2.1"))
    }

    @Test func D8_othersAreNotConcerned() async throws {
        let bench = Bench()
        let session = try await bench.create()
        await fail(5, at: bench, from: "2001:db8::1")
        await #expect(throws: SessionError.throttled(retryAfterSeconds: 60)) {
            try await bench.service.join(pin: Self.wrong, returning: nil, client: client("2001:db8::ffff"))
        }
        _ = try await bench.service.join(pin: session.pin.digits, returning: nil, client: client("2001:db8:0:1::1"))
    }

    @Test func D8_rightPINsNeverCountAndOnesOwnSessionIsAlwaysThere() async throws {
        let bench = Bench()
        var token: CustomerToken?
        for _ in 0..<20 {
            let session = try await bench.create()
            token = try await bench.service.join(
                pin: session.pin.digits, returning: nil, client: client("192.0.2.1")
            ).token
        }
        await fail(5, at: bench, from: "192.0.2.1")
        _ = try await bench.service.join(pin: nil, returning: token, client: client("192.0.2.1"))
    }

    @Test func D8_ofManyAtOnceOneGetsInAndTheOthersHearThatThePINWasUsed() async throws {
        let bench = Bench()
        let session = try await bench.create()
        let outcomes = await withTaskGroup(of: SessionError?.self) { group in
            for _ in 0..<200 {
                group.addTask {
                    do throws(SessionError) {
                        _ = try await bench.service.join(
                            pin: session.pin.digits, returning: nil, client: client("192.0.2.1"))
                        return nil
                    } catch { return error }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(outcomes.count { $0 == nil } == 1)
        #expect(outcomes.count { $0 == .pin(.alreadyUsed) } == 199)
        await fail(5, at: bench, from: "192.0.2.1")
    }

    @Test func D8_ofManyGuessesAtOnceFiveAreLookedAt() async throws {
        let bench = Bench()
        let outcomes = await withTaskGroup(of: SessionError?.self) { group in
            for _ in 0..<200 {
                group.addTask {
                    do throws(SessionError) {
                        _ = try await bench.service.join(
                            pin: Self.wrong, returning: nil, client: client("192.0.2.1"))
                        return nil
                    } catch { return error }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(outcomes.count { $0 == .pin(.invalid) } == 5)
        #expect(outcomes.count { $0 == .throttled(retryAfterSeconds: 60) } == 195)
    }

    @Test func D8_whatCannotBeAPINIsNoGuess() async throws {
        let bench = Bench()
        for pin in ["12345", "", "abc"] + Array(repeating: "1234567", count: 10) {
            await #expect(throws: SessionError.self) {
                try await bench.service.join(pin: pin, returning: nil, client: client("192.0.2.1"))
            }
        }
        await fail(5, at: bench, from: "192.0.2.1")
    }

    @Test func D8_whileManyGuessAMistakeCostsUpToTwoSecondsAndNoMore() async throws {
        let bench = Bench()
        let session = try await bench.create()
        for number in 0..<400 { await fail(1, at: bench, from: "10.0.\(number / 200).\(number % 200)") }
        await fail(1, at: bench, from: "192.0.2.1")
        #expect(bench.clock.paused == 0)
        _ = try await bench.service.join(pin: session.pin.digits, returning: nil, client: client("192.0.2.1"))
        #expect((1...2000).contains(bench.clock.paused))
    }
}

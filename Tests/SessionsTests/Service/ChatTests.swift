import Sessions
import Testing

/// S24, S30: the two sides write to each other.
struct ChatTests {
    private let bench = Bench()

    @Test func S24_S30_bothSidesWriteAndReadFromTheClaimToTheEnd() async throws {
        let session = try await bench.create()
        let customer = Principal.customer(session.id)
        await #expect(throws: SessionError.notClaimed) {
            try await bench.service.say("hello", in: session.id, by: bench.key)
        }
        _ = try await bench.join(session)
        let first = try await bench.service.say("hello", in: session.id, by: bench.key)
        let second = try await bench.service.say("good day\n🙂", in: session.id, by: customer)
        #expect([first.number, second.number] == [1, 2])
        #expect([first.side, second.side] == [.technician, .customer])
        for principal in [bench.key, customer] {
            #expect(try await bench.service.conversation(of: session.id, for: principal) == [first, second])
        }
        _ = try await bench.service.end(session.id, notes: nil, by: bench.key)
        await #expect(throws: SessionError.ended) { try await bench.service.say("late", in: session.id, by: customer) }
        #expect(try await bench.service.conversation(of: session.id, for: bench.key).count == 2)
    }

    @Test func aCustomerOfAnotherSessionNeitherReadsNorWrites() async throws {
        let one = try await bench.create()
        let other = try await bench.create()
        for session in [one, other] { _ = try await bench.join(session) }
        let stranger = Principal.customer(other.id)
        await #expect(throws: SessionError.notYours) { try await bench.service.say("x", in: one.id, by: stranger) }
        await #expect(throws: SessionError.notYours) {
            try await bench.service.conversation(of: one.id, for: stranger)
        }
    }

    @Test func linesAreTextOfABoundedLength() async throws {
        let session = try await bench.create()
        _ = try await bench.join(session)
        for text in ["", String(repeating: "x", count: 4001), "a\u{0}b", "a\u{1B}[31mb", "a\rb"] {
            await #expect(throws: SessionError.self, "\(text.debugDescription)") {
                try await bench.service.say(text, in: session.id, by: bench.key)
            }
        }
        let longest = String(repeating: "ä", count: 4000)
        #expect(try await bench.service.say(longest, in: session.id, by: bench.key).text == longest)
    }

    @Test func whoListensHearsEachLine() async throws {
        let session = try await bench.create()
        _ = try await bench.join(session)
        let subscription = bench.service.feed.subscribe(to: .session(session.id), as: bench.key)
        let line = try await bench.service.say("hello", in: session.id, by: bench.key)
        for await item in subscription.items {
            guard case .chat(line) = item.event else {
                Issue.record("\(item)")
                break
            }
            break
        }
    }
}

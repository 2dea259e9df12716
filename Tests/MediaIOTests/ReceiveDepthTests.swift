import Testing

@testable import MediaIO

@Suite struct ReceiveDepthTests {
    private func settled() -> ReceiveDepth {
        var depth = ReceiveDepth()
        for _ in 0..<3 { depth.note(messages: 1, asked: 64, wasWaiting: false) }
        return depth
    }

    @Test func asksForAllUntilMessagesHaveComeOneByOne() {
        var depth = ReceiveDepth()
        for _ in 0..<2 {
            depth.note(messages: 1, asked: 64, wasWaiting: false)
            #expect(depth.next(most: 64) == 64)
        }
        depth.note(messages: 1, asked: 64, wasWaiting: false)
        #expect(depth.next(most: 64) == 1)
    }

    @Test func staysWithOneAsLongAsNoneWaits() {
        var depth = settled()
        for _ in 0..<100 {
            #expect(depth.next(most: 64) == 1)
            depth.note(messages: 1, asked: 1, wasWaiting: false)
        }
    }

    @Test func looksForMoreBehindTwoThatHadToWaitAndComesBackIfThereWasOnlyOne() {
        var depth = settled()
        depth.note(messages: 1, asked: 1, wasWaiting: true)
        #expect(depth.next(most: 64) == 1)
        depth.note(messages: 1, asked: 1, wasWaiting: true)
        #expect(depth.next(most: 64) == 64)
        depth.note(messages: 1, asked: 64, wasWaiting: true)
        #expect(depth.next(most: 64) == 1)
    }

    @Test func doesNotLookForMoreBehindSingleOnesThatHadToWait() {
        var depth = settled()
        for index in 0..<100 {
            depth.note(messages: 1, asked: 1, wasWaiting: index % 2 == 0)
            #expect(depth.next(most: 64) == 1)
        }
    }

    @Test func asksForAllAgainWhereMessagesComeTogether() {
        var depth = settled()
        for _ in 0..<2 { depth.note(messages: 1, asked: 1, wasWaiting: true) }
        depth.note(messages: 2, asked: 64, wasWaiting: true)
        #expect(depth.next(most: 64) == 64)
        for _ in 0..<2 { depth.note(messages: 1, asked: 64, wasWaiting: false) }
        #expect(depth.next(most: 64) == 64)
    }
}

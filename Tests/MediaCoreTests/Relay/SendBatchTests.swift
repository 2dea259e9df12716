import MediaWire
import Testing

@testable import MediaCore

/// How datagrams of one stream join into messages.
@Suite struct SendBatchTests {
    private static let path = Path(to: RelayBench.host(1))

    /// The datagrams' lengths by message.
    private func messages(_ batch: borrowing SendBatch) -> [[Int]] {
        (0..<batch.messageCount).map { index in
            var lengths: [Int] = []
            var next: Int? = batch.message(index).first
            while let current = next {
                lengths.append(batch.length(current))
                next = batch.next(current)
            }
            #expect(lengths.count == batch.message(index).count)
            #expect(lengths.reduce(0, +) == batch.message(index).length)
            return lengths
        }
    }

    @Test func equalSizesJoinAndAShorterOneEnds() {
        var batch = SendBatch(capacity: 16)
        var run = SendRun()
        for length in [1000, 1000, 400, 1000, 1000, 1200, 1200, 7, 7] {
            batch.commit(length: length, to: Self.path, run: &run)
        }
        #expect(messages(batch) == [[1000, 1000, 400], [1000, 1000], [1200, 1200, 7], [7]])
    }

    @Test func streamsInterleaveAndKeepTheirOrder() {
        var batch = SendBatch(capacity: 16)
        var runs = [SendRun(), SendRun()]
        for (stream, length) in [(0, 900), (1, 90), (0, 900), (1, 90), (0, 500), (0, 900)] {
            batch.commit(length: length, to: Path(to: RelayBench.host(stream)), run: &runs[stream])
        }
        batch.commit(length: 60, to: Self.path)
        #expect(messages(batch) == [[900, 900, 500], [90, 90], [900], [60]])
        #expect((0..<batch.count).map { batch.length($0) } == [900, 90, 900, 90, 500, 900, 60])
        #expect(batch.destination(at: 3) == RelayBench.host(1))
    }

    @Test func anotherPathBeginsAnotherMessage() {
        var batch = SendBatch(capacity: 4)
        var run = SendRun()
        for host in [1, 2, 2] { batch.commit(length: 100, to: Path(to: RelayBench.host(host)), run: &run) }
        #expect(messages(batch) == [[100], [100, 100]])
    }

    @Test func emptyingForgetsRuns() {
        var batch = SendBatch(capacity: 4)
        var run = SendRun()
        batch.commit(length: 100, to: Self.path, run: &run)
        batch.removeAll()
        batch.commit(length: 100, to: Path(to: RelayBench.host(9)))
        batch.commit(length: 100, to: Self.path, run: &run)
        #expect(messages(batch) == [[100], [100]])
    }

    @Test(arguments: [(1200, 53), (100, 64), (2304, 27)])
    func messagesStayWithinWhatKernelsTake(_ length: Int, _ most: Int) {
        var batch = SendBatch(capacity: 200)
        var run = SendRun()
        for _ in 0..<200 { batch.commit(length: length, to: Self.path, run: &run) }
        #expect(messages(batch).map(\.count).max() == most)
        #expect(messages(batch).flatMap { $0 }.count == 200)
    }
}

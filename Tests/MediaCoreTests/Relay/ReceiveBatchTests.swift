import MediaWire
import Testing

@testable import MediaCore

/// How messages that the kernel has merged come apart.
@Suite struct ReceiveBatchTests {
    private func fill(_ batch: inout ReceiveBatch, _ bytes: [UInt8], segmentSize: Int, from host: Int) {
        batch.message(batch.messageCount).copyMemory(from: bytes, byteCount: bytes.count)
        batch.add(
            ReceivedDatagram(path: Path(to: RelayBench.host(host)), length: bytes.count, kernelStamp: UInt64(host)),
            segmentSize: segmentSize)
    }

    @Test func mergedMessageBecomesItsDatagrams() {
        var batch = ReceiveBatch(capacity: 4, merged: true)
        fill(&batch, Array(0..<100), segmentSize: 40, from: 1)
        fill(&batch, [7, 7], segmentSize: 0, from: 2)
        fill(&batch, [], segmentSize: 0, from: 3)
        fill(&batch, Array(0..<80), segmentSize: 40, from: 4)
        #expect(batch.messageCount == 4)
        #expect((0..<batch.count).map { batch[$0].length } == [40, 40, 20, 2, 0, 40, 40])
        #expect(Array(batch.bytes(2)) == Array(80..<100))
        #expect((0..<batch.count).map { batch[$0].path.remote } == [1, 1, 1, 2, 3, 4, 4].map { RelayBench.host($0) })
        #expect(batch.stamp(ofMessage: 3) == 4)
        // There is no fifth.
        batch.add(ReceivedDatagram(path: Path(to: RelayBench.host(5)), length: 10))
        #expect(batch.count == 7)
    }

    /// Sizes that no kernel reports must not lead outside the memory.
    @Test(arguments: [1, 3, 65_535, 65_536, 70_000, -5])
    func sizesThatLieStayInside(_ segmentSize: Int) {
        var batch = ReceiveBatch(capacity: 1, merged: true)
        batch.add(
            ReceivedDatagram(path: Path(to: RelayBench.host(1)), length: 70_000), segmentSize: segmentSize)
        for index in 0..<batch.count { #expect(batch.bytes(index).count <= batch.messageSize) }
        #expect(batch.count <= ReceiveBatch.maximumMerged)
        #expect(batch.isOversized(0) == (batch[0].length > ReceiveBatch.slotSize))
    }
}

import Testing

@testable import Endpoints

@Suite("Capacity search")
struct CapacitySearchTests {
    /// A server that carries so many sessions and no more.
    private func search(capacity: Int, first: Int, maximum: Int = 20_000) -> (found: Int, failed: Int?, probes: [Int]) {
        var search = CapacitySearch(first: first, maximum: maximum)
        var probes: [Int] = []
        while let count = search.next, probes.count < 1_000 {
            probes.append(count)
            search.record(passed: count <= capacity)
        }
        return (search.passed, search.failed, probes)
    }

    @Test(arguments: [1, 2, 3, 7, 50, 61, 99, 100, 613, 1_000, 7_777], [1, 10, 100])
    func theFoundNumberIsTheCapacityWithinTheResolution(capacity: Int, first: Int) {
        let (found, failed, probes) = search(capacity: capacity, first: first)
        #expect(found <= capacity)
        #expect(capacity - found <= max(1, Int(Double(capacity) * CapacitySearch.resolution)))
        #expect((failed ?? 0) > capacity)
        #expect(probes.count < 40)
    }

    @Test func itDoublesThenBisects() {
        #expect(search(capacity: 45, first: 10).probes == [10, 20, 40, 80, 80, 60, 60, 50, 50, 45, 47, 47, 46, 46])
    }

    @Test func whatCarriesEverythingIsProbedUpToTheMaximum() {
        let (found, failed, probes) = search(capacity: .max, first: 3, maximum: 100)
        #expect(found == 100)
        #expect(failed == nil)
        #expect(probes == [3, 6, 12, 24, 48, 96, 100])
    }

    @Test func whatCarriesNothingEndsAtZero() {
        let (found, failed, probes) = search(capacity: 0, first: 16)
        #expect(found == 0)
        #expect(failed == 1)
        #expect(probes.last == 1)
    }

    @Test func oneDisturbanceDoesNotDecide() {
        var search = CapacitySearch(first: 10, maximum: 40)
        search.record(passed: true)
        #expect(search.next == 20)
        search.record(passed: false)
        #expect(search.next == 20)
        search.record(passed: true)
        #expect(search.next == 40)
        #expect(search.failed == nil)
    }

    @Test func theFirstNumberIsAtLeastOneAndAtMostTheMaximum() {
        #expect(CapacitySearch(first: 0, maximum: 5).next == 1)
        #expect(CapacitySearch(first: 50, maximum: 5).next == 5)
    }
}

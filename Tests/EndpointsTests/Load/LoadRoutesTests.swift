import MediaWire
import TestSupport
import Testing

@testable import Endpoints

@Suite("Load routes and histories")
struct LoadRoutesTests {
    @Test(arguments: [5, 808, 31_337] as [UInt64])
    func everyKeyLeadsToItsOwnRoute(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var routes = LoadRoutes()
        var model: [LoadRouteKey: Int] = [:]
        for flow in 0..<5_000 {
            // Few sockets and few bits, so that keys come again and lie side by side.
            let key = LoadRouteKey(
                place: Int.random(in: 0..<4, using: &generator),
                ssrc: SSRC(UInt32.random(in: 0..<2_000, using: &generator)))
            routes.insert(key, LoadRoute(flow: flow, isPublisher: flow % 2 == 0))
            model[key] = flow
        }
        #expect(routes.count == model.count)
        for socket in 0..<5 {
            for ssrc in 0..<2_100 as Range<UInt32> {
                let key = LoadRouteKey(place: socket, ssrc: SSRC(ssrc))
                let found = routes.find(key)
                #expect(found?.flow == model[key], "seed \(seed)")
                if let found { #expect(found.isPublisher == (found.flow % 2 == 0)) }
            }
        }
        routes.removeAll()
        #expect(routes.count == 0)
        #expect(model.keys.allSatisfy { routes.find($0) == nil })
    }

    private func packet(_ number: UInt16) -> SentPacket {
        SentPacket(
            captureTime: NTPTimestamp(rawValue: UInt64(number) << 8), timestamp: RTPTimestamp(UInt32(number)),
            payload: Int32(number), sequence: SequenceNumber(number), pictureID: number, isMarked: number % 3 == 0)
    }

    @Test func aHistoryKnowsTheLastPacketsAcrossTheWrap() {
        var history = LoadHistory()
        #expect(history.packet(SequenceNumber(7)) == nil)
        let first = SequenceNumber(65_000)
        for index in 0..<2_000 {
            let sequence = first.advanced(by: index)
            history.append(packet(sequence.rawValue))
            let oldest = max(0, index + 1 - LoadHistory.capacity)
            #expect(history.packet(sequence)?.payload == Int32(sequence.rawValue))
            #expect(history.packet(first.advanced(by: oldest))?.sequence == first.advanced(by: oldest))
            #expect(history.packet(first.advanced(by: oldest - 1)) == nil)
            #expect(history.packet(first.advanced(by: index + 1)) == nil)
        }
    }
}

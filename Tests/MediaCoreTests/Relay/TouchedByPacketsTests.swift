@testable import MediaCore
import MediaWire
import Testing

/// What a packet touches is brought near by its place in front of the value.
@Suite struct TouchedByPacketsTests {
    private func end<Part: ~Copyable>(_ part: inout Part, in base: UnsafeRawPointer) -> Int {
        withUnsafePointer(to: &part) { UnsafeRawPointer($0) + MemoryLayout<Part>.size - base }
    }

    @Test func theSessionsCountersStandInFront() {
        var session = RelaySession(key: RelaySessionKey(rawValue: 1))
        withUnsafeMutablePointer(to: &session) { session in
            let base = UnsafeRawPointer(session)
            #expect(end(&session.pointee.packetsDroppedAtGate, in: base) == RelaySession.touchedByPackets.upperBound)
            #expect(end(&session.pointee.bytesForwarded, in: base) <= RelaySession.touchedByPackets.upperBound)
        }
    }

    @Test func theTracksStreamStandsInFront() {
        let ring = PlainRTPRing(capacity: 16)
        var track = PublishedTrack(
            from: ring, PortSettings(), kind: .video, session: 0, side: .customer,
            maximumSubscriptions: 1, maximumPorts: 1)
        withUnsafeMutablePointer(to: &track) { track in
            let base = UnsafeRawPointer(track)
            let all = PublishedTrack.touchedByPackets.upperBound
            #expect((all - 8...all).contains(end(&track.pointee.incoming, in: base)))
            #expect(end(&track.pointee.path, in: base) <= all)
            #expect(end(&track.pointee.cache, in: base) <= all)
            #expect(end(&track.pointee.subscriptions, in: base) <= all)
        }
    }

    @Test func theSlotsOutputStandsInFront() {
        #expect(MemoryLayout<SlotOutput>.size + MemoryLayout<Path>.size < PlayerSlot.touchedByPackets.upperBound)
        #expect(PlayerSlot.touchedByPackets.upperBound < MemoryLayout<PlayerSlot>.size)
    }
}

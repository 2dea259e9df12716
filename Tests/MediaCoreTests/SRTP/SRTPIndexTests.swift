@testable import MediaCore
import MediaWire
import TestSupport
import Testing

@Suite struct SRTPIndexTests {
    /// Newest index, sequence number, estimate.
    @Test(
        arguments: [
            (0, 0, 0), (0, 65_535, 65_535), (5, 65_535, 65_535), (0x8000, 0xFFFF, 0xFFFF), (0x8001, 0, 0x1_0000),
            (0x8001, 1, 1), (0xFFFF, 0, 0x1_0000), (0xFFFF, 0x7FFE, 0x1_7FFE), (0xFFFF, 0x7FFF, 0x7FFF),
            (0x1_0000, 0xFFFF, 0xFFFF), (0x1_0000, 0x8000, 0x1_8000), (0x1_0000, 0x8001, 0x8001),
            (0x1_7FFF, 0xFFFF, 0x1_FFFF), (0x1_7FFF, 0, 0x1_0000), (0x1_8000, 0, 0x1_0000), (0x1_8001, 0, 0x2_0000),
            (0xFFFF_FFFF_FFFF, 0xFFFF, 0xFFFF_FFFF_FFFF), (0xFFFF_FFFF_FFFF, 0, 0x1_0000_0000_0000),
        ] as [(UInt64, UInt16, UInt64)])
    func estimatesAsAppendixASays(_ newest: UInt64, _ sequence: UInt16, _ wanted: UInt64) {
        #expect(SRTPIndex.estimate(SequenceNumber(sequence), newest: newest) == wanted)
    }

    /// Against a plain set of all that was taken.
    @Test(arguments: [UInt64(1), 2, 3])
    func windowAgreesWithASetOfWhatWasSeen(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var window = SRTPReplayWindow<2>()
        var seen: Set<UInt64> = []
        var newest: UInt64 = 0
        for round in 0..<20_000 {
            let step = Int.random(in: 0..<100, using: &random) == 0 ? 400 : 3
            let index = newest &+ UInt64(Int.random(in: 0...step, using: &random))
            let candidate = index &- min(index, UInt64(Int.random(in: 0...160, using: &random)))
            let isNew = candidate > newest || (newest - candidate < 128 && !seen.contains(candidate))
            #expect(window.accepts(candidate) == isNew, "seed \(seed), round \(round)")
            guard isNew else { continue }
            window.take(candidate)
            seen.insert(candidate)
            newest = max(newest, candidate)
            #expect(window.newest == newest)
        }
    }

    @Test func bestBackendIsAvailable() {
        #expect(SRTPBackend.best.isAvailable)
        #expect(SRTPBackend.best != .libsrtp)
        #expect(SRTPBackend.libsrtp.isAvailable && SRTPBackend.openssl.isAvailable)
        for backend in SRTPBackend.allCases {
            #expect(backend.orFallback == (backend.isAvailable ? backend : .openssl))
            #expect(SRTPBackend(rawValue: "\(backend)") == backend)
        }
    }
}

import MediaWire
import TestSupport
import Testing

@Suite struct NTPTimestampTests {
    /// The sender report of RFC 3550 figure 2: 10 November 1995, 11:33:25.125 UTC, 0xb44db705:20000000.
    static let example = NTPTimestamp(rawValue: 0xB44D_B705_2000_0000)

    @Test func readsTheExampleOfRFC3550() {
        #expect(Self.example.unixNanoseconds == 816_003_205_125_000_000)
        #expect(NTPTimestamp(unixNanoseconds: 816_003_205_125_000_000) == Self.example)
        #expect(Self.example.compact == 0xB705_2000)
    }

    /// RFC 3550 figure 2: A = 0xb710:8000, DLSR = 5.25 s, LSR as above give a round trip of 6.125 s.
    @Test func roundTripOfTheExampleOfRFC3550() {
        let arrival: UInt32 = 0xB710_8000
        let delay: UInt32 = 0x0005_4000
        #expect(arrival &- delay &- Self.example.compact == 0x0006_2000)
    }

    @Test func unixEpochIsWhereTheRFCPutsIt() {
        #expect(NTPTimestamp(unixNanoseconds: 0).rawValue == 0x83AA_7E80_0000_0000)
        #expect(NTPTimestamp(rawValue: 0x83AA_7E80_0000_0000).unixNanoseconds == 0)
        #expect(NTPTimestamp(rawValue: 0x83AA_7E7F_FFFF_FFFF).unixNanoseconds == 0)
        #expect(NTPTimestamp(rawValue: 0x8000_0000_0000_0000).unixNanoseconds == 0)
    }

    /// 7 February 2036, 06:28:16 UTC: the 32-bit seconds begin anew.
    @Test func keepsCountingInTheSecondEra() {
        let turn: UInt64 = 2_085_978_496_000_000_000
        #expect(NTPTimestamp(unixNanoseconds: turn).rawValue == 0)
        #expect(NTPTimestamp(rawValue: 0).unixNanoseconds == turn)
        #expect(NTPTimestamp(rawValue: 1 << 32).unixNanoseconds == turn + 1_000_000_000)
        let before = NTPTimestamp(unixNanoseconds: turn - 1_000_000)
        let behind = NTPTimestamp(unixNanoseconds: turn + 1_000_000)
        #expect(behind.nanoseconds(since: before) == 2_000_000)
        #expect(before.nanoseconds(since: behind) == -2_000_000)
    }

    @Test(arguments: 0..<5)
    func nanosecondsSurviveTheWayThroughNTP(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<2000 {
            let time = UInt64.random(in: 0..<4_000_000_000_000_000_000, using: &generator)
            #expect(NTPTimestamp(unixNanoseconds: time).unixNanoseconds == time, "seed \(seed)")
            let other = time &+ UInt64.random(in: 0..<1_000_000_000_000_000, using: &generator)
            let a = NTPTimestamp(unixNanoseconds: time)
            let b = NTPTimestamp(unixNanoseconds: other)
            // Each side is off by less than a quarter of a nanosecond.
            #expect(b.nanoseconds(since: a) == Int64(other - time), "seed \(seed)")
            #expect(a.nanoseconds(since: b) == -Int64(other - time), "seed \(seed)")
        }
    }

    @Test(arguments: [
        0, 1, -1, 2, -2, 999_999_999, -999_999_999, 1_000_000_000, -1_000_000_000, 1_500_000_000, -5_250_000_000,
    ])
    func advancesByWhatItMeasures(nanoseconds: Int64) {
        let moved = Self.example.advanced(byNanoseconds: nanoseconds)
        #expect(moved.nanoseconds(since: Self.example) == nanoseconds)
        #expect(Self.example.nanoseconds(since: moved) == -nanoseconds)
    }

    @Test func noTimeOnTheWireTraps() {
        var generator = SeededGenerator(seed: 1)
        for _ in 0..<5000 {
            let a = NTPTimestamp(rawValue: generator.integer())
            let b = NTPTimestamp(rawValue: generator.integer())
            _ = a.unixNanoseconds
            let seconds = Double(a.nanoseconds(since: b)) / 1e9
            let expected = Double(Int64(bitPattern: a.rawValue &- b.rawValue)) / 4_294_967_296
            #expect(abs(seconds - expected) <= 1e-6)
            _ = a.advanced(byNanoseconds: generator.integer())
            _ = NTPTimestamp(unixNanoseconds: generator.integer())
        }
    }
}

import Sessions
import Testing

struct WallTimeTests {
    @Test(arguments: [
        (0, "1970-01-01T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.999Z"),
        (951_782_399_999, "2000-02-28T23:59:59.999Z"), (951_782_400_000, "2000-02-29T00:00:00.000Z"),
        (1_709_251_200_000, "2024-03-01T00:00:00.000Z"), (4_107_542_399_007, "2100-02-28T23:59:59.007Z"),
        (4_107_542_400_000, "2100-03-01T00:00:00.000Z"), (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
        (1_798_761_599_250, "2026-12-31T23:59:59.250Z"),
    ])
    func writesRFC3339(milliseconds: Int64, text: String) {
        #expect(WallTime(milliseconds: milliseconds).rfc3339 == text)
    }

    @Test func everyDayOfFourCenturiesFollowsTheOneBefore() {
        // Counts days, months and leap years on its own and compares.
        var (year, month, day) = (1970, 1, 1)
        for count in 0..<146_097 {
            let text = WallTime(milliseconds: Int64(count) * 86_400_000).rfc3339
            let pad = { (value: Int) in (value < 10 ? "0" : "") + String(value) }
            #expect(text == "\(year)-\(pad(month))-\(pad(day))T00:00:00.000Z")
            let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
            let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
            day += 1
            if day > lengths[month - 1] { (day, month) = (1, month + 1) }
            if month > 12 { (month, year) = (1, year + 1) }
        }
        #expect((year, month, day) == (2370, 1, 1))
    }
}

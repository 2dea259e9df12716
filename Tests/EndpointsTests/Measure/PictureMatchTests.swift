import Testing

@testable import Endpoints

@Suite struct PictureMatchTests {
    @Test func meanAndMinimumComeFromTheMatchedPicturesOnly() throws {
        var match = PictureMatch()
        #expect(match.mean == nil && match.minimum == nil)
        for value in [40.0, 30, 35] { match.record(psnr: value) }
        match.recordUnmatched()
        match.record(psnr: .nan)
        #expect(match.mean == 35)
        #expect(match.minimum == 30)
        #expect(match.count == 3)
        #expect(match.unmatched == 2)
    }

    @Test func fewMatchesDoNotSpeakForTheFeed() {
        var match = PictureMatch()
        #expect(!match.isRepresentative)
        for _ in 0..<99 { match.record(psnr: 40) }
        match.recordUnmatched()
        #expect(match.isRepresentative)
        match.recordUnmatched()
        #expect(!match.isRepresentative)
    }

    @Test func numbersAreWrittenWithFixedDecimals() {
        #expect(fixed(1.005, 1) == "1.0")
        #expect(fixed(-0.25, 2) == "-0.25")
        #expect(fixed(12.3456, 3) == "12.346")
        #expect(fixed(99.5, 0) == "100")
        #expect(fixed(.infinity, 2) == "inf")
    }
}

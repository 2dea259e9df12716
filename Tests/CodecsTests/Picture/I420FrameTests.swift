import Codecs
import Testing

@Suite("I420 pictures")
struct I420FrameTests {
    @Test("have chroma planes that round odd sides up", arguments: [(1, 1), (2, 2), (3, 5), (640, 480), (175, 143)])
    func planeSizes(width: Int, height: Int) {
        let frame = I420Frame(width: width, height: height)
        #expect(frame.y.count == width * height)
        #expect(frame.u.count == (width + 1) / 2 * ((height + 1) / 2))
        #expect(frame.v.count == frame.u.count)
        #expect(frame.y.allSatisfy { $0 == 16 } && frame.u.allSatisfy { $0 == 128 })
    }

    @Test("refuse planes of the wrong size")
    func wrongPlanes() {
        let (y, u) = ([UInt8](repeating: 1, count: 12), [UInt8](repeating: 2, count: 4))
        #expect(I420Frame(width: 4, height: 3, y: y, u: u, v: u) != nil)
        #expect(I420Frame(width: 4, height: 3, y: y, u: u, v: y) == nil)
        #expect(I420Frame(width: 4, height: 4, y: y, u: u, v: u) == nil)
        #expect(I420Frame(width: 0, height: 0, y: [], u: [], v: []) == nil)
        #expect(I420Frame(width: -4, height: -3, y: y, u: u, v: u) == nil)
        #expect(I420Frame(width: .max, height: .max, y: y, u: u, v: u) == nil)
    }

    @Test("clamp the size of a black picture to what VP8 can hold")
    func clampedSize() {
        let frame = I420Frame(width: -5, height: 0)
        #expect(frame.width == 1 && frame.height == 1)
        #expect(I420Frame(width: .max, height: 1).width == I420Frame.sideLimit)
    }

    @Test("have a PSNR that follows its formula")
    func psnr() throws {
        var frame = I420Frame(width: 100, height: 50)
        let black = frame
        #expect(frame.psnrY(against: black) == 100)
        // One step everywhere: mean square error 1, 20 log10(255).
        frame.y = [UInt8](repeating: 17, count: 5000)
        let oneStep = try #require(frame.psnrY(against: black))
        #expect(abs(oneStep - 48.1308) < 0.001)
        // The largest error: 0 dB.
        frame.y = [UInt8](repeating: 255, count: 5000)
        var zero = black
        zero.y = [UInt8](repeating: 0, count: 5000)
        #expect(frame.psnrY(against: zero) == 0)
        #expect(frame.psnrY(against: I420Frame(width: 50, height: 100)) == nil)
        zero.y.removeLast()
        #expect(frame.psnrY(against: zero) == nil)
    }
}

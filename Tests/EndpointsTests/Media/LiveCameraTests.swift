import MediaCore
import TestSupport
import Testing

@testable import Endpoints

@Suite struct LiveCameraTests {
    let start = Instant(nanoseconds: 5_000_000_000)

    @Test func encoderThatKeepsUpGetsEveryFrameAtItsMoment() throws {
        var camera = LiveCamera(start: start, rate: try #require(FrameRate(30)))
        for number in 0..<900 {
            let due = camera.nextCapture
            #expect(due.nanoseconds(since: start) == Int64(number) * 1_000_000_000 / 30)
            #expect(camera.take(at: due.advanced(byNanoseconds: -1)) == nil)
            let frame = camera.take(at: due)
            #expect(frame == LiveCamera.Frame(number: number, capturedAt: due))
        }
        #expect(camera.framesDropped == 0)
        #expect(camera.framesTakenOrDropped == 900)
    }

    @Test func busyEncoderLosesTheFramesWhoseTimeHasPassed() throws {
        var camera = LiveCamera(start: start, rate: try #require(FrameRate(30)), backlog: 1)
        _ = camera.take(at: start)
        // Half a second away: frames 1 to 15 were captured, and only the newest waits.
        let frame = camera.take(at: start.advanced(byMilliseconds: 510))
        #expect(frame?.number == 15)
        #expect(camera.framesDropped == 14)
        #expect(camera.take(at: start.advanced(byMilliseconds: 510)) == nil)
    }

    @Test func backlogBridgesAShortDelay() throws {
        var camera = LiveCamera(start: start, rate: try #require(FrameRate(30)), backlog: 2)
        _ = camera.take(at: start)
        let now = start.advanced(byMilliseconds: 70)
        #expect(camera.take(at: now)?.number == 1)
        #expect(camera.take(at: now)?.number == 2)
        #expect(camera.take(at: now) == nil)
        #expect(camera.framesDropped == 0)
    }

    /// Whatever the encoder does: frames come in order, are never late beyond the backlog, and each is taken or dropped.
    @Test(arguments: [UInt64(1), 2, 3, 4])
    func everyFrameIsTakenOrDroppedOnce(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let rate = try #require(FrameRate(30_000, over: 1001))
        let backlog = Int.random(in: 1...4, using: &generator)
        var camera = LiveCamera(start: start, rate: rate, backlog: backlog)
        var now = start
        var (taken, last) = (0, -1)
        for _ in 0..<5000 {
            if let frame = camera.take(at: now) {
                taken += 1
                #expect(frame.number > last, "seed \(seed)")
                #expect(frame.capturedAt <= now, "seed \(seed)")
                #expect(now.nanoseconds(since: frame.capturedAt) <= Int64(backlog) * 33_366_667, "seed \(seed)")
                last = frame.number
            } else {
                now = camera.nextCapture
            }
            now = now.advanced(byNanoseconds: Int64.random(in: 0...60_000_000, using: &generator))
        }
        #expect(taken + camera.framesDropped == camera.framesTakenOrDropped, "seed \(seed)")
        #expect(camera.framesTakenOrDropped == last + 1, "seed \(seed)")
    }

    @Test func longCallDoesNotDrift() throws {
        let rate = try #require(FrameRate(30_000, over: 1001))
        // 24 hours at 29.97: 2,589,410.6 frames.
        #expect(rate.nanoseconds(toFrame: 2_589_411) / 1_000_000_000 == 86_400)
        #expect(rate.nanoseconds(toFrame: 30_000) == 1_001_000_000_000)
    }

    @Test func senselessRatesAreRefused() {
        for (numerator, denominator) in [(0, 1), (-30, 1), (30, 0), (1, 2), (90_000, 1), (.max, .max), (.min, 1)] {
            #expect(FrameRate(numerator, over: denominator) == nil)
        }
    }
}

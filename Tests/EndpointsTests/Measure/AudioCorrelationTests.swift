import TestSupport
import Testing

@testable import Endpoints

@Suite struct AudioCorrelationTests {
    @Test(arguments: [0, 1, -1, 7, 312, -313, 4_800, -9_600, 23_999, -24_001])
    func knownLagIsFoundExactly(lag: Int) throws {
        let sound = speechLike(count: 600_000, seed: 5)
        let reference = Array(sound[50_000..<550_000])
        let received = Array(sound[(50_000 - lag)..<(550_000 - lag)])
        let result = try #require(AudioCorrelation.measure(reference: reference, received: received))
        #expect(result.lag == lag)
        #expect(result.value > 0.999999)
        #expect(result.overlap >= 0.95)
    }

    @Test func loudnessAndNoiseLowerTheValueAsTheyShould() throws {
        let reference = speechLike(count: 480_000, seed: 9)
        var generator = SeededGenerator(seed: 10)
        // Equal powers of signal and noise: the expected coefficient is 1/sqrt(2).
        let power = reference.map { Double($0) * Double($0) }.reduce(0, +) / Double(reference.count)
        let amplitude = (power * 3).squareRoot() / 2
        let quiet = reference.map {
            Int16(Double($0) / 2 + Double.random(in: -amplitude...amplitude, using: &generator))
        }
        let result = try #require(AudioCorrelation.measure(reference: reference, received: quiet))
        #expect(result.lag == 0)
        #expect(abs(result.value - 0.7071) < 0.01)
    }

    @Test func anotherClipCorrelatesLow() throws {
        let reference = speechLike(count: 480_000, seed: 1)
        let other = speechLike(count: 480_000, seed: 2)
        let result = try #require(AudioCorrelation.measure(reference: reference, received: other))
        #expect(result.value < 0.4)
    }

    @Test func missingSamplesInTheMiddleLowerTheValue() throws {
        let reference = speechLike(count: 480_000, seed: 3)
        let cut = Array(reference[..<200_000] + reference[204_000...])
        let result = try #require(AudioCorrelation.measure(reference: reference, received: cut))
        #expect(result.value < 0.9)
    }

    @Test func lagBeyondTheLimitIsNotFound() throws {
        let sound = speechLike(count: 900_000, seed: 4)
        let reference = Array(sound[100_000..<800_000])
        let received = Array(sound[40_000..<740_000])
        let result = try #require(
            AudioCorrelation.measure(reference: reference, received: received, minimumOverlap: 0.5))
        #expect(abs(result.lag) <= 48_000)
        #expect(result.value < 0.5)
    }

    @Test func halfAClipIsNotEnough() {
        let sound = speechLike(count: 96_000, seed: 6)
        #expect(AudioCorrelation.measure(reference: sound, received: Array(sound[..<48_000])) == nil)
        #expect(AudioCorrelation.measure(reference: sound, received: []) == nil)
        #expect(AudioCorrelation.measure(reference: [], received: sound) == nil)
    }

    @Test func silenceHasNoCorrelation() {
        let silence = [Int16](repeating: 0, count: 96_000)
        #expect(AudioCorrelation.measure(reference: silence, received: silence) == nil)
    }

    @Test func invertedSoundIsNotAlike() throws {
        let sound = speechLike(count: 480_000, seed: 8)
        let result = try #require(AudioCorrelation.measure(reference: sound, received: sound.map { -$0 }))
        #expect(result.value < 0.9)
    }
}

/// Filtered noise in bursts: syllables with changing pitch-like colour, the same for the same seed.
func speechLike(count: Int, seed: UInt64) -> [Int16] {
    var generator = SeededGenerator(seed: seed)
    var result = [Int16](repeating: 0, count: count)
    var (low, band, gain, target, pole) = (0.0, 0.0, 0.0, 1.0, 0.05)
    for index in 0..<count {
        if index % 4_800 == 0 {
            target = Double.random(in: 0...1, using: &generator)
            pole = Double.random(in: 0.02...0.12, using: &generator)
        }
        gain += (target - gain) * 0.001
        let noise = Double(Int64(bitPattern: generator.next()) >> 40) / Double(1 << 23)
        low += (noise - low) * pole
        band += (low - band) * 0.3
        result[index] = Int16(max(-32_000, min(32_000, band * gain * 60_000)))
    }
    return result
}

import Foundation

/// How alike two signals are.
enum Likeness {
    /// The correlation of `original` with `received`, which lags behind by `lag` samples; 1 for equal shapes.
    static func correlation(_ original: [Int16], _ received: [Int16], lag: Int) -> Double {
        let count = min(original.count, received.count - lag)
        guard count > 0 else { return 0 }
        var (cross, first, second) = (0.0, 0.0, 0.0)
        for index in 0..<count {
            let a = Double(original[index])
            let b = Double(received[index + lag])
            cross += a * b
            first += a * a
            second += b * b
        }
        return first > 0 && second > 0 ? cross / (first * second).squareRoot() : 0
    }

    /// The energy of the difference over some samples.
    static func errorEnergy(_ a: ArraySlice<Int16>, _ b: ArraySlice<Int16>) -> Double {
        zip(a, b).reduce(0) { sum, pair in
            let difference = Double(pair.0) - Double(pair.1)
            return sum + difference * difference
        }
    }
}

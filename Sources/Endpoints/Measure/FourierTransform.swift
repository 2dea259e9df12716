import Glibc

/// A complex discrete Fourier transform of a fixed power-of-two length (iterative radix 2), for measuring only.
struct FourierTransform {
    let count: Int
    private let cosines: [Double]
    private let sines: [Double]
    private let reversed: [Int]

    /// - Parameter exponent: the length is `1 << exponent`; 1 to 24.
    init(exponent: Int) {
        let exponent = min(max(exponent, 1), 24)
        let count = 1 << exponent
        self.count = count
        let angles = (0..<(count / 2)).map { -2 * Double.pi * Double($0) / Double(count) }
        cosines = angles.map { cos($0) }
        sines = angles.map { sin($0) }
        var reversed = [Int](repeating: 0, count: count)
        for index in 1..<count { reversed[index] = reversed[index >> 1] >> 1 | (index & 1) << (exponent - 1) }
        self.reversed = reversed
    }

    /// Transforms in place; both arrays hold `count` values. The inverse is not scaled.
    func transform(real: inout [Double], imaginary: inout [Double], inverse: Bool = false) {
        precondition(real.count == count && imaginary.count == count)
        for index in 0..<count where index < reversed[index] {
            real.swapAt(index, reversed[index])
            imaginary.swapAt(index, reversed[index])
        }
        let sign = inverse ? -1.0 : 1.0
        var half = 1
        while half < count {
            let stride = count / (half * 2)
            for block in Swift.stride(from: 0, to: count, by: half * 2) {
                for offset in 0..<half {
                    let (c, s) = (cosines[offset * stride], sines[offset * stride] * sign)
                    let (low, high) = (block + offset, block + offset + half)
                    let re = real[high] * c - imaginary[high] * s
                    let im = real[high] * s + imaginary[high] * c
                    real[high] = real[low] - re
                    imaginary[high] = imaginary[low] - im
                    real[low] += re
                    imaginary[low] += im
                }
            }
            half *= 2
        }
    }
}

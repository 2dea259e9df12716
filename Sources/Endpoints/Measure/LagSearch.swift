/// Finds where two clips correlate most, over a range of lags, by Fourier transform in blocks: the cross-spectra of all blocks
/// are summed, so memory depends on the range of lags and not on the clips' length.
enum LagSearch {
    /// Reference samples taken per block.
    private static let blockCount = 4096

    /// The lags of the highest peaks, best first and well apart from each other.
    /// - Parameter count: how many at most.
    static func peaks(reference: [Int16], received: [Int16], lags: ClosedRange<Int>, count: Int = 6) -> [Int] {
        guard !reference.isEmpty, !received.isEmpty, lags.count <= 1 << 22 else { return [] }
        var exponent = 1
        while 1 << exponent < blockCount + lags.count { exponent += 1 }
        let transform = FourierTransform(exponent: exponent)
        var sumReal = [Double](repeating: 0, count: transform.count)
        var sumImaginary = sumReal

        var start = 0
        while start < reference.count {
            let end = min(start + blockCount, reference.count)
            // Both clips are real, so one transform of reference + i·received carries both spectra.
            var real = [Double](repeating: 0, count: transform.count)
            var imaginary = real
            for index in start..<end { real[index - start] = Double(reference[index]) }
            let first = start + lags.lowerBound
            for index in max(first, 0)..<max(first, 0, min(end + lags.upperBound, received.count)) {
                imaginary[index - first] = Double(received[index])
            }
            transform.transform(real: &real, imaginary: &imaginary)
            addCrossSpectrum(real, imaginary, to: &sumReal, &sumImaginary)
            start = end
        }
        transform.transform(real: &sumReal, imaginary: &sumImaginary, inverse: true)
        return highest(count, of: Array(sumReal.prefix(lags.count))).map { $0 + lags.lowerBound }
    }

    /// Adds conj(X)·Y, where X and Y are the spectra of the real and the imaginary input.
    private static func addCrossSpectrum(
        _ real: [Double], _ imaginary: [Double], to sumReal: inout [Double], _ sumImaginary: inout [Double]
    ) {
        let mask = real.count - 1
        for k in real.indices {
            let mirror = (real.count - k) & mask
            let xRe = (real[k] + real[mirror]) / 2
            let xIm = (imaginary[k] - imaginary[mirror]) / 2
            let yRe = (imaginary[k] + imaginary[mirror]) / 2
            let yIm = (real[mirror] - real[k]) / 2
            sumReal[k] += xRe * yRe + xIm * yIm
            sumImaginary[k] += xRe * yIm - xIm * yRe
        }
    }

    /// Indices of the highest local maxima, at least four apart: closer ones are refined together anyway.
    private static func highest(_ count: Int, of values: [Double]) -> [Int] {
        let maxima = values.indices.filter { index in
            (index == 0 || values[index] >= values[index - 1])
                && (index == values.count - 1 || values[index] >= values[index + 1])
        }
        var chosen: [Int] = []
        for index in maxima.sorted(by: { values[$0] > values[$1] }) where chosen.count < count {
            if chosen.allSatisfy({ abs($0 - index) >= 4 }) { chosen.append(index) }
        }
        return chosen
    }
}

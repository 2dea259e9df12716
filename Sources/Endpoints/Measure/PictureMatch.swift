/// Luma PSNR of received pictures against their own source pictures: mean and minimum over a call.
public struct PictureMatch: Hashable, Sendable {
    /// Pictures compared.
    public private(set) var count = 0
    /// Received pictures whose source was not found or has another size; they are in neither figure.
    public private(set) var unmatched = 0
    public private(set) var minimum: Double?
    private var sum = 0.0

    public init() {}

    /// - Parameter psnr: dB.
    public mutating func record(psnr: Double) {
        guard psnr.isFinite else { return recordUnmatched() }
        count += 1
        sum += psnr
        minimum = min(minimum ?? psnr, psnr)
    }

    public mutating func recordUnmatched() { unmatched += 1 }

    /// Whether at most one in a hundred pictures was without its source.
    public var isRepresentative: Bool { count > 0 && unmatched * 100 <= count + unmatched }

    /// The mean of the dB values, or nil before the first.
    public var mean: Double? { count > 0 ? sum / Double(count) : nil }
}

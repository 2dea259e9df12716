/// The straight line nearest to a number of points, by least squares.
struct LinearFit: Sendable {
    private var count = 0.0
    private var meanX = 0.0
    private var meanY = 0.0
    private var squares = 0.0
    private var products = 0.0

    mutating func add(_ x: Double, _ y: Double) {
        count += 1
        let distance = x - meanX
        meanX += distance / count
        meanY += (y - meanY) / count
        squares += distance * (x - meanX)
        products += distance * (y - meanY)
    }

    /// What y grows by with each unit of x; nil until two points differ in x.
    var slope: Double? { squares > 0 ? products / squares : nil }
}

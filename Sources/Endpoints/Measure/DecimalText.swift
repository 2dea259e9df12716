/// A number with a fixed count of decimals, as text. Values too large for that keep their own form.
public func fixed(_ value: Double, _ decimals: Int) -> String {
    var scale: Int64 = 1
    for _ in 0..<min(max(decimals, 0), 6) { scale *= 10 }
    guard let scaled = Int64(exactly: (value * Double(scale)).rounded()) else { return "\(value)" }
    let sign = scaled < 0 ? "-" : ""
    let whole = "\(sign)\(scaled.magnitude / scale.magnitude)"
    guard scale > 1 else { return whole }
    return whole + "." + String(scaled.magnitude % scale.magnitude + scale.magnitude).dropFirst()
}

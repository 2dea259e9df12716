/// The first byte of an Opus packet: how its frames are coded and how long each of them is (RFC 6716 section 3.1).
@frozen
public struct OpusTOC: RawRepresentable, Sendable, Hashable {
    public var rawValue: UInt8
    @inlinable public init(rawValue: UInt8) { self.rawValue = rawValue }

    public enum Mode: Sendable, Hashable { case silk, hybrid, celt }

    /// Audio bandwidth: 4, 6, 8, 12 and 20 kHz.
    public enum Bandwidth: Sendable, Hashable { case narrow, medium, wide, superWide, full }

    /// 0 ... 31.
    public var configuration: UInt8 { rawValue >> 3 }
    public var isStereo: Bool { rawValue & 4 != 0 }
    /// c: 0 one frame, 1 two of equal size, 2 two of their own sizes, 3 any number.
    public var frameCountCode: UInt8 { rawValue & 3 }

    public var mode: Mode { configuration < 12 ? .silk : configuration < 16 ? .hybrid : .celt }

    public var bandwidth: Bandwidth {
        switch configuration {
        case 0...3, 16...19: .narrow
        case 4...7: .medium
        case 8...11, 20...23: .wide
        case 12...13, 24...27: .superWide
        default: .full
        }
    }

    /// Length of one frame in 48 kHz samples: 120 (2.5 ms) ... 2880 (60 ms).
    public var samplesPerFrame: Int {
        let step = Int(configuration & 3)
        return switch mode {
        case .silk: step == 3 ? 2880 : 480 << step
        case .hybrid: 480 << (step & 1)
        case .celt: 120 << step
        }
    }
}

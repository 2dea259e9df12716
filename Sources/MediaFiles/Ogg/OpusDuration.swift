/// How long an Opus packet lasts, read from its first bytes (RFC 6716 §3.1, §3.2).
enum OpusDuration {
    /// Samples at 48 kHz per channel, or nil if the packet is empty, holds no frame, or lasts over 120 ms.
    static func samples(of packet: [UInt8]) -> Int? {
        guard let toc = packet.first else { return nil }
        let frames: Int
        switch toc & 3 {
        case 0: frames = 1
        case 1, 2: frames = 2
        default:
            guard packet.count >= 2 else { return nil }
            frames = Int(packet[1] & 0x3F)
        }
        let samples = frames * frameSamples(toc: toc)
        return (1...5760).contains(samples) ? samples : nil
    }

    /// Samples at 48 kHz of each frame of a packet that begins with `toc`.
    static func frameSamples(toc: UInt8) -> Int {
        let configuration = Int(toc >> 3)
        switch configuration {
        case 0..<12: return [480, 960, 1920, 2880][configuration % 4]
        case 12..<16: return [480, 960][configuration % 2]
        default: return [120, 240, 480, 960][configuration % 4]
        }
    }
}

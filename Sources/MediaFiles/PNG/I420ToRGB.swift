/// Turns 4:2:0 pictures of cameras and video codecs into RGB.
public enum I420ToRGB {
    /// Three bytes a pixel, rows from top to bottom. BT.601 with limited range (luma 16…235, chroma 16…240), as VP8
    /// carries it (RFC 6386 §9.2). Each chroma sample serves its four pixels. Planes are without padding, chroma (width
    /// + 1) / 2 by (height + 1) / 2; empty if a plane's size does not fit.
    public static func convert(width: Int, height: Int, y: [UInt8], u: [UInt8], v: [UInt8]) -> [UInt8] {
        let sides = 1...MediaFileLimits.pictureSide
        guard sides.contains(width), sides.contains(height) else { return [] }
        let chromaWidth = (width + 1) / 2
        let chromaCount = chromaWidth * ((height + 1) / 2)
        guard y.count == width * height, u.count == chromaCount, v.count == chromaCount else { return [] }

        var rgb: [UInt8] = []
        rgb.reserveCapacity(width * height * 3)
        for row in 0..<height {
            for column in 0..<width {
                let chroma = (row / 2) * chromaWidth + column / 2
                // Fixed point with 8 bits of fraction; 128 rounds.
                let luma = 298 * (Int(y[row * width + column]) - 16) + 128
                let blue = Int(u[chroma]) - 128
                let red = Int(v[chroma]) - 128
                rgb.append(UInt8(clamping: (luma + 409 * red) >> 8))
                rgb.append(UInt8(clamping: (luma - 100 * blue - 208 * red) >> 8))
                rgb.append(UInt8(clamping: (luma + 516 * blue) >> 8))
            }
        }
        return rgb
    }
}

internal import CZlib

/// Writes PNG pictures (ISO/IEC 15948): 8-bit RGB, not interlaced.
public enum PNG {
    /// A whole PNG file from `rgb`, three bytes a pixel, rows from top to bottom. Throws if the sizes do not fit.
    public static func encode(width: Int, height: Int, rgb: [UInt8]) throws(PNGError) -> [UInt8] {
        let sides = 1...MediaFileLimits.pictureSide
        guard sides.contains(width), sides.contains(height) else { throw .badSize(width: width, height: height) }
        guard rgb.count == width * height * 3 else {
            throw .wrongByteCount(expected: width * height * 3, got: rgb.count)
        }

        var header: [UInt8] = []
        header.appendBigEndian(UInt32(width))
        header.appendBigEndian(UInt32(height))
        // 8 bits, RGB, deflate, the one filter method, not interlaced.
        header += [8, 2, 0, 0, 0]

        var file: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
        append("IHDR", header, to: &file)
        append("IDAT", try deflate(filtered(rgb, rowBytes: width * 3)), to: &file)
        append("IEND", [], to: &file)
        return file
    }

    /// Encodes and writes a file. Throws `PNGError` or `MediaFileError`.
    public static func write(path: String, width: Int, height: Int, rgb: [UInt8]) throws {
        let bytes = try encode(width: width, height: height, rgb: rgb)
        var sink = try FileSink(path: path)
        try sink.write(bytes)
        try sink.finish()
    }

    /// Every row with the Paeth filter (type 4), which suits camera pictures.
    private static func filtered(_ rgb: [UInt8], rowBytes: Int) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(rgb.count + rgb.count / rowBytes)
        for row in stride(from: 0, to: rgb.count, by: rowBytes) {
            result.append(4)
            for index in row..<row + rowBytes {
                let left = index - row >= 3 ? rgb[index - 3] : 0
                let above = row > 0 ? rgb[index - rowBytes] : 0
                let corner = row > 0 && index - row >= 3 ? rgb[index - rowBytes - 3] : 0
                result.append(rgb[index] &- paeth(Int(left), Int(above), Int(corner)))
            }
        }
        return result
    }

    private static func paeth(_ left: Int, _ above: Int, _ corner: Int) -> UInt8 {
        let toLeft = abs(above - corner)
        let toAbove = abs(left - corner)
        let toCorner = abs(left + above - 2 * corner)
        if toLeft <= toAbove, toLeft <= toCorner { return UInt8(left) }
        return UInt8(toAbove <= toCorner ? above : corner)
    }

    private static func deflate(_ bytes: [UInt8]) throws(PNGError) -> [UInt8] {
        var length = compressBound(uLong(bytes.count))
        var result = [UInt8](repeating: 0, count: Int(length))
        let status = unsafe result.withUnsafeMutableBufferPointer { target in
            unsafe bytes.withUnsafeBufferPointer { source in
                unsafe compress2(target.baseAddress, &length, source.baseAddress, uLong(source.count), 6)
            }
        }
        guard status == Z_OK else { throw .compressionFailed(status: Int(status)) }
        result.removeSubrange(Int(length)...)
        return result
    }

    private static func append(_ name: StaticString, _ body: [UInt8], to file: inout [UInt8]) {
        file.appendBigEndian(UInt32(body.count))
        let start = file.count
        file.append(ascii: name)
        file += body
        let checksum = unsafe file[start...].withUnsafeBufferPointer { bytes in
            unsafe crc32(0, bytes.baseAddress, uInt(bytes.count))
        }
        file.appendBigEndian(UInt32(truncatingIfNeeded: checksum))
    }
}

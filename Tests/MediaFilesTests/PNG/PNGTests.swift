import MediaFiles
import TestSupport
import Testing

struct PNGTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Checks each chunk's checksum and answers the chunks' names with width and height.
    private let checker = """
        import struct, sys, zlib
        data = open(sys.argv[1], "rb").read()
        assert data[:8] == b"\\x89PNG\\r\\n\\x1a\\n"
        at, names, packed = 8, [], b""
        while at < len(data):
            size, name = struct.unpack(">I4s", data[at:at + 8])
            body = data[at + 8:at + 8 + size]
            assert struct.unpack(">I", data[at + 8 + size:at + 12 + size])[0] == zlib.crc32(name + body)
            if name == b"IHDR": header = struct.unpack(">IIBBBBB", body)
            if name == b"IDAT": packed += body
            names.append(name.decode())
            at += 12 + size
        assert len(zlib.decompress(packed)) == header[1] * (header[0] * 3 + 1)
        print(*names, *header)
        """

    @Test(arguments: [(1, 1), (3, 1), (1, 5), (17, 9), (160, 120)])
    func `ffmpeg and zlib read the pixels that we wrote`(width: Int, height: Int) throws {
        var generator = SeededGenerator(seed: UInt64(width * height))
        // Close values, so that every choice of the filter's predictor comes up, ties included.
        let rgb = (0..<width * height * 3).map { _ in UInt8.random(in: 96...111, using: &generator) }
        let path = folder.file("a.png")
        try PNG.write(path: path, width: width, height: height, rgb: rgb)
        #expect(try ffmpeg("-i", path, "-f", "rawvideo", "-pix_fmt", "rgb24", "-") == rgb)
        #expect(text(try run("python3", "-c", checker, path)) == "IHDR IDAT IEND \(width) \(height) 8 2 0 0 0\n")
    }

    @Test func `Sizes that do not fit are refused`() {
        #expect(throws: PNGError.badSize(width: 0, height: 1)) { try PNG.encode(width: 0, height: 1, rgb: []) }
        #expect(throws: PNGError.badSize(width: 1, height: 4097)) { try PNG.encode(width: 1, height: 4097, rgb: []) }
        #expect(throws: PNGError.badSize(width: .max, height: .max)) {
            try PNG.encode(width: .max, height: .max, rgb: [])
        }
        #expect(throws: PNGError.wrongByteCount(expected: 12, got: 11)) {
            try PNG.encode(width: 2, height: 2, rgb: [UInt8](repeating: 0, count: 11))
        }
        #expect(throws: MediaFileError.self) {
            try PNG.write(path: "/nowhere/a.png", width: 1, height: 1, rgb: [1, 2, 3])
        }
    }
}

struct I420ToRGBTests {
    /// Luma, blue chroma, red chroma of BT.601's corner colours, and their RGB.
    @Test(
        arguments: [
            ([16, 128, 128], [0, 0, 0]), ([235, 128, 128], [255, 255, 255]), ([126, 128, 128], [128, 128, 128]),
            ([81, 90, 240], [255, 0, 0]), ([145, 54, 34], [0, 255, 1]), ([41, 240, 110], [0, 0, 255]),
            ([0, 128, 128], [0, 0, 0]), ([255, 128, 128], [255, 255, 255]),
        ] as [([UInt8], [UInt8])])
    func `Corner colours come out`(yuv: [UInt8], rgb: [UInt8]) {
        let picture = I420ToRGB.convert(width: 1, height: 1, y: [yuv[0]], u: [yuv[1]], v: [yuv[2]])
        #expect(picture.count == 3)
        for (got, expected) in zip(picture, rgb) { #expect(abs(Int(got) - Int(expected)) <= 1, "\(picture) \(rgb)") }
    }

    @Test func `Each chroma sample serves its four pixels, also at odd edges`() {
        let rgb = I420ToRGB.convert(
            width: 3, height: 3, y: [UInt8](repeating: 126, count: 9), u: [128, 200, 128, 60], v: [128, 128, 128, 128])
        let blue = (0..<9).map { rgb[$0 * 3 + 2] }
        #expect(blue[0] == 128 && blue[1] == 128 && blue[3] == 128 && blue[4] == 128)
        #expect(blue[2] == 255 && blue[5] == 255)
        #expect(blue[6] == 128 && blue[7] == 128)
        #expect(blue[8] == 0)
    }

    @Test func `A camera picture looks as ffmpeg shows it`() throws {
        let folder = try TemporaryFolder()
        let path = folder.file("one.y4m")
        try ffmpeg("-i", Fixtures.path("customer.ivf"), "-frames:v", "1", path)
        var reader = try Y4MReader(path: path)
        let frame = try #require(try reader.next())
        let ours = I420ToRGB.convert(width: 640, height: 480, y: frame.y, u: frame.u, v: frame.v)
        let theirs = try ffmpeg("-i", path, "-f", "rawvideo", "-pix_fmt", "rgb24", "-")
        #expect(ours.count == theirs.count)
        var largest = 0
        for (a, b) in zip(ours, theirs) { largest = max(largest, abs(Int(a) - Int(b))) }
        #expect(largest <= 4)
    }

    @Test func `Planes that do not fit give nothing`() {
        #expect(I420ToRGB.convert(width: 2, height: 2, y: [1, 2, 3], u: [1], v: [1]).isEmpty)
        #expect(I420ToRGB.convert(width: 0, height: 2, y: [], u: [], v: []).isEmpty)
        #expect(I420ToRGB.convert(width: .max, height: .max, y: [], u: [], v: []).isEmpty)
    }
}

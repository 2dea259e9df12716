import Glibc
import Testing

@testable import MediaFiles

struct FileTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test func `A file that is missing, a folder and a forbidden place are named in the error`() throws {
        let missing = failure { () throws(MediaFileError) in _ = try FileSource(path: "/nowhere/clip.ivf") }
        #expect(missing?.description == "/nowhere/clip.ivf: cannot be opened: No such file or directory")
        let directory = failure { () throws(MediaFileError) in
            var source = try FileSource(path: "/")
            _ = try source.read(upTo: 1)
        }
        #expect(directory?.description == "/: at byte 0: cannot be read: Is a directory")
        let forbidden = failure { () throws(MediaFileError) in _ = try FileSink(path: "/nowhere/clip.ivf") }
        #expect(forbidden?.description == "/nowhere/clip.ivf: cannot be created: No such file or directory")
    }

    @Test func `A full disk is an error with its place`() throws {
        var sink = try FileSink(path: "/dev/full")
        do throws(MediaFileError) {
            try sink.write([1, 2, 3])
            try sink.finish()
            Issue.record("no error")
        } catch {
            #expect(error.description == "/dev/full: at byte 0: cannot be written: No space left on device")
        }
    }

    @Test func `A size that lies allocates no more than the file holds`() throws {
        let path = try folder.file("short", holding: [1, 2, 3])
        var source = try FileSource(path: path)
        let bytes = try source.read(upTo: 1 << 40)
        #expect(bytes == [1, 2, 3])
        #expect(bytes.capacity < 100_000)
    }

    @Test func `Reading, skipping and going back cross the buffer's end`() throws {
        let content = (0..<200_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let path = try folder.file("long", holding: content)
        var source = try FileSource(path: path)
        #expect(source.byteCount == 200_000)
        #expect(try source.read(exactly: 65_535, of: "a part") == Array(content[..<65_535]))
        #expect(
            try source.readLittleEndian(UInt16.self, of: "a field")
                == UInt16(content[65_535]) | UInt16(content[65_536]) << 8)
        try source.skip(100_000, of: "a gap")
        #expect(source.offset == 165_537)
        #expect(try source.readByte() == content[165_537])
        try source.skip(10, of: "a gap within the buffer")
        #expect(try source.readByte() == content[165_548])
        try source.seek(to: 3)
        #expect(try source.read(upTo: 4) == Array(content[3..<7]))
        try source.skip(199_993, of: "the rest")
        #expect(try source.isAtEnd())
        #expect(try source.readByte() == nil)
        #expect(try source.readLine(of: "a line") == nil)
    }

    @Test func `Skipping past the end is refused`() throws {
        let path = try folder.file("short", holding: [1, 2, 3])
        let error = failure { () throws(MediaFileError) in
            var source = try FileSource(path: path)
            _ = try source.readByte()
            try source.skip(3, of: "a chunk")
        }
        #expect(error?.description == "\(path): at byte 1: a chunk of 3 bytes, but only 2 follow")
    }

    @Test func `A patched field replaces what was written, and the rest stays`() throws {
        let path = folder.file("patched")
        var sink = try FileSink(path: path)
        try sink.write([UInt8](repeating: 7, count: 70_000))
        try sink.write([8])
        try sink.patch([1, 2], at: 4)
        try sink.write([9])
        try sink.finish()
        try sink.finish()
        var expected = [UInt8](repeating: 7, count: 70_000) + [8, 9]
        expected[4] = 1
        expected[5] = 2
        #expect(try bytes(ofFile: path) == expected)
    }

    @Test func `A sink that is dropped closes its file and keeps what was written`() throws {
        let path = folder.file("dropped")
        do {
            var sink = try FileSink(path: path)
            try sink.write([1, 2, 3])
        }
        #expect(try bytes(ofFile: path) == [1, 2, 3])
    }

    @Test func `Readers and sinks give their descriptors back`() throws {
        let path = try folder.file("many", holding: [1])
        for _ in 0..<3000 {
            _ = try FileSource(path: path)
            _ = try FileSink(path: folder.file("out"))
        }
    }
}

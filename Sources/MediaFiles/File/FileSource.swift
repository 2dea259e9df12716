import Glibc

/// A file that is read from front to back through a buffer of 64 KiB. It knows its place, so that errors can name it.
///
/// No read allocates more than the file really holds, whatever size the caller asks for.
struct FileSource: ~Copyable, Sendable {
    let path: String
    /// Bytes in the file when it was opened, or nil for a pipe or a device.
    let byteCount: Int?
    /// Offset of the next byte, counted from the start of the file.
    private(set) var offset = 0

    private let descriptor: CInt
    private var buffer = [UInt8](repeating: 0, count: 65_536)
    private var next = 0
    private var filled = 0

    init(path: String) throws(MediaFileError) {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw MediaFileError(path: path, what: "cannot be opened: \(Self.lastSystemError())")
        }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else {
            let reason = Self.lastSystemError()
            close(descriptor)
            throw MediaFileError(path: path, what: "cannot be examined: \(reason)")
        }
        self.path = path
        self.descriptor = descriptor
        byteCount = status.st_mode & S_IFMT == S_IFREG ? Int(status.st_size) : nil
    }

    deinit { close(descriptor) }

    /// An error at `offset`, or at the next byte.
    func failure(_ what: String, at offset: Int? = nil) -> MediaFileError {
        MediaFileError(path: path, offset: offset ?? self.offset, what: what)
    }

    /// Whether no byte is left.
    mutating func isAtEnd() throws(MediaFileError) -> Bool {
        if next == filled { try refill() }
        return next == filled
    }

    mutating func readByte() throws(MediaFileError) -> UInt8? {
        guard try !isAtEnd() else { return nil }
        defer {
            next += 1
            offset += 1
        }
        return buffer[next]
    }

    /// The next `count` bytes, or as many as are left.
    mutating func read(upTo count: Int) throws(MediaFileError) -> [UInt8] {
        var result: [UInt8] = []
        // Grown by what the file delivers beyond the first buffer, since `count` may lie.
        result.reserveCapacity(min(count, buffer.count))
        while result.count < count {
            guard try !isAtEnd() else { break }
            let part = min(count - result.count, filled - next)
            result.append(contentsOf: buffer[next..<next + part])
            next += part
            offset += part
        }
        return result
    }

    /// The next `count` bytes; throws where the file ends if it holds fewer. `what` names the thing being read.
    mutating func read(exactly count: Int, of what: String) throws(MediaFileError) -> [UInt8] {
        let bytes = try read(upTo: count)
        guard bytes.count == count else {
            throw failure("the file ends inside \(what), \(count - bytes.count) of \(count) bytes are missing")
        }
        return bytes
    }

    /// A little-endian field; throws if the file ends inside it.
    mutating func readLittleEndian<Value: FixedWidthInteger & UnsignedInteger>(
        _: Value.Type = Value.self, of what: String
    ) throws(MediaFileError) -> Value {
        let bytes = try read(exactly: Value.bitWidth / 8, of: what)
        guard let value = bytes.littleEndian(Value.self, at: 0) else { throw failure("the file ends inside \(what)") }
        return value
    }

    /// The bytes up to a line feed, which is taken too and left out; nil at the end of the file. Throws if the line is
    /// longer than `MediaFileLimits.lineBytes` or has no end.
    mutating func readLine(of what: String) throws(MediaFileError) -> [UInt8]? {
        guard try !isAtEnd() else { return nil }
        let start = offset
        var line: [UInt8] = []
        while let byte = try readByte() {
            if byte == UInt8(ascii: "\n") { return line }
            line.append(byte)
            guard line.count <= MediaFileLimits.lineBytes else {
                throw failure("\(what) is longer than the limit of \(MediaFileLimits.lineBytes) bytes", at: start)
            }
        }
        throw failure("the file ends inside \(what)")
    }

    /// Moves on by `count` bytes; throws if the file holds fewer.
    mutating func skip(_ count: Int, of what: String) throws(MediaFileError) {
        if let byteCount, count > filled - next {
            guard count <= byteCount - offset else {
                throw failure("\(what) of \(count) bytes, but only \(max(0, byteCount - offset)) follow")
            }
            return try seek(to: offset + count)
        }
        var left = count
        while left > 0 {
            guard try !isAtEnd() else { throw failure("the file ends inside \(what), \(left) bytes are missing") }
            let part = min(left, filled - next)
            next += part
            offset += part
            left -= part
        }
    }

    /// Goes to a place seen before; throws if the file is a pipe.
    mutating func seek(to target: Int) throws(MediaFileError) {
        guard lseek(descriptor, target, SEEK_SET) == target else {
            throw failure("cannot go to byte \(target): \(Self.lastSystemError())")
        }
        offset = target
        next = 0
        filled = 0
    }

    private mutating func refill() throws(MediaFileError) {
        next = 0
        filled = 0
        while true {
            let count = unsafe buffer.withUnsafeMutableBytes { bytes in
                unsafe Glibc.read(descriptor, bytes.baseAddress, bytes.count)
            }
            if count >= 0 {
                filled = count
                return
            }
            guard errno == EINTR else { throw failure("cannot be read: \(Self.lastSystemError())") }
        }
    }

    /// The system's words for `errno`.
    static func lastSystemError() -> String { unsafe String(cString: strerror(errno)) }
}

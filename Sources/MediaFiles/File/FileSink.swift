import Glibc

/// A file that is written from front to back through a buffer of 64 KiB; fields near its start can be patched at the
/// end.
///
/// Create, `write` …, `finish`. Dropped without `finish`, it keeps what was written so far and tells no error.
struct FileSink: ~Copyable, Sendable {
    let path: String
    /// Bytes written so far.
    private(set) var offset = 0

    private var descriptor: CInt
    private var buffer: [UInt8] = []
    private static let bufferSize = 65_536

    /// Creates the file, or empties it.
    init(path: String) throws(MediaFileError) {
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw MediaFileError(path: path, what: "cannot be created: \(FileSource.lastSystemError())")
        }
        self.path = path
        self.descriptor = descriptor
        buffer.reserveCapacity(Self.bufferSize)
    }

    deinit {
        guard descriptor >= 0 else { return }
        // Whoever drops a writer unfinished has an error of its own to tell.
        _ = unsafe buffer.withUnsafeBytes { bytes in unsafe Glibc.write(descriptor, bytes.baseAddress, bytes.count) }
        close(descriptor)
    }

    /// An error that is not about a place in the file.
    func failure(_ what: String) -> MediaFileError { MediaFileError(path: path, what: what) }

    mutating func write(_ bytes: [UInt8]) throws(MediaFileError) {
        buffer.append(contentsOf: bytes)
        offset += bytes.count
        if buffer.count >= Self.bufferSize { try flush() }
    }

    /// Overwrites bytes written before.
    mutating func patch(_ bytes: [UInt8], at place: Int) throws(MediaFileError) {
        try flush()
        let written = unsafe bytes.withUnsafeBytes { raw in
            unsafe pwrite(descriptor, raw.baseAddress, raw.count, place)
        }
        guard written == bytes.count else {
            throw MediaFileError(path: path, offset: place, what: "cannot be written: \(FileSource.lastSystemError())")
        }
    }

    /// Writes what is buffered and closes the file. Again, it does nothing.
    mutating func finish() throws(MediaFileError) {
        guard descriptor >= 0 else { return }
        try flush()
        let status = close(descriptor)
        descriptor = -1
        guard status == 0 else { throw failure("cannot be closed: \(FileSource.lastSystemError())") }
    }

    private mutating func flush() throws(MediaFileError) {
        guard descriptor >= 0 else { throw failure("is finished already") }
        var done = 0
        while done < buffer.count {
            let count = unsafe buffer.withUnsafeBytes { bytes in
                let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[done...])
                return unsafe Glibc.write(descriptor, rest.baseAddress, rest.count)
            }
            if count >= 0 {
                done += count
            } else if errno != EINTR {
                let reason = FileSource.lastSystemError()
                let place = offset - buffer.count + done
                buffer.removeAll(keepingCapacity: true)
                throw MediaFileError(path: path, offset: place, what: "cannot be written: \(reason)")
            }
        }
        buffer.removeAll(keepingCapacity: true)
    }
}

/// A picture that the customer took and sent, where the camera cannot be shown live. Its bytes are kept apart.
public struct Photo: Sendable, Hashable, Codable {
    /// Counts from 1 in each session.
    public let number: Int64
    public let at: WallTime
    public let format: PhotoFormat
    /// Bytes of the file.
    public let size: Int

    /// Photos of a session at most.
    public static let countLimit: Int64 = 20
    /// Largest file, in bytes.
    public static let sizeLimit = 8 << 20

    public init(number: Int64, at: WallTime, format: PhotoFormat, size: Int) {
        self.number = number
        self.at = at
        self.format = format
        self.size = size
    }
}

/// The kinds of files that every browser shows.
public enum PhotoFormat: String, Sendable, CaseIterable, Codable {
    case jpeg = "image/jpeg"
    case png = "image/png"
    case webP = "image/webp"

    /// What the file's own first bytes say; nil for anything else, whatever it is called.
    public init?(of bytes: some Collection<UInt8>) {
        let head = Array(bytes.prefix(12))
        if head.starts(with: [0xFF, 0xD8, 0xFF]) {
            self = .jpeg
        } else if head.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
            self = .png
        } else if head.count == 12, head.starts(with: Array("RIFF".utf8)), head[8...].elementsEqual("WEBP".utf8) {
            self = .webP
        } else {
            return nil
        }
    }
}

/// A photo on its way into the store, checked.
public struct NewPhoto: Sendable, Hashable {
    public let format: PhotoFormat
    public let bytes: [UInt8]

    /// - Throws: `invalid` for what is no picture, or too large.
    public init(_ bytes: [UInt8]) throws(SessionError) {
        guard let format = PhotoFormat(of: bytes) else {
            throw .invalid(field: "photo", "must be a picture: JPEG, PNG or WebP")
        }
        guard bytes.count <= Photo.sizeLimit else {
            throw .invalid(field: "photo", "may have at most \(Photo.sizeLimit) bytes")
        }
        self.format = format
        self.bytes = bytes
    }

    /// The photo as it is kept.
    public func photo(_ number: Int64, at now: WallTime) -> Photo {
        Photo(number: number, at: now, format: format, size: bytes.count)
    }
}

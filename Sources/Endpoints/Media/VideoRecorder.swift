public import Codecs
import Foundation
import MediaFiles
public import MediaWire

/// Writes what was seen of a feed into a folder: `received.ivf` as it came, `received.y4m` if wanted, and `snapshot.png`.
public struct VideoRecorder: ~Copyable {
    public struct Options: Hashable, Sendable {
        /// Existing or not; made if needed.
        public var folder: String
        /// Decoded pictures too: 14 MB a second at 640x480.
        public var writesY4M = false
        /// Seconds from the first picture to the snapshot; nil for the last picture.
        public var snapshotSeconds: Double?

        public init(folder: String) { self.folder = folder }
    }

    private let options: Options
    private var ivf: IVFWriter?
    private var y4m: Y4MWriter?
    private var y4mSize = (width: 0, height: 0)
    private var firstTimestamp: RTPTimestamp?
    /// 90 kHz ticks since the first frame, past the 32 bits of RTP.
    private var ticks: Int64 = 0
    private var lastTimestamp = RTPTimestamp(rawValue: 0)
    private var last: I420Frame?
    private var hasSnapshot = false
    /// Pictures left out of the Y4M file because their size is not the first one's.
    public private(set) var picturesOfOtherSize = 0

    /// - Throws: `EndpointError.unwritable`.
    public init(_ options: Options) throws(EndpointError) {
        self.options = options
        try makeFolder(options.folder)
    }

    /// A frame as it came, and what the decoder made of it, if anything.
    /// - Parameter timestamp: RTP, 90 kHz.
    public mutating func record(_ data: [UInt8], timestamp: RTPTimestamp, picture: I420Frame?) throws {
        advance(to: timestamp)
        // The file's header names a size, which the first picture tells.
        if ivf == nil, let picture {
            ivf = try IVFWriter(
                path: options.folder + "/received.ivf", fourCC: "VP80", width: picture.width, height: picture.height,
                timebaseDenominator: 90_000, timebaseNumerator: 1)
        }
        try ivf?.write(data, timestamp: UInt64(max(0, ticks)))
        guard let picture else { return }
        last = picture
        if options.writesY4M { try writeY4M(picture) }
        if let seconds = options.snapshotSeconds, !hasSnapshot, Double(ticks) >= seconds * 90_000 {
            try writeSnapshot(picture)
        }
    }

    /// Ends the files; the last picture becomes the snapshot if there is none yet.
    public mutating func finish() throws {
        try ivf?.finish()
        try y4m?.finish()
        if !hasSnapshot, let last { try writeSnapshot(last) }
    }

    private mutating func advance(to timestamp: RTPTimestamp) {
        if firstTimestamp == nil {
            firstTimestamp = timestamp
        } else {
            ticks += Int64(Int32(bitPattern: timestamp.rawValue &- lastTimestamp.rawValue))
        }
        lastTimestamp = timestamp
    }

    private mutating func writeY4M(_ picture: I420Frame) throws {
        if y4m == nil {
            y4mSize = (picture.width, picture.height)
            y4m = try Y4MWriter(path: options.folder + "/received.y4m", width: picture.width, height: picture.height)
        }
        guard y4mSize == (picture.width, picture.height) else {
            picturesOfOtherSize += 1
            return
        }
        try y4m?.write(y: picture.y, u: picture.u, v: picture.v)
    }

    private mutating func writeSnapshot(_ picture: I420Frame) throws {
        let rgb = I420ToRGB.convert(
            width: picture.width, height: picture.height, y: picture.y, u: picture.u, v: picture.v)
        try PNG.write(path: options.folder + "/snapshot.png", width: picture.width, height: picture.height, rgb: rgb)
        hasSnapshot = true
    }
}

func makeFolder(_ path: String) throws(EndpointError) {
    do {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
        throw .unwritable(path: path, reason: "the folder cannot be made")
    }
}

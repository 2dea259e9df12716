import MediaFiles
import Testing

// Each function reads a whole file with the reader under test. No broken file may make it take more steps than it has
// bytes.

func readIVF(_ path: String) throws(MediaFileError) -> [IVFFrame] {
    var reader = try IVFReader(path: path)
    var frames: [IVFFrame] = []
    while let frame = try reader.next() { frames.append(frame) }
    return frames
}

func readY4M(_ path: String) throws(MediaFileError) -> [Y4MFrame] {
    var reader = try Y4MReader(path: path)
    var frames: [Y4MFrame] = []
    while let frame = try reader.next() { frames.append(frame) }
    return frames
}

func readWAV(_ path: String, framesPerRead: Int = 480) throws(MediaFileError) -> [Int16] {
    var reader = try WAVReader(path: path)
    var samples: [Int16] = []
    while true {
        let more = try reader.read(frames: framesPerRead)
        if more.isEmpty { return samples }
        samples += more
    }
}

func readOpus(_ path: String) throws(MediaFileError) -> [OggOpusPacket] {
    var reader = try OggOpusReader(path: path)
    var packets: [OggOpusPacket] = []
    while let packet = try reader.next() { packets.append(packet) }
    return packets
}

/// The error that `body` ends with; records an issue if it succeeds.
func failure(
    sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws(MediaFileError) -> Void
) -> MediaFileError? {
    do {
        try body()
        Issue.record("no error", sourceLocation: sourceLocation)
        return nil
    } catch {
        return error
    }
}

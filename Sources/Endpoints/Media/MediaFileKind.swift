import Foundation

/// The kinds of media files that endpoints take, told by their first bytes and not by their names.
enum MediaFileKind: Hashable, Sendable {
    case ivf, y4m, wav, oggOpus

    /// - Throws: `EndpointError.unreadable`, or `unsupportedMedia` if it is none of them.
    init(path: String) throws(EndpointError) {
        var isFolder: ObjCBool = false
        guard unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw .unreadable(path: path, reason: "there is no such file")
        }
        guard !isFolder.boolValue, let handle = FileHandle(forReadingAtPath: path) else {
            throw .unreadable(path: path, reason: isFolder.boolValue ? "it is a folder" : "not permitted")
        }
        let head = Array((try? handle.read(upToCount: 12)) ?? Data())
        try? handle.close()
        switch true {
        case head.starts(with: Array("DKIF".utf8)): self = .ivf
        case head.starts(with: Array("YUV4MPEG2 ".utf8)): self = .y4m
        case head.starts(with: Array("RIFF".utf8)): self = .wav
        case head.starts(with: Array("OggS".utf8)): self = .oggOpus
        default:
            throw .unsupportedMedia(
                path: path, reason: "take video as VP8 in IVF or as Y4M, sound as 48 kHz WAV or as Opus in Ogg")
        }
    }
}

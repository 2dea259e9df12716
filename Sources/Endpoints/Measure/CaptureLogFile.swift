import Foundation
public import MediaWire
import Synchronization

/// Writes a capture log as lines of JSON, each at once, so that another process can follow while the call goes on.
public final class CaptureLogWriter: Sendable {
    private let path: String
    private let handle: Mutex<FileHandle>

    /// Makes the file, or empties it.
    /// - Throws: `EndpointError.unwritable`.
    public init(path: String) throws(EndpointError) {
        guard FileManager.default.createFile(atPath: path, contents: nil),
            let handle = FileHandle(forWritingAtPath: path)
        else { throw .unwritable(path: path, reason: "the file cannot be made") }
        self.path = path
        self.handle = Mutex(handle)
    }

    public func writeFrame(_ index: Int, at time: NTPTimestamp) throws(EndpointError) {
        try write(.frame(index: index, time: time))
    }

    public func writeAudioStart(_ start: CaptureLog.AudioStart) throws(EndpointError) { try write(.audioStart(start)) }
    public func writeTotals(_ totals: CaptureLog.Totals) throws(EndpointError) { try write(.totals(totals)) }

    private func write(_ line: CaptureLogLine) throws(EndpointError) {
        let data = Data((line.text + "\n").utf8)
        let written = handle.withLock { handle in (try? handle.write(contentsOf: data)) != nil }
        if !written { throw .unwritable(path: path, reason: "the write failed") }
    }
}

/// Follows a capture log file that another process writes.
public struct CaptureLogReader {
    public let log: CaptureLog
    /// Lines that were none of ours.
    public private(set) var malformedLines = 0
    private let path: String
    private var handle: FileHandle?
    private var pending: [UInt8] = []

    /// The file need not be there yet.
    public init(path: String, into log: CaptureLog) {
        self.path = path
        self.log = log
    }

    /// Takes in what was written since the last call. A file that is not there yet is no error.
    /// - Throws: `EndpointError.unreadable`.
    public mutating func poll() throws(EndpointError) {
        if handle == nil { handle = FileHandle(forReadingAtPath: path) }
        guard let handle else { return }
        while true {
            let data: Data?
            do { data = try handle.read(upToCount: 65_536) } catch {
                throw .unreadable(path: path, reason: "\(error)")
            }
            guard let data, !data.isEmpty else { return }
            take(data)
        }
    }

    private mutating func take(_ data: Data) {
        let newline = UInt8(ascii: "\n")
        pending.append(contentsOf: data)
        guard let end = pending.lastIndex(of: newline) else {
            if pending.count > CaptureLogLine.limit { pending.removeAll() }
            return
        }
        for line in pending[..<end].split(separator: newline) { apply(String(decoding: line, as: UTF8.self)) }
        pending.removeFirst(end + 1)
    }

    private mutating func apply(_ text: String) {
        switch CaptureLogLine(text) {
        case .frame(let index, let time): log.recordFrame(index, at: time)
        case .audioStart(let start): log.recordAudioStart(start)
        case .totals(let totals): log.recordTotals(totals)
        case nil: malformedLines += 1
        }
    }
}

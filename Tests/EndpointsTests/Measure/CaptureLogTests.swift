import Foundation
import MediaWire
import TestSupport
import Testing

@testable import Endpoints

@Suite struct CaptureLogTests {
    let start = NTPTimestamp(unixNanoseconds: 1_795_000_000_000_000_000)

    private func time(_ frame: Int) -> NTPTimestamp {
        start.advanced(byNanoseconds: Int64(frame) * 33_333_333)
    }

    @Test func frameIsFoundByItsCaptureTimeAndByNoOther() {
        let log = CaptureLog()
        for frame in 0..<100 { log.recordFrame(frame % 60, at: time(frame)) }
        for frame in 0..<100 { #expect(log.frame(at: time(frame)) == frame % 60) }
        #expect(log.frame(at: time(40).advanced(byNanoseconds: 4_000_000)) == 40)
        #expect(log.frame(at: time(40).advanced(byNanoseconds: -4_000_000)) == 40)
        #expect(log.frame(at: time(40).advanced(byNanoseconds: 16_000_000)) == nil)
        #expect(log.frame(at: time(-1)) == nil)
        #expect(log.frame(at: time(100)) == nil)
        #expect(log.frame(at: NTPTimestamp(rawValue: 0)) == nil)
        #expect(log.frame(at: NTPTimestamp(rawValue: .max)) == nil)
    }

    @Test func oldestFramesAreForgottenAtTheLimit() {
        let log = CaptureLog(limit: 10)
        for frame in 0..<1000 { log.recordFrame(frame, at: time(frame)) }
        #expect(log.frameCount <= 10)
        #expect(log.frame(at: time(999)) == 999)
        #expect(log.frame(at: time(0)) == nil)
    }

    @Test func timeThatDoesNotGrowIsIgnored() {
        let log = CaptureLog()
        log.recordFrame(1, at: time(1))
        log.recordFrame(0, at: time(0))
        log.recordFrame(2, at: time(1))
        #expect(log.frameCount == 1)
    }

    @Test func fileBringsTheSameFramesToAnotherProcess() throws {
        let path = NSTemporaryDirectory() + "capture-\(UUID().uuidString).jsonl"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let log = CaptureLog()
        var reader = CaptureLogReader(path: path, into: log)
        try reader.poll()
        let writer = try CaptureLogWriter(path: path)
        try reader.poll()
        #expect(log.frameCount == 0)
        for frame in 0..<50 {
            try writer.writeFrame(frame, at: time(frame))
            if frame == 20 { try reader.poll() }
        }
        let audio = CaptureLog.AudioStart(time: time(3), sampleRate: 48_000)
        try writer.writeAudioStart(audio)
        let totals = CaptureLog.Totals(framesCaptured: 50, framesSent: 49, samplesCaptured: 80_000)
        try writer.writeTotals(totals)
        try reader.poll()
        for frame in 0..<50 { #expect(log.frame(at: time(frame), toleranceNanoseconds: 0) == frame) }
        #expect(log.audioStart == audio)
        #expect(log.totals == totals)
        #expect(reader.malformedLines == 0)
    }

    @Test func damagedLinesAreCountedAndNeverTrap() throws {
        let lines = [
            CaptureLogLine.frame(index: 7, time: start), .audioStart(.init(time: start, sampleRate: 48_000)),
            .totals(.init(framesCaptured: 3, framesSent: 2, samplesCaptured: 1)),
        ]
        for line in lines { #expect(CaptureLogLine(line.text) == line) }
        var mutator = Mutator(seed: 77)
        for round in 0..<2000 {
            let line = lines[round % lines.count]
            let text = String(decoding: mutator.mutate(Array(line.text.utf8)), as: UTF8.self)
            if let parsed = CaptureLogLine(text) { #expect(CaptureLogLine(parsed.text) == parsed, "seed 77, \(round)") }
        }
        for text in ["", "{}", "null", #"{"frame":-1,"captured":"0"}"#, #"{"frame":1,"captured":"xyz"}"#, "[", "1"] {
            #expect(CaptureLogLine(text) == nil)
        }
    }

    @Test func logThatCannotBeWrittenSaysSo() {
        #expect(throws: EndpointError.self) { try CaptureLogWriter(path: "/nonexistent-folder/log.jsonl") }
    }
}

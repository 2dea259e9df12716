import FoundationEssentials
import MediaWire

/// One line of a capture log file: a JSON object with exactly one of these.
enum CaptureLogLine: Hashable, Sendable {
    case frame(index: Int, time: NTPTimestamp)
    case audioStart(CaptureLog.AudioStart)
    case totals(CaptureLog.Totals)

    /// Longest line that is read; our own are under 150 bytes.
    static let limit = 1024

    private struct Fields: Codable {
        var frame: Int?
        /// 16 hexadecimal digits of an NTP timestamp: a JSON number cannot hold 64 bits everywhere.
        var captured: String?
        var audioSampleRate: Int?
        var totals: CaptureLog.Totals?
    }

    /// Nil for anything that is not a line of this form.
    init?(_ text: some StringProtocol) {
        guard text.utf8.count <= Self.limit,
            let fields = try? JSONDecoder().decode(Fields.self, from: Data(text.utf8))
        else { return nil }
        if let totals = fields.totals {
            self = .totals(totals)
            return
        }
        guard let captured = fields.captured, let raw = UInt64(captured, radix: 16) else { return nil }
        let time = NTPTimestamp(rawValue: raw)
        if let frame = fields.frame, frame >= 0 {
            self = .frame(index: frame, time: time)
        } else if let rate = fields.audioSampleRate, rate > 0 {
            self = .audioStart(CaptureLog.AudioStart(time: time, sampleRate: rate))
        } else {
            return nil
        }
    }

    /// Without the newline.
    var text: String {
        switch self {
        case .frame(let index, let time): #"{"frame":\#(index),"captured":"\#(Self.hex(time))"}"#
        case .audioStart(let start):
            #"{"audioSampleRate":\#(start.sampleRate),"captured":"\#(Self.hex(start.time))"}"#
        case .totals(let totals):
            #"{"totals":{"framesCaptured":\#(totals.framesCaptured),"framesSent":\#(totals.framesSent),"#
                + #""samplesCaptured":\#(totals.samplesCaptured)}}"#
        }
    }

    private static func hex(_ time: NTPTimestamp) -> String {
        let digits = String(time.rawValue, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

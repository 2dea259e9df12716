/// The identification header of Ogg Opus (RFC 7845 §5.1), for mono and stereo (mapping family 0).
struct OpusHead: Equatable, Sendable {
    /// 1 or 2.
    var channels: Int
    /// Samples at 48 kHz to drop from the start of what the decoder gives.
    var preSkip: Int
    /// Hz of what went into the encoder, for information; 0 where not known.
    var inputSampleRate: Int
    /// In 1/256 dB, to be applied after decoding.
    var outputGain: Int = 0

    init(channels: Int, preSkip: Int, inputSampleRate: Int) {
        self.channels = channels
        self.preSkip = preSkip
        self.inputSampleRate = inputSampleRate
    }

    /// Parses the header packet, which begins at `offset` of the file at `path`.
    init(packet: [UInt8], path: String, offset: Int) throws(MediaFileError) {
        func failed(_ place: Int, _ what: String) -> MediaFileError {
            MediaFileError(path: path, offset: offset + place, what: what)
        }
        guard packet.spells("OpusHead") else {
            throw failed(0, "not Ogg Opus: the stream does not begin with OpusHead")
        }
        guard packet.count >= 19, let preSkip: UInt16 = packet.littleEndian(at: 10),
            let rate: UInt32 = packet.littleEndian(at: 12), let gain: UInt16 = packet.littleEndian(at: 16)
        else { throw failed(0, "OpusHead of \(packet.count) bytes, less than 19") }
        // Versions up to 15 are compatible.
        guard (1...15).contains(packet[8]) else { throw failed(8, "OpusHead version \(packet[8]) is not supported") }
        guard packet[18] == 0 else {
            throw failed(18, "channel mapping family \(packet[18]) is not supported, only mono and stereo (family 0)")
        }
        guard (1...2).contains(packet[9]) else { throw failed(9, "\(packet[9]) channels, only 1 and 2 are supported") }
        channels = Int(packet[9])
        self.preSkip = Int(preSkip)
        inputSampleRate = Int(rate)
        outputGain = Int(Int16(bitPattern: gain))
    }

    var packet: [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(ascii: "OpusHead")
        bytes += [1, UInt8(clamping: channels)]
        bytes.appendLittleEndian(UInt16(clamping: preSkip))
        bytes.appendLittleEndian(UInt32(clamping: inputSampleRate))
        bytes.appendLittleEndian(UInt16(bitPattern: Int16(clamping: outputGain)))
        bytes.append(0)
        return bytes
    }
}

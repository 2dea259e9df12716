internal import COpus

/// An Opus decoder (RFC 6716) over libopus for untrusted input, at 48 kHz. Mono and stereo packets both decode to the
/// channels asked for. Each packet, lost ones too, is one call in the order of their times.
public struct OpusDecoder: ~Copyable, Sendable {
    /// Hz.
    public static let sampleRate = 48_000
    static let sampleRate32: Int32 = 48_000
    /// The longest packet: 120 ms in samples of each channel.
    public static let packetSampleLimit = 5760
    /// The shortest step of time: 2.5 ms in samples of each channel.
    public static let sampleStep = 120

    /// 1 or 2.
    public let channels: Int
    private let handle: OpusDecoderHandle

    /// - Throws: `CodecError.invalidArgument` for channels other than 1 and 2, `library` if libopus fails.
    public init(channels: Int = 1) throws(CodecError) {
        guard (1...2).contains(channels) else { throw .invalidArgument("channel count \(channels) is outside 1 to 2") }
        handle = try OpusDecoderHandle(channels: channels)
        self.channels = channels
    }

    /// Decodes one packet of 2.5 to 120 ms.
    /// - Throws: `CodecError.damagedInput` if it is not an Opus packet (RFC 6716 section 3.4); the decoder stays
    ///   usable.
    public mutating func decode(_ packet: [UInt8]) throws(CodecError) -> PCMBuffer {
        guard !packet.isEmpty else { throw .damagedInput("an empty Opus packet") }
        let samples = unsafe packet.withUnsafeBufferPointer { bytes -> Int32 in
            guard let start = bytes.baseAddress else { return OPUS_INVALID_PACKET }
            return unsafe opus_packet_get_nb_samples(start, Int32(clamping: bytes.count), Self.sampleRate32)
        }
        guard samples > 0, Int(samples) <= Self.packetSampleLimit else { throw .damagedInput(opusText(samples)) }
        return try run(packet, samplesPerChannel: Int(samples), fec: false)
    }

    /// Makes up for a lost packet from the copy that the packet after it carries. Without a copy in there this is
    /// `conceal`.
    ///
    /// Call it in place of the lost packet, then `decode` for `next` itself.
    /// - Parameter samplesPerChannel: the length of the lost packet, a multiple of 120 from 120 to 5760.
    /// - Throws: `CodecError.invalidArgument` for another length, `damagedInput` if `next` is not an Opus packet.
    public mutating func decodeFEC(from next: [UInt8], samplesPerChannel: Int) throws(CodecError) -> PCMBuffer {
        guard !next.isEmpty else { throw .damagedInput("an empty Opus packet") }
        try Self.check(samplesPerChannel)
        return try run(next, samplesPerChannel: samplesPerChannel, fec: true)
    }

    /// Makes up for a lost packet from what was heard before it.
    /// - Parameter samplesPerChannel: the length of the lost packet, a multiple of 120 from 120 to 5760.
    /// - Throws: `CodecError.invalidArgument` for another length.
    public mutating func conceal(samplesPerChannel: Int) throws(CodecError) -> PCMBuffer {
        try Self.check(samplesPerChannel)
        return try run([], samplesPerChannel: samplesPerChannel, fec: false)
    }

    private static func check(_ samples: Int) throws(CodecError) {
        guard (sampleStep...packetSampleLimit).contains(samples), samples.isMultiple(of: sampleStep) else {
            throw .invalidArgument(
                "\(samples) samples, not a multiple of \(sampleStep) from \(sampleStep) to \(packetSampleLimit)")
        }
    }

    /// Runs the library on a packet, or on none to conceal.
    private mutating func run(_ packet: [UInt8], samplesPerChannel: Int, fec: Bool) throws(CodecError) -> PCMBuffer {
        let pointer = unsafe handle.pointer
        let channels = channels
        var decoded: Int32 = 0
        let samples = unsafe [Int16](unsafeUninitializedCapacity: samplesPerChannel * channels) { buffer, count in
            guard let output = buffer.baseAddress else { return }
            decoded = unsafe packet.withUnsafeBufferPointer { bytes in
                unsafe opus_decode(
                    pointer, bytes.isEmpty ? nil : bytes.baseAddress, Int32(clamping: bytes.count),
                    output, Int32(clamping: samplesPerChannel), fec ? 1 : 0)
            }
            count = min(max(0, Int(decoded)), samplesPerChannel) * channels
        }
        guard decoded > 0 else { throw .damagedInput(opusText(decoded)) }
        return PCMBuffer(samples: samples, channels: channels, sampleRate: Self.sampleRate)
    }
}

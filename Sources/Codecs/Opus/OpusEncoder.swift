internal import COpus

/// An Opus encoder (RFC 6716) over libopus, at 48 kHz, one packet per frame.
public struct OpusEncoder: ~Copyable, Sendable {
    /// Hz.
    public static let sampleRate = 48_000
    /// The longest packet in bytes: room for 60 ms at the highest bit rate.
    public static let packetLimit = 4000

    /// The settings in force.
    public private(set) var configuration: Configuration
    /// How far the decoded sound lags behind the input, in samples of 48 kHz, to within 0.1 ms: the pre-skip of a file
    /// (RFC 7845 section 4.2).
    public let lookahead: Int
    private let handle: OpusEncoderHandle
    private var scratch = [UInt8](repeating: 0, count: OpusEncoder.packetLimit)

    /// - Throws: `CodecError.invalidArgument` for a value outside its range, `library` if libopus fails.
    public init(_ configuration: Configuration = Configuration()) throws(CodecError) {
        try configuration.validate()
        let application = configuration.application == .voip ? OPUS_APPLICATION_VOIP : OPUS_APPLICATION_AUDIO
        let handle = try OpusEncoderHandle(channels: configuration.channels, application: application)
        try Self.apply(configuration, to: handle)
        var samples: Int32 = 0
        try handle.check(unsafe copus_get_lookahead(handle.pointer, &samples), "reading the look-ahead")
        lookahead = Int(samples)
        self.handle = handle
        self.configuration = configuration
    }

    private static func apply(
        _ configuration: Configuration, to handle: borrowing OpusEncoderHandle
    ) throws(CodecError) {
        let pointer = unsafe handle.pointer
        let bitrate = Int32(clamping: configuration.bitrate)
        let complexity = Int32(clamping: configuration.complexity)
        let loss = Int32(clamping: configuration.expectedLossPercent)
        try handle.check(unsafe copus_set_bitrate(pointer, bitrate), "setting the bit rate")
        try handle.check(unsafe copus_set_complexity(pointer, complexity), "setting the complexity")
        try handle.check(unsafe copus_set_inband_fec(pointer, configuration.inBandFEC ? 1 : 0), "setting in-band FEC")
        try handle.check(unsafe copus_set_packet_loss_percent(pointer, loss), "setting the expected loss")
        try handle.check(unsafe copus_set_dtx(pointer, configuration.dtx ? 1 : 0), "setting DTX")
    }

    /// Encodes one frame: exactly `configuration.frameDuration` of 48 kHz sound with the configured channels.
    ///
    /// - Returns: the packet. With DTX, one of at most 2 bytes need not be sent (see `isSilence`).
    /// - Throws: `CodecError.invalidArgument` if the sound does not fit the settings.
    public mutating func encode(_ pcm: PCMBuffer) throws(CodecError) -> [UInt8] {
        let expected = configuration.frameDuration.samplesPerChannel
        guard pcm.sampleRate == Self.sampleRate, pcm.channels == configuration.channels,
            pcm.samples.count == expected * configuration.channels
        else {
            let want = "\(expected) samples of \(configuration.channels) channels at \(Self.sampleRate) Hz"
            let got = "\(pcm.samples.count) values of \(pcm.channels) channels at \(pcm.sampleRate) Hz"
            throw .invalidArgument("the Opus encoder takes \(want), not \(got)")
        }
        let pointer = unsafe handle.pointer
        let length = unsafe scratch.withUnsafeMutableBufferPointer { packet in
            unsafe pcm.samples.withUnsafeBufferPointer { samples -> Int32 in
                guard let input = samples.baseAddress, let output = packet.baseAddress else { return OPUS_BAD_ARG }
                return unsafe opus_encode(
                    pointer, input, Int32(clamping: expected), output, Int32(clamping: packet.count))
            }
        }
        try handle.check(length, "encoding an Opus frame")
        return Array(scratch.prefix(Int(length)))
    }

    /// True for a packet with which DTX says that silence goes on; it need not be sent.
    public static func isSilence(_ packet: [UInt8]) -> Bool { packet.count <= 2 }

    /// Changes the bit rate from the next frame on. Bit/s, 6,000...510,000.
    /// - Throws: `CodecError.invalidArgument` for a value outside the range.
    public mutating func setBitrate(_ bitsPerSecond: Int) throws(CodecError) {
        var changed = configuration
        changed.bitrate = bitsPerSecond
        try reconfigure(changed)
    }

    /// Tells the encoder the share of packets that get lost, in percent, 0...100: it spends more on FEC when it is
    /// high.
    /// - Throws: `CodecError.invalidArgument` for a value outside the range.
    public mutating func setExpectedLoss(percent: Int) throws(CodecError) {
        var changed = configuration
        changed.expectedLossPercent = percent
        try reconfigure(changed)
    }

    private mutating func reconfigure(_ changed: Configuration) throws(CodecError) {
        try changed.validate()
        try Self.apply(changed, to: handle)
        configuration = changed
    }
}

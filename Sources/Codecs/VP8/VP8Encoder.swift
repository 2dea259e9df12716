internal import CVPX

/// A live VP8 encoder (RFC 6386) over libvpx: constant bit rate, real-time deadline, no look-ahead; each picture goes
/// in and its frame comes out in the same call. Every inter frame may refer to all earlier ones back to the last
/// keyframe.
public struct VP8Encoder: ~Copyable, Sendable {
    /// The unit of timestamps, as RTP counts video (RFC 7741 section 4.1).
    public static let ticksPerSecond = 90_000

    /// The largest timestamp; the library multiplies it by about 111 in 64 bits.
    private static let timestampLimit: Int64 = 1 << 48

    /// The settings in force.
    public private(set) var configuration: Configuration
    /// The quantiser of the last frame, 0 (fine) to 63 (coarse); nil before the first.
    public private(set) var lastQuantizer: Int?
    private var context: VPXContext
    /// The library's memory is laid out for this size; within it a resize keeps the encoder.
    private var allocatedWidth: Int
    private var allocatedHeight: Int
    private var lastTimestamp: Int64?
    /// Asked for and not made yet, because the encoder dropped the frame or was resized.
    private var isKeyframePending = true

    /// - Throws: `CodecError.invalidArgument` for a value outside its range, `library` if libvpx fails.
    public init(_ configuration: Configuration) throws(CodecError) {
        try configuration.validate()
        context = try Self.open(configuration)
        self.configuration = configuration
        allocatedWidth = configuration.width
        allocatedHeight = configuration.height
    }

    private static func open(_ configuration: Configuration) throws(CodecError) -> VPXContext {
        let context = unsafe try VPXContext.encoder(configuration.library())
        try configuration.apply(to: context)
        return context
    }

    /// Encodes one picture.
    ///
    /// - Parameters:
    ///   - frame: of the configured size.
    ///   - timestamp: capture time in ticks of 90 kHz, from 0 to 2^48, greater than that of the call before.
    ///   - forceKeyframe: makes the frame stand alone.
    /// - Returns: the frame, or nil if the encoder dropped it (only with `dropsFrames`); a keyframe asked for is then
    ///   made next.
    /// - Throws: `CodecError.invalidArgument` if picture or timestamp do not fit, `library` if libvpx fails.
    public mutating func encode(
        _ frame: I420Frame, at timestamp: Int64, forceKeyframe: Bool = false
    ) throws(CodecError) -> EncodedVideoFrame? {
        try check(frame, timestamp)
        isKeyframePending = isKeyframePending || forceKeyframe
        lastTimestamp = timestamp
        let flags = isKeyframePending ? vpx_enc_frame_flags_t(VPX_EFLAG_FORCE_KF) : 0
        let duration = UInt(Self.ticksPerSecond / configuration.framesPerSecond)
        let pointer = unsafe context.pointer
        let status = unsafe frame.withImage { image in
            unsafe vpx_codec_encode(pointer, image, timestamp, duration, flags, UInt(VPX_DL_REALTIME))
        }
        try context.check(status, "encoding a VP8 frame")
        guard let encoded = unsafe Self.collect(pointer, timestamp) else { return nil }
        if encoded.isKeyframe { isKeyframePending = false }
        var quantizer: Int32 = 0
        try context.check(unsafe cvpx_get_last_quantizer(pointer, &quantizer), "reading the quantiser")
        lastQuantizer = Int(quantizer)
        return encoded
    }

    private func check(_ frame: I420Frame, _ timestamp: Int64) throws(CodecError) {
        guard frame.width == configuration.width, frame.height == configuration.height else {
            let expected = "\(configuration.width)x\(configuration.height)"
            throw .invalidArgument("picture of \(frame.width)x\(frame.height), the encoder is set to \(expected)")
        }
        guard frame.hasWholePlanes else { throw .invalidArgument("a plane's size does not fit the picture's") }
        guard (0...Self.timestampLimit).contains(timestamp), timestamp > lastTimestamp ?? -1 else {
            throw .invalidArgument("timestamp \(timestamp) is not after the one before, \(lastTimestamp ?? -1)")
        }
    }

    /// The compressed frame that libvpx holds after encoding; nil if there is none.
    private static func collect(
        _ pointer: UnsafeMutablePointer<vpx_codec_ctx_t>, _ timestamp: Int64
    ) -> EncodedVideoFrame? {
        var iterator: vpx_codec_iter_t?
        var data: [UInt8] = []
        var isKeyframe = false
        while let packet = unsafe vpx_codec_get_cx_data(pointer, &iterator) {
            guard unsafe packet.pointee.kind == VPX_CODEC_CX_FRAME_PKT else { continue }
            let frame = unsafe packet.pointee.data.frame
            unsafe data.append(contentsOf: UnsafeRawBufferPointer(start: frame.buf, count: frame.sz))
            isKeyframe = unsafe isKeyframe || frame.flags & UInt32(VPX_FRAME_IS_KEY) != 0
        }
        return data.isEmpty ? nil : EncodedVideoFrame(data: data, isKeyframe: isKeyframe, timestamp: timestamp)
    }

    /// Changes the target bit rate from the next frame on. Bit/s, 10,000...100,000,000.
    /// - Throws: `CodecError.invalidArgument` for a value outside the range.
    public mutating func setTargetBitrate(_ bitsPerSecond: Int) throws(CodecError) {
        var changed = configuration
        changed.targetBitrate = bitsPerSecond
        try changed.validate()
        try reconfigure(changed)
    }

    /// Changes the picture size from the next frame on, which becomes a keyframe. Pixels, 1...4096.
    ///
    /// A size within the largest so far is a change of settings; above it the encoder is opened anew, which takes a few
    /// ms.
    /// - Throws: `CodecError.invalidArgument` for a size outside the range.
    public mutating func resize(width: Int, height: Int) throws(CodecError) {
        guard width != configuration.width || height != configuration.height else { return }
        var changed = configuration
        changed.width = width
        changed.height = height
        try changed.validate()
        if width <= allocatedWidth, height <= allocatedHeight {
            try reconfigure(changed)
        } else {
            context = try Self.open(changed)
            allocatedWidth = width
            allocatedHeight = height
            configuration = changed
        }
        isKeyframePending = true
    }

    private mutating func reconfigure(_ changed: Configuration) throws(CodecError) {
        var library = unsafe try changed.library()
        try context.check(
            unsafe vpx_codec_enc_config_set(context.pointer, &library), "changing the VP8 encoder's settings")
        configuration = changed
    }
}

extension I420Frame {
    /// Lends the planes to libvpx as an image, without a copy. Expects whole planes.
    fileprivate func withImage<Result>(_ body: (UnsafePointer<vpx_image_t>) -> Result) -> Result {
        unsafe y.withUnsafeBufferPointer { y in
            unsafe u.withUnsafeBufferPointer { u in
                unsafe v.withUnsafeBufferPointer { v in
                    var image = unsafe vpx_image_t()
                    unsafe cvpx_wrap_i420(
                        &image, UInt32(clamping: width), UInt32(clamping: height),
                        y.baseAddress, u.baseAddress, v.baseAddress)
                    return unsafe body(&image)
                }
            }
        }
    }
}

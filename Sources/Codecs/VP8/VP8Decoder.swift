internal import CVPX

/// A VP8 decoder (RFC 6386) over libvpx for untrusted input.
///
/// Damaged input throws and changes no picture already handed out. After damage inter frames are refused with
/// `CodecError.keyframeRequired`, since they build on pictures that are wrong, until a keyframe decodes; the caller
/// asks the sender for one. A frame that never arrived is reported with `concealLoss()`.
public struct VP8Decoder: ~Copyable, Sendable {
    /// The longest side of a picture in pixels, unless set otherwise.
    public static let defaultSideLimit = 4096
    /// The longest frame in bytes.
    public static let frameLimit = 16 << 20

    /// True until the first keyframe and after damage: inter frames are refused.
    public private(set) var awaitsKeyframe = true
    /// True from a loss to the next keyframe: frames decode, but their pictures may differ from the sender's.
    public private(set) var mayDrift = false

    private let threads: Int
    private let sideLimit: Int
    private var context: VPXContext
    /// Damage went through the library. What that leaves behind in it (with several threads, for one, a keyframe may
    /// then fail without a fault of its own) is not trusted again: the next keyframe gets a new context.
    private var isContextSpoilt = false
    private var lastShown: I420Frame?

    /// - Parameters:
    ///   - threads: 1...16; more than one helps only where the sender makes several partitions and cores stand idle.
    ///   - sideLimit: the longest side of a picture in pixels, 1...16,383.
    /// - Throws: `CodecError.invalidArgument` for a value outside its range, `library` if libvpx fails.
    public init(threads: Int = 1, sideLimit: Int = VP8Decoder.defaultSideLimit) throws(CodecError) {
        guard (1...16).contains(threads) else { throw .invalidArgument("thread count \(threads) is outside 1 to 16") }
        guard (1...I420Frame.sideLimit).contains(sideLimit) else {
            throw .invalidArgument("side limit \(sideLimit) is outside 1 to \(I420Frame.sideLimit)")
        }
        context = try VPXContext.decoder(threads: threads)
        self.threads = threads
        self.sideLimit = sideLimit
    }

    /// Decodes one frame.
    ///
    /// - Returns: the picture, or nil if the frame is one that is not shown (RFC 6386 section 9.1).
    /// - Throws: `damagedInput`, `keyframeRequired` or `pictureTooLarge`; the decoder stays usable.
    public mutating func decode(_ data: [UInt8]) throws(CodecError) -> I420Frame? {
        guard let first = data.first else { throw .damagedInput("an empty VP8 frame") }
        let isKeyframe = first & 1 == 0
        guard isKeyframe || !awaitsKeyframe else { throw .keyframeRequired }
        // Until this frame has decoded: whichever way it fails, the pictures after it lack one.
        awaitsKeyframe = true
        guard data.count <= Self.frameLimit else { throw .damagedInput("a VP8 frame over \(Self.frameLimit) bytes") }
        if isKeyframe {
            try checkSize(data)
            try renewSpoiltContext()
        }
        let picture = try decodeChecked(data)
        awaitsKeyframe = false
        if isKeyframe { mayDrift = false }
        if let picture { lastShown = picture }
        return picture
    }

    /// Stands in for a frame that was lost: the last picture again, nil before the first. Frames after it still decode,
    /// but may show artefacts until the next keyframe (`mayDrift`).
    public mutating func concealLoss() -> I420Frame? {
        mayDrift = true
        return lastShown
    }

    /// Reads the size out of a keyframe's header, before the library reserves memory for it.
    private func checkSize(_ data: [UInt8]) throws(CodecError) {
        var info = vpx_codec_stream_info_t()
        let status = unsafe data.withUnsafeBufferPointer { bytes in
            unsafe cvpx_peek(bytes.baseAddress, UInt32(clamping: bytes.count), &info)
        }
        guard status == VPX_CODEC_OK, info.is_kf != 0, info.w > 0, info.h > 0 else {
            throw .damagedInput("broken header of a VP8 keyframe")
        }
        let (width, height) = (Int(info.w), Int(info.h))
        guard width <= sideLimit, height <= sideLimit else {
            throw .pictureTooLarge(width: width, height: height, limit: sideLimit)
        }
    }

    private mutating func renewSpoiltContext() throws(CodecError) {
        guard isContextSpoilt else { return }
        context = try VPXContext.decoder(threads: threads)
        isContextSpoilt = false
    }

    private mutating func decodeChecked(_ data: [UInt8]) throws(CodecError) -> I420Frame? {
        let pointer = unsafe context.pointer
        let status = unsafe data.withUnsafeBufferPointer { bytes in
            unsafe vpx_codec_decode(pointer, bytes.baseAddress, UInt32(clamping: bytes.count), nil, 0)
        }
        guard status == VPX_CODEC_OK else {
            isContextSpoilt = true
            throw .damagedInput(context.detail(status))
        }
        var iterator: vpx_codec_iter_t?
        var picture: I420Frame?
        // VP8 has one picture per frame; all are taken so that none is left for the next call.
        while let image = unsafe vpx_codec_get_frame(pointer, &iterator) {
            unsafe picture = I420Frame(copying: image.pointee)
        }
        // Set where a partition ended before its data did, or a reference had it set.
        var corrupted: Int32 = 0
        guard unsafe cvpx_get_frame_corrupted(pointer, &corrupted) == VPX_CODEC_OK, corrupted == 0 else {
            isContextSpoilt = true
            throw .damagedInput("a VP8 frame that ends before its data does")
        }
        return picture
    }
}

extension I420Frame {
    /// Copies libvpx's picture, dropping the borders around its rows. Nil if it is not 8-bit 4:2:0.
    fileprivate init?(copying image: vpx_image_t) {
        guard unsafe image.fmt == VPX_IMG_FMT_I420 else { return nil }
        let (width, height) = unsafe (Int(image.d_w), Int(image.d_h))
        let (chromaWidth, chromaHeight) = ((width + 1) / 2, (height + 1) / 2)
        let (y, u, v) = unsafe (image.planes.0, image.planes.1, image.planes.2)
        guard let y = unsafe y, let u = unsafe u, let v = unsafe v else { return nil }
        unsafe self.init(
            width: width, height: height,
            y: Self.pack(y, Int(image.stride.0), width, height),
            u: Self.pack(u, Int(image.stride.1), chromaWidth, chromaHeight),
            v: Self.pack(v, Int(image.stride.2), chromaWidth, chromaHeight))
    }

    private static func pack(_ plane: UnsafePointer<UInt8>, _ stride: Int, _ width: Int, _ height: Int) -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: width * height) { buffer, count in
            guard let base = buffer.baseAddress else { return }
            for row in 0..<height {
                unsafe (base + row * width).initialize(from: plane + row * stride, count: width)
            }
            count = width * height
        }
    }
}

internal import CVPX

extension VP8Encoder {
    /// How to encode. Values outside their range are refused by `VP8Encoder.init`.
    public struct Configuration: Equatable, Sendable {
        /// Pixels, 1...4096.
        public var width: Int
        public var height: Int
        /// The expected frame rate, 1...120. The true rate is learnt from the timestamps.
        public var framesPerSecond: Int
        /// Bit/s, 10,000...100,000,000; kept to the kbit/s.
        public var targetBitrate: Int
        /// 0...16: higher is faster and coarser. 0 and 1 are the same. 8 takes a few ms for 640x480.
        public var cpuSpeed: Int
        /// 1...16. More than one also splits the coefficients into partitions, which a decoder can use. libvpx's
        /// threads spin while they wait for each other, so on a machine with other work one thread is the fastest.
        public var threads: Int
        /// The most frames from one keyframe to the next, 1...1,000,000; a live sender makes keyframes on request.
        public var keyframeInterval: Int
        /// Frames do not depend on the probabilities of earlier ones, so a loss spoils pictures but not parsing.
        public var errorResilient: Bool
        /// Lets the encoder leave frames out when its buffer runs dry. Off: the bit rate overshoots instead.
        public var dropsFrames = false
        /// 0...63: how fine and how coarse the quantiser may get. The coarse end bounds ugliness, not the bit rate.
        public var minimumQuantizer = 2
        public var maximumQuantizer = 56

        public init(
            width: Int, height: Int, framesPerSecond: Int = 30, targetBitrate: Int, cpuSpeed: Int = 8,
            threads: Int = 1, keyframeInterval: Int = 3000, errorResilient: Bool = true
        ) {
            self.width = width
            self.height = height
            self.framesPerSecond = framesPerSecond
            self.targetBitrate = targetBitrate
            self.cpuSpeed = cpuSpeed
            self.threads = threads
            self.keyframeInterval = keyframeInterval
            self.errorResilient = errorResilient
        }

        static let sides = 1...VP8Decoder.defaultSideLimit

        func validate() throws(CodecError) {
            try Self.check(width, Self.sides, "picture width")
            try Self.check(height, Self.sides, "picture height")
            try Self.check(framesPerSecond, 1...120, "frame rate")
            try Self.check(targetBitrate, 10_000...100_000_000, "target bit rate in bit/s")
            try Self.check(cpuSpeed, 0...16, "CPU speed")
            try Self.check(threads, 1...16, "thread count")
            try Self.check(keyframeInterval, 1...1_000_000, "keyframe interval in frames")
            try Self.check(minimumQuantizer, 0...63, "minimum quantiser")
            try Self.check(maximumQuantizer, minimumQuantizer...63, "maximum quantiser")
        }

        private static func check(_ value: Int, _ range: ClosedRange<Int>, _ name: String) throws(CodecError) {
            guard !range.contains(value) else { return }
            throw .invalidArgument("\(name) \(value) is outside \(range.lowerBound) to \(range.upperBound)")
        }
    }
}

extension VP8Encoder.Configuration {
    /// The rate control's buffer in ms of the target bit rate: its size, and the level it aims at. Small enough that a
    /// live call does not build up delay, large enough for a keyframe.
    private static let bufferMilliseconds: UInt32 = 1000
    private static let bufferInitialMilliseconds: UInt32 = 500
    private static let bufferOptimalMilliseconds: UInt32 = 600

    /// The settings that libvpx takes as a struct. Expects a validated configuration.
    func library() throws(CodecError) -> vpx_codec_enc_cfg_t {
        var result = unsafe vpx_codec_enc_cfg_t()
        guard unsafe vpx_codec_enc_config_default(vpx_codec_vp8_cx(), &result, 0) == VPX_CODEC_OK else {
            throw .library(operation: "reading the VP8 encoder's defaults", detail: "this libvpx has no VP8 encoder")
        }
        unsafe result.g_w = UInt32(clamping: width)
        unsafe result.g_h = UInt32(clamping: height)
        unsafe result.g_threads = UInt32(clamping: threads)
        unsafe result.g_timebase = vpx_rational(num: 1, den: Int32(VP8Encoder.ticksPerSecond))
        unsafe result.g_error_resilient = errorResilient ? UInt32(VPX_ERROR_RESILIENT_DEFAULT) : 0
        unsafe result.g_pass = VPX_RC_ONE_PASS
        unsafe result.g_lag_in_frames = 0
        unsafe result.rc_end_usage = VPX_CBR
        unsafe result.rc_target_bitrate = UInt32(clamping: (targetBitrate + 500) / 1000)
        unsafe result.rc_dropframe_thresh = dropsFrames ? 30 : 0
        unsafe result.rc_resize_allowed = 0
        unsafe result.rc_min_quantizer = UInt32(clamping: minimumQuantizer)
        unsafe result.rc_max_quantizer = UInt32(clamping: maximumQuantizer)
        unsafe result.rc_undershoot_pct = 100
        unsafe result.rc_overshoot_pct = 15
        unsafe result.rc_buf_sz = Self.bufferMilliseconds
        unsafe result.rc_buf_initial_sz = Self.bufferInitialMilliseconds
        unsafe result.rc_buf_optimal_sz = Self.bufferOptimalMilliseconds
        unsafe result.kf_mode = VPX_KF_AUTO
        unsafe result.kf_min_dist = 0
        unsafe result.kf_max_dist = UInt32(clamping: keyframeInterval)
        return unsafe result
    }

    /// The settings that libvpx takes one by one after opening.
    func apply(to context: borrowing VPXContext) throws(CodecError) {
        // Negative: a fixed speed. Zero and above would adapt to the time that encoding takes, differently on each run.
        let speed = -Int32(clamping: max(cpuSpeed, 1))
        let partitions: Int32 = threads >= 4 ? 2 : threads >= 2 ? 1 : 0
        // A keyframe may take half the optimal buffer, in percent of a mean frame.
        let intra = max(300, Self.bufferOptimalMilliseconds / 2 * UInt32(clamping: framesPerSecond) / 10)
        try context.check(unsafe cvpx_set_cpu_used(context.pointer, speed), "setting the CPU speed")
        try context.check(unsafe cvpx_set_noise_sensitivity(context.pointer, 0), "setting the noise sensitivity")
        try context.check(unsafe cvpx_set_static_threshold(context.pointer, 1), "setting the static threshold")
        try context.check(unsafe cvpx_set_token_partitions(context.pointer, partitions), "setting the partitions")
        try context.check(unsafe cvpx_set_max_intra_bitrate(context.pointer, intra), "setting the keyframe size")
    }
}

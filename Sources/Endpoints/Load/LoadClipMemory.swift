import MediaCore

/// The clips of a run, laid out once for all threads: packets and frames are numbers in it, and reading them counts no references.
@safe
final class LoadClipMemory: @unchecked Sendable {
    // Sendable: nothing here is written after `init`.
    fileprivate let bytes: UnsafeMutableRawPointer
    /// Where each payload begins; one more than there are payloads.
    fileprivate let starts: UnsafeMutablePointer<Int>
    fileprivate let frames: UnsafeMutablePointer<LoadClip.Frame>
    /// Frames of each kind, by its raw value; empty without a clip.
    fileprivate let places: InlineArray<3, Range<Int>>

    init(_ clips: LoadClips) {
        let all = LoadFlowKind.allCases.map { clips.clip(of: $0) }
        let packetCount = all.reduce(0) { $0 + ($1?.packetCount ?? 0) }
        let bytes = UnsafeMutableRawPointer.allocate(
            byteCount: max(1, all.reduce(0) { $0 + ($1?.bytes.count ?? 0) }), alignment: 64)
        unsafe starts = .allocate(capacity: packetCount + 1)
        unsafe frames = .allocate(capacity: max(1, all.reduce(0) { $0 + ($1?.frames.count ?? 0) }))
        var places: InlineArray<3, Range<Int>> = .init(repeating: 0..<0)
        var (byte, packet, frame) = (0, 0, 0)
        for (kind, clip) in all.enumerated() {
            guard let clip else { continue }
            places[kind] = frame..<(frame + clip.frames.count)
            for own in clip.frames {
                let moved = (own.packets.lowerBound + Int32(packet))..<(own.packets.upperBound + Int32(packet))
                unsafe (frames + frame).initialize(
                    to: .init(packets: moved, durationNanoseconds: own.durationNanoseconds))
                frame += 1
            }
            for start in clip.starts.dropLast() {
                unsafe (starts + packet).initialize(to: byte + Int(start))
                packet += 1
            }
            unsafe clip.bytes.withUnsafeBytes {
                if let source = $0.baseAddress {
                    unsafe (bytes + byte).copyMemory(from: source, byteCount: $0.count)
                }
            }
            byte += clip.bytes.count
        }
        unsafe (starts + packet).initialize(to: byte)
        self.places = places
        unsafe self.bytes = bytes
    }

    deinit {
        unsafe bytes.deallocate()
        unsafe starts.deallocate()
        unsafe frames.deallocate()
    }
}

/// Reads a `LoadClipMemory`, which it keeps alive.
@safe
struct LoadClipReader: ~Copyable {
    private let memory: LoadClipMemory
    private let bytes: UnsafeRawPointer
    private let starts: UnsafePointer<Int>
    private let frames: UnsafePointer<LoadClip.Frame>
    private let places: InlineArray<3, Range<Int>>

    init(_ memory: LoadClipMemory) {
        self.memory = memory
        unsafe bytes = UnsafeRawPointer(memory.bytes)
        unsafe starts = UnsafePointer(memory.starts)
        unsafe frames = UnsafePointer(memory.frames)
        places = memory.places
    }

    /// 0 without a clip.
    func frameCount(_ kind: LoadFlowKind) -> Int { places[Int(kind.rawValue)].count }

    /// A frame by its place in its clip, which must be below `frameCount`.
    @inline(__always)
    func frame(_ kind: LoadFlowKind, _ position: Int) -> LoadClip.Frame {
        let place = places[Int(kind.rawValue)]
        precondition(position >= 0 && position < place.count)
        return unsafe frames[place.lowerBound &+ position]
    }

    /// The bytes of a packet that a frame names.
    @inline(__always)
    func payload(_ packet: Int32) -> UnsafeRawBufferPointer {
        let start = unsafe starts[Int(packet)]
        return unsafe UnsafeRawBufferPointer(start: bytes + start, count: starts[Int(packet) &+ 1] &- start)
    }
}

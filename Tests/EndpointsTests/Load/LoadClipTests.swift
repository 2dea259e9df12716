import Codecs
import MediaCore
import MediaWire
import TestSupport
import Testing

@testable import Endpoints

@Suite("Load clips")
struct LoadClipTests {
    @Test(arguments: [200_000, 1_200_000, 8_000_000])
    func aResizedClipHasExactlyTheRate(bitrate: Int) throws {
        let clip = try LoadClip.video(path: Fixtures.path("small.ivf"), bitrate: bitrate)
        let wanted = Double(bitrate) * Double(clip.durationNanoseconds) / 8e9
        #expect(abs(Double(clip.mediaBytes) - wanted) <= 1)
        #expect(clip.longestPayload <= 1100)
    }

    @Test func resizingKeepsProportionsAndFirstBytes() {
        let frames: [[UInt8]] = [Array(repeating: 1, count: 8_000), Array(0..<200), Array(repeating: 3, count: 1_000)]
        let smaller = LoadClip.resized(frames, to: 4_600 * 8, nanoseconds: 1_000_000_000)
        #expect(smaller.map(\.count) == [4_000, 100, 500])
        #expect(smaller[1] == Array(0..<100))
        let larger = LoadClip.resized(frames, to: 18_400 * 8, nanoseconds: 1_000_000_000)
        #expect(larger.map(\.count) == [16_000, 400, 2_000])
        #expect(larger[1] == Array(0..<200) + Array(0..<200))
    }

    @Test func withoutARateTheFramesAreTheFilesOwn() throws {
        var source = try ReplayVideoSource(path: Fixtures.path("small.ivf"))
        let rate = source.rate
        let first = try source.next().frame.data
        let clip = try LoadClip.video(path: Fixtures.path("small.ivf"), bitrate: nil)
        #expect(clip.durationNanoseconds == rate.nanoseconds(toFrame: clip.frames.count))
        let payloads = clip.frames[0].packets.map { packet in
            Array(clip.bytes[Int(clip.starts[Int(packet)])..<Int(clip.starts[Int(packet) + 1])])
        }
        var bytes: [UInt8] = []
        for (index, payload) in payloads.enumerated() {
            let parsed = VP8PayloadDescriptor(payload.rawSpan)
            let descriptor = try #require(parsed)
            #expect(descriptor.startOfPartition == (index == 0))
            bytes += payload[descriptor.byteCount...]
        }
        #expect(bytes == first)
    }

    @Test func theMemoryOfAllThreadsHoldsEveryClipWhole() throws {
        let sound = try LoadClip.audio(path: Fixtures.path("customer.ogg"))
        let video = try LoadClip.video(path: Fixtures.path("small.ivf"), bitrate: 1_200_000)
        let reader = LoadClipReader(LoadClipMemory(LoadClips(video: video, audio: sound, talkback: nil)))
        #expect(reader.frameCount(.talkback) == 0)
        for (kind, clip) in [(LoadFlowKind.video, video), (.audio, sound)] {
            #expect(reader.frameCount(kind) == clip.frames.count)
            for (position, frame) in clip.frames.enumerated() {
                let found = reader.frame(kind, position)
                #expect(found.durationNanoseconds == frame.durationNanoseconds)
                #expect(found.packets.count == frame.packets.count)
                for (place, packet) in zip(found.packets, frame.packets) {
                    let own = Array(clip.bytes[Int(clip.starts[Int(packet)])..<Int(clip.starts[Int(packet) + 1])])
                    #expect(Array(reader.payload(place)) == own)
                }
            }
        }
    }

    @Test func soundKeepsItsPacketsAndDurations() throws {
        let clip = try LoadClip.audio(path: Fixtures.path("customer.ogg"))
        #expect(clip.frames.allSatisfy { $0.packets.count == 1 && $0.durationNanoseconds == 20_000_000 })
        #expect(abs(clip.packetRate - 50) < 0.001)
    }

    @Test func clipsWithoutFramesAreNone() {
        #expect(LoadClip(.audio, frames: []) == nil)
        #expect(LoadClip(.audio, frames: [([], 20_000_000)]) == nil)
        #expect(LoadClip(.video, frames: [([1, 2, 3], 0)]) == nil)
    }

    @Test func filesOfAnotherKindAreRefusedByName() {
        let ogg = Fixtures.path("customer.ogg")
        let ivf = Fixtures.path("small.ivf")
        #expect(throws: EndpointError.self) { try LoadClip.video(path: ogg, bitrate: nil) }
        #expect(throws: EndpointError.self) { try LoadClip.audio(path: ivf) }
        #expect(throws: EndpointError.self) { try LoadClip.audio(path: "/does/not/exist") }
    }
}

import MediaCore
import TestSupport
import Testing

@Suite struct SRTPVectorTests {
    @Test func vectorsCoverEveryProfile() throws {
        let vectors = try SRTPVectors.load()
        #expect(Set(vectors.map(\.profile)) == Set(SRTPProfile.allCases.map(\.rawValue)))
        for profile in vectors {
            #expect(profile.streams.filter(\.isRTCP).count >= 2)
            #expect(profile.streams.filter { !$0.isRTCP }.flatMap(\.packets).count >= 20)
        }
    }

    @Test(arguments: try SRTPVectors.load(), SRTPBackend.allCases.filter(\.isAvailable))
    func senderMakesTheVectors(_ vectors: SRTPVectors.Profile, _ backend: SRTPBackend) throws {
        var sender = try SRTPSender(try vectors.key(), backend: backend)
        // Our sender counts SRTCP packets from 1, so streams that begin elsewhere are for the receiver only.
        for stream in vectors.streams where !stream.isRTCP || stream.name.contains("from 1") {
            for packet in stream.packets {
                var bytes = bytes(hex: packet.plain)
                let plainLength = bytes.count
                let outcome = stream.isRTCP ? sender.protectRTCP(&bytes) : sender.protectRTP(&bytes)
                let overhead = stream.isRTCP ? sender.profile.rtcpOverhead : sender.profile.rtpOverhead
                #expect(outcome == .success(length: plainLength + overhead), "\(stream.name): \(packet.shape)")
                #expect(bytes == MediaCoreTests.bytes(hex: packet.protected), "\(stream.name): \(packet.shape)")
            }
        }
    }

    @Test(arguments: try SRTPVectors.load(), SRTPBackend.allCases.filter(\.isAvailable))
    func receiverOpensTheVectors(_ vectors: SRTPVectors.Profile, _ backend: SRTPBackend) throws {
        var receiver = try SRTPReceiver(try vectors.key(), backend: backend)
        for stream in vectors.streams {
            for packet in stream.packets {
                var bytes = bytes(hex: packet.protected)
                let outcome = stream.isRTCP ? receiver.unprotectRTCP(&bytes) : receiver.unprotectRTP(&bytes)
                #expect(outcome == .success(length: packet.plain.count / 2), "\(stream.name): \(packet.shape)")
                #expect(bytes == MediaCoreTests.bytes(hex: packet.plain), "\(stream.name): \(packet.shape)")
            }
        }
        #expect(receiver.authenticationFailures == 0)
        #expect(receiver.replays == 0)
        #expect(receiver.malformed == 0)
    }

    /// The profiles negotiate encryption of RTCP, so a packet that is only authenticated is not what was agreed upon.
    @Test(arguments: try SRTPVectors.load(), SRTPBackend.allCases.filter(\.isAvailable))
    func receiverRefusesUnencryptedRTCP(_ vectors: SRTPVectors.Profile, _ backend: SRTPBackend) throws {
        var receiver = try SRTPReceiver(try vectors.key(), backend: backend)
        for packet in vectors.refused.flatMap(\.packets) {
            var bytes = bytes(hex: packet.protected)
            let outcome = receiver.unprotectRTCP(&bytes)
            if case .success = outcome { Issue.record("\(packet.shape) was accepted") }
        }
        #expect(!vectors.refused.isEmpty)
    }
}

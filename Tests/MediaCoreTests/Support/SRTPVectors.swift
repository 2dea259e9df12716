import Foundation
import MediaCore
import TestSupport
import Testing

/// `Fixtures/srtp/vectors.json`: packets protected by an implementation of its own.
struct SRTPVectors: Decodable {
    struct Profile: Decodable, Sendable, CustomTestStringConvertible {
        let profile: String
        let keySalt: String
        let streams: [Stream]
        let refused: [Stream]

        var testDescription: String { profile }
        func key() throws -> SRTPKey {
            let profile = try #require(SRTPProfile(rawValue: profile))
            return try #require(SRTPKey(profile: profile, keySalt: bytes(hex: keySalt)))
        }
    }

    struct Stream: Decodable, Sendable {
        let kind: String
        let name: String
        let packets: [Packet]

        var isRTCP: Bool { kind == "rtcp" }
    }

    struct Packet: Decodable, Sendable {
        let shape: String
        let plain: String
        let protected: String
    }

    let profiles: [Profile]

    static func load() throws -> [Profile] {
        let data = try Data(contentsOf: URL(fileURLWithPath: Fixtures.path("srtp/vectors.json")))
        return try JSONDecoder().decode(SRTPVectors.self, from: data).profiles
    }
}

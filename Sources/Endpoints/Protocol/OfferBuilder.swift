internal import MediaCore
internal import MediaWire

/// Makes the offers of an endpoint: a payload type per kind, a key and an SSRC per track.
struct OfferBuilder {
    let configuration: CallEndpointConfiguration
    private var taken: Set<SSRC> = [SSRC(0)]

    /// Numbers of the dynamic range (RFC 3551 section 3).
    private static let audioPayloadType: UInt8 = 111
    private static let videoPayloadType: UInt8 = 96
    private static let captureTimeID: UInt8 = 1

    init(configuration: CallEndpointConfiguration) { self.configuration = configuration }

    mutating func offer(
        _ direction: MediaDirection, _ kinds: [MediaKind], using generator: inout some RandomNumberGenerator
    ) -> SDESOffer? {
        guard !kinds.isEmpty else { return nil }
        var tracks: [SDESOffer.Track] = []
        for (index, kind) in kinds.enumerated() {
            tracks.append(track(kind, mid: String(index), using: &generator))
        }
        // Positive in any reader's integers (RFC 8866 section 5.2 suggests a clock; a random number says less).
        let sessionID = UInt64.random(in: 1...UInt64(Int64.max), using: &generator)
        return SDESOffer(direction: direction, sessionID: sessionID, tracks: tracks)
    }

    private mutating func track(
        _ kind: MediaKind, mid: String, using generator: inout some RandomNumberGenerator
    ) -> SDESOffer.Track {
        // The short tag is for sound only (RFC 4568 section 6.2.2).
        let isShortTag = configuration.profile == .aesCM128HMACSHA1_32
        let profile = kind == .video && isShortTag ? .aesCM128HMACSHA1_80 : configuration.profile
        return SDESOffer.Track(
            kind: kind, payloadType: kind == .video ? Self.videoPayloadType : Self.audioPayloadType,
            address: configuration.localAddress, key: SRTPKey(profile: profile, using: &generator), mid: mid,
            ssrcs: [drawSSRC(using: &generator)], cname: configuration.cname,
            extensions: [
                HeaderExtensionMapping(id: Self.captureTimeID, uri: RTPHeaderExtensionURI.absoluteCaptureTime)
            ])
    }

    private mutating func drawSSRC(using generator: inout some RandomNumberGenerator) -> SSRC {
        var value = UInt32.random(in: 1 ... .max, using: &generator)
        // Step on instead of drawing again: it ends whatever the generator gives.
        while !taken.insert(SSRC(value)).inserted { value &+= 1 }
        return SSRC(value)
    }
}

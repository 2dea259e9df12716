internal import MediaWire

/// What was agreed on for one m-line, whatever its keys came by.
struct StreamTerms {
    var kind: MediaKind
    var payloadType: UInt8
    /// Of retransmissions by RFC 4588, if they are in use.
    var rtxPayloadType: UInt8?
    var clockRate: UInt32
    var extensions: [HeaderExtensionMapping]
    /// What the MID header extension names it by, where packets may be told apart by it.
    var mid: [UInt8]?
    /// The one encoding that is taken, by its RID; nil where there is no simulcast.
    var rid: [UInt8]?
    /// SSRCs that the offer named; empty if it named none.
    var declaredSSRCs: [SSRC]
    /// SSRCs that the offer named for retransmissions.
    var declaredRTX: [SSRC]
    /// Addresses of the offer that packets may come from; none with ICE, which proves its paths.
    var announcedAddresses: [SocketAddress]
    var announcedRTCPAddress: SocketAddress?
    /// Where a player's media goes at first; nil with ICE, until a path is chosen.
    var destination: SocketAddress?
    var rtcpMux: Bool
    var usesICE: Bool
    var nack: Bool
    var pli: Bool
    var fir: Bool
    var transportWide: Bool
    var remb: Bool
    /// The relay's own.
    var relaySSRC: SSRC
    /// With which the relay repeats media to a player; nil where it repeats it under `relaySSRC`.
    var relayRTX: SSRC?

    init(_ track: NegotiatedTrack) {
        kind = track.kind
        payloadType = track.payloadType
        rtxPayloadType = nil
        clockRate = track.clockRate
        extensions = track.extensions
        mid = nil
        rid = nil
        declaredSSRCs = track.declaredSSRCs
        declaredRTX = []
        announcedAddresses = track.announcedAddresses
        announcedRTCPAddress = track.announcedRTCPAddress
        destination = track.announcedAddress
        rtcpMux = track.rtcpMux
        usesICE = false
        nack = track.nack
        pli = track.pli
        fir = track.fir
        transportWide = false
        remb = false
        relaySSRC = track.slotSSRC
        relayRTX = nil
    }

    init(_ track: WebRTCTrack) {
        kind = track.kind
        payloadType = track.payloadType
        rtxPayloadType = track.rtxPayloadType
        clockRate = track.clockRate
        extensions = track.extensions
        mid = track.mid.map { Array($0.utf8) }
        rid = track.rid.map { Array($0.utf8) }
        declaredSSRCs = track.declaredSSRCs
        declaredRTX = Array(track.declaredRTX.values)
        announcedAddresses = []
        announcedRTCPAddress = nil
        destination = nil
        rtcpMux = true
        usesICE = true
        nack = track.feedback.nack
        pli = track.feedback.pli
        fir = track.feedback.fir
        transportWide = track.feedback.transportWide
        remb = track.feedback.remb
        relaySSRC = track.slotSSRC
        relayRTX = track.rtxSlotSSRC
    }
}

extension NegotiatedTrack {
    /// Every address that the offer announced for this m-line, without repeats.
    fileprivate var announcedAddresses: [SocketAddress] {
        var addresses: [SocketAddress] = []
        for address in [announcedAddress, announcedRTCPAddress].compactMap({ $0 }) where !addresses.contains(address) {
            addresses.append(address)
        }
        return addresses
    }
}

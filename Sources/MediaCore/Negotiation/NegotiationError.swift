public import MediaWire

/// Why an offer was not answered. Line numbers count from 1 in the offer's text; 0 where it was not read from text.
public enum NegotiationError: Error, Sendable, Hashable {
    case malformed(SDPError)
    /// No text at all.
    case empty
    /// No `m=` line, or every one is switched off by port 0.
    case noMedia
    case unsupportedTransport
    /// Keys in the clear over an HTTP request that others can read.
    case insecureRequest
    case wrongDirection(MediaDirection)
    case noCommonCodec
    /// No `a=crypto` line that the relay can take in the media description at this line.
    case noUsableCrypto(line: Int)
    case malformedKey(SDPError)
    /// A publisher with neither `a=ssrc` nor an address.
    case senderUnknown(line: Int)
    /// A player without an address to send to.
    case playerAddressMissing(line: Int)
    /// A player's address that this request may not send media to.
    case playerAddressForbidden(SocketAddress)
    case tooManyTracks(limit: Int)
    /// RTP and RTCP on two ports, over ICE.
    case muxMissing(line: Int)
    /// Several m-lines over ICE that do not share one transport.
    case bundleMissing(line: Int)
    /// No `a=ice-ufrag` and `a=ice-pwd` that can be used.
    case credentialsMissing(line: Int)
    /// No `a=fingerprint` with a hash function that is good enough.
    case fingerprintMissing(line: Int)
    /// No `a=setup` that can be answered.
    case setupUnusable(line: Int)
    /// The relay has no media address to announce: its own fault, not the offer's.
    case noMediaAddress
}

extension NegotiationError: CustomStringConvertible {
    /// What is wrong and what to do about it, in one line without keys.
    public var description: String {
        switch self {
        case .malformed(let error):
            "the offer is malformed (\(error)); send SDP as in RFC 8866"
        case .empty:
            "the offer is empty; send an SDP offer as the body, content type application/sdp"
        case .noMedia:
            "the offer has no active media; add an m=video or m=audio line with its port"
        case .unsupportedTransport:
            "no m= line uses a transport that is offered here; use RTP/SAVP or RTP/SAVPF with a=crypto"
        case .insecureRequest:
            "the offer carries keys in the clear; send it over HTTPS or from the relay's own host"
        case .wrongDirection(.publish):
            "a WHIP offer must send; use a=sendonly or a=sendrecv"
        case .wrongDirection(.play):
            "a WHEP offer must receive; use a=recvonly or a=sendrecv"
        case .noCommonCodec:
            "no codec in common; offer VP8/90000 for video or opus/48000/2 for audio by a=rtpmap"
        case .noUsableCrypto(let line):
            "no usable a=crypto in the media description\(Self.at(line)); offer "
                + "AEAD_AES_128_GCM, AEAD_AES_256_GCM or AES_CM_128_HMAC_SHA1_80 with one key, without MKI"
        case .malformedKey(let error):
            "an a=crypto line is malformed (\(error)); write inline: and the base64 of key and salt"
        case .senderUnknown(let line):
            "the sender of the media description\(Self.at(line)) is not known; add an a=ssrc line, or its address and port "
                + "by c= and m="
        case .playerAddressMissing(let line):
            "the media description\(Self.at(line)) names no address to send to; give an IP address by c= and a port by m="
        case .playerAddressForbidden(let address):
            "media may not be sent to \(address); announce the address that the request comes from, or have its network "
                + "allowed by --sdes-peers"
        case .tooManyTracks(let limit):
            "the offer has more than \(limit) usable m= lines; send fewer"
        case .muxMissing(let line):
            "the media description\(Self.at(line)) has RTCP on a port of its own; offer a=rtcp-mux"
        case .bundleMissing(let line):
            "the media description\(Self.at(line)) has a transport of its own; put all into one a=group:BUNDLE"
        case .credentialsMissing(let line):
            "the media description\(Self.at(line)) has no usable a=ice-ufrag and a=ice-pwd; add them as in RFC 8839"
        case .fingerprintMissing(let line):
            "the media description\(Self.at(line)) has no usable a=fingerprint; give the certificate's by sha-256, sha-384 or "
                + "sha-512"
        case .setupUnusable(let line):
            "the media description\(Self.at(line)) has no usable a=setup; offer actpass, active or passive"
        case .noMediaAddress:
            "the relay has no media address to announce; start it with --media-address"
        }
    }

    private static func at(_ line: Int) -> String { line > 0 ? " at line \(line)" : "" }
}

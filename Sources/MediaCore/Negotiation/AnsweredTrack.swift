public import MediaWire

/// What an endpoint learns of an m-line that was accepted, whatever its keys come by.
public protocol AnsweredTrack {
    var kind: MediaKind { get }
    var payloadType: UInt8 { get }
    /// What the relay sends media with; nil in answers to a publisher.
    var remoteSSRC: SSRC? { get }
    var extensions: [HeaderExtensionMapping] { get }
    var nack: Bool { get }
    var pli: Bool { get }
    var fir: Bool { get }
}

/// The packet type field of an RTCP header (RFC 3550 section 12.1, RFC 4585 section 6.1).
@frozen
public struct RTCPPacketType: RawRepresentable, Hashable, Sendable {
    public var rawValue: UInt8
    @inlinable public init(rawValue: UInt8) { self.rawValue = rawValue }

    public static let senderReport = RTCPPacketType(rawValue: 200)
    public static let receiverReport = RTCPPacketType(rawValue: 201)
    public static let sourceDescription = RTCPPacketType(rawValue: 202)
    public static let goodbye = RTCPPacketType(rawValue: 203)
    public static let applicationDefined = RTCPPacketType(rawValue: 204)
    /// RTPFB: generic NACK, transport-wide feedback.
    public static let transportFeedback = RTCPPacketType(rawValue: 205)
    /// PSFB: PLI, FIR, REMB.
    public static let payloadFeedback = RTCPPacketType(rawValue: 206)
    /// XR (RFC 3611).
    public static let extendedReport = RTCPPacketType(rawValue: 207)
}

/// The feedback message types (FMT) that this module reads; FMT stands where reports have their count.
public enum RTCPFeedbackFormat {
    /// Transport feedback: generic NACK (RFC 4585 section 6.2.1).
    public static let genericNACK: UInt8 = 1
    /// Transport feedback: transport-wide arrivals (draft-holmer-rmcat-transport-wide-cc-extensions-01 section 3.1).
    public static let transportWideFeedback: UInt8 = 15
    /// Payload feedback: picture loss indication (RFC 4585 section 6.3.1).
    public static let pictureLossIndication: UInt8 = 1
    /// Payload feedback: full intra request (RFC 5104 section 4.3.1).
    public static let fullIntraRequest: UInt8 = 4
    /// Payload feedback: application layer, of which REMB is one (RFC 4585 section 6.4).
    public static let applicationLayer: UInt8 = 15
}

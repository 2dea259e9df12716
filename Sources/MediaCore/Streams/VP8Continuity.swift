internal import MediaWire

/// Continuous picture ids and TL0PICIDX for a slot whose source changes (RFC 7741 section 4.2).
///
/// Payloads stay untouched until the first switch. Within a segment the offsets never change, so a packet sent again is the
/// same packet.
struct VP8Continuity {
    private var pictureOffset: UInt16 = 0
    private var tl0Offset: UInt8 = 0
    /// The newest values that the player has seen; nil until a packet carried them.
    private var lastPictureID: UInt16?
    private var lastTL0: UInt8?
    /// The next packet gives the offsets.
    private var needsAnchor = false

    /// What is added to the source's picture ids, 0 before the first switch.
    var pictureIDOffset: UInt16 { pictureOffset }

    /// Another source follows, or the same one after a break.
    mutating func endSegment() { needsAnchor = lastPictureID != nil || lastTL0 != nil }

    /// Payloads pass as they are.
    @inline(__always)
    var isTransparent: Bool { !needsAnchor && pictureOffset == 0 && tl0Offset == 0 }

    /// Follows the numbers of a payload that passes as it is.
    mutating func follow(_ payload: RawSpan) {
        guard let descriptor = VP8PayloadDescriptor(payload) else { return }
        note(descriptor)
    }

    /// Rewrites the descriptor of a payload on its way out and follows the numbers.
    mutating func rewrite(_ payload: UnsafeMutableRawBufferPointer) {
        let view = unsafe RawSpan(_unsafeBytes: UnsafeRawBufferPointer(payload))
        guard var descriptor = VP8PayloadDescriptor(view) else { return }
        if needsAnchor { anchor(descriptor) }
        unsafe apply(to: &descriptor, in: payload)
        note(descriptor)
    }

    @inline(__always)
    private mutating func note(_ descriptor: VP8PayloadDescriptor) {
        if let id = descriptor.pictureID, lastPictureID.map({ Self.isNewer(id, than: $0, descriptor) }) ?? true {
            lastPictureID = id
        }
        if let index = descriptor.tl0PictureIndex, lastTL0.map({ Int8(bitPattern: index &- $0) > 0 }) ?? true {
            lastTL0 = index
        }
    }

    /// Rewrites the descriptor of a packet that is sent again. Changes nothing here.
    func rewriteAgain(_ payload: UnsafeMutableRawBufferPointer) {
        guard pictureOffset != 0 || tl0Offset != 0 else { return }
        let view = unsafe RawSpan(_unsafeBytes: UnsafeRawBufferPointer(payload))
        guard var descriptor = VP8PayloadDescriptor(view) else { return }
        unsafe apply(to: &descriptor, in: payload)
    }

    private func apply(to descriptor: inout VP8PayloadDescriptor, in payload: UnsafeMutableRawBufferPointer) {
        if pictureOffset != 0, let id = descriptor.pictureID {
            unsafe descriptor.rewritePictureID((id &+ pictureOffset) & 0x7FFF, in: payload)
        }
        if tl0Offset != 0, let index = descriptor.tl0PictureIndex {
            unsafe descriptor.rewriteTL0PictureIndex(index &+ tl0Offset, in: payload)
        }
    }

    private mutating func anchor(_ first: VP8PayloadDescriptor) {
        needsAnchor = false
        if let id = first.pictureID { pictureOffset = ((lastPictureID ?? id &- 1) &+ 1 &- id) & 0x7FFF }
        if let index = first.tl0PictureIndex { tl0Offset = (lastTL0 ?? index &- 1) &+ 1 &- index }
    }

    /// Newer by less than half of the id's range: 15 bits, or 7.
    private static func isNewer(_ id: UInt16, than last: UInt16, _ descriptor: VP8PayloadDescriptor) -> Bool {
        let range: UInt16 = descriptor.pictureIDIs15Bit ? 0x7FFF : 0x7F
        let distance = (id &- last) & range
        return distance != 0 && distance <= range / 2
    }
}

/// Cuts a TCP stream into datagrams: each has its length in two bytes before it (RFC 4571 section 2).
///
/// Holds what has come of one datagram, and no more: a peer that sends half a frame and waits costs its length.
public struct FramedStream: Sendable {
    /// Bytes of one frame at most. A longer one breaks the stream: nobody could find the next frame.
    public let limit: Int
    /// The peer has sent what cannot be media; the connection is of no use any more.
    public private(set) var isBroken = false
    private var pending: [UInt8] = []

    public init(limit: Int) {
        self.limit = min(max(limit, 0), 0xFFFF)
    }

    /// Bytes that wait for the rest of their frame.
    public var pendingCount: Int { pending.count }

    /// Takes what the connection has brought and hands each whole frame to `body`, in order. Empty frames are passed over.
    public mutating func receive(_ bytes: RawSpan, _ body: (borrowing RawSpan) -> Void) {
        var offset = 0
        while !isBroken, offset < bytes.byteCount {
            // A frame that lies whole in what came is not copied.
            if pending.isEmpty, let length = bytes.uint16(at: offset), Int(length) <= limit,
                let frame = bytes.slice(at: offset &+ 2, count: Int(length))
            {
                if length > 0 { body(frame) }
                offset &+= 2 &+ Int(length)
                continue
            }
            let wanted = missing
            guard let part = bytes.slice(at: offset, count: min(wanted, bytes.byteCount &- offset)) else { return }
            part.append(to: &pending)
            offset &+= part.byteCount
            guard pending.count >= 2 else { continue }
            let length = Int(pending[0]) << 8 | Int(pending[1])
            guard length <= limit else {
                isBroken = true
                pending = []
                return
            }
            if pending.count == length &+ 2 {
                if let frame = pending.rawSpan.slice(at: 2, count: length), length > 0 { body(frame) }
                pending.removeAll(keepingCapacity: true)
            }
        }
    }

    /// Bytes until something is known: the rest of the length, or of the frame.
    private var missing: Int {
        guard pending.count >= 2 else { return 2 &- pending.count }
        return (Int(pending[0]) << 8 | Int(pending[1])) &+ 2 &- pending.count
    }

    /// A datagram with its length before it; nil if it is longer than a frame can be.
    public static func frame(_ datagram: RawSpan) -> [UInt8]? {
        var bytes: [UInt8] = []
        return append(datagram, to: &bytes) ? bytes : nil
    }

    /// Writes a datagram with its length before it behind `bytes`; false, and nothing is written, if it is longer than a frame can be.
    public static func append(_ datagram: RawSpan, to bytes: inout [UInt8]) -> Bool {
        guard let length = UInt16(exactly: datagram.byteCount) else { return false }
        bytes.append(UInt8(length >> 8))
        bytes.append(UInt8(length & 0xFF))
        datagram.append(to: &bytes)
        return true
    }
}

/// One compressed frame of an IVF file.
public struct IVFFrame: Equatable, Sendable {
    /// The frame as the codec made it; empty where an encoder dropped a frame.
    public var data: [UInt8]
    /// In units of the file's time base.
    public var timestamp: UInt64

    public init(data: [UInt8], timestamp: UInt64) {
        self.data = data
        self.timestamp = timestamp
    }
}

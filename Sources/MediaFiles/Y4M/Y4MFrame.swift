/// One raw 4:2:0 picture: planes without padding, the chroma planes (width + 1) / 2 by (height + 1) / 2.
public struct Y4MFrame: Equatable, Sendable {
    public var y: [UInt8]
    public var u: [UInt8]
    public var v: [UInt8]

    public init(y: [UInt8], u: [UInt8], v: [UInt8]) {
        self.y = y
        self.u = u
        self.v = v
    }
}

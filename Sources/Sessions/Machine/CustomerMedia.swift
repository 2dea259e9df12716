/// What the customer lets out (D19). Said by the customer's page, which itself stops sending.
public struct CustomerMedia: Sendable, Hashable, Codable {
    public enum Camera: String, Sendable, CaseIterable, Codable { case on, paused }
    public enum Microphone: String, Sendable, CaseIterable, Codable { case on, muted }

    public var camera: Camera
    public var microphone: Microphone

    public init(camera: Camera = .on, microphone: Microphone = .on) {
        self.camera = camera
        self.microphone = microphone
    }
}

/// What the customer changes; nil stays as it is.
public struct CustomerMediaChange: Sendable, Hashable {
    public var camera: CustomerMedia.Camera?
    public var microphone: CustomerMedia.Microphone?

    public init(camera: CustomerMedia.Camera? = nil, microphone: CustomerMedia.Microphone? = nil) {
        self.camera = camera
        self.microphone = microphone
    }

    public func applied(to before: CustomerMedia) -> CustomerMedia {
        var media = before
        media.camera = camera ?? media.camera
        media.microphone = microphone ?? media.microphone
        return media
    }
}

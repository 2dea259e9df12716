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

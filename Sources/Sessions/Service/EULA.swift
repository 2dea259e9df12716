/// The end-user licence agreement that customers are asked to accept (S51).
public struct EULA: Sendable, Hashable, Codable {
    /// Names this text; what the customer accepts is the version.
    public var version: String
    public var text: String

    public init(version: String, text: String) {
        self.version = version
        self.text = text
    }

    /// A short plain text for a service that sets none of its own.
    public static let standard = EULA(
        version: "1",
        text: """
            You are about to show your camera's picture to a support technician and to talk with them.
            The technician sees and hears you only after pressing Start, and you may mute, pause or leave at any time.
            The picture and the sound pass through this service protected, and go to this technician only.
            By accepting you agree to this for the length of this session.
            """)
}

import Sessions

/// The licence on the wire.
struct LicenceBody: Codable {
    let version: String
    let text: String

    init(_ eula: EULA) {
        version = eula.version
        text = eula.text
    }
}

/// The body of a call that takes no fields: any JSON object.
struct NoFields: Decodable {
    private enum Key: CodingKey {}

    init(from decoder: any Decoder) throws {
        // Asks for an object, so that anything else is refused.
        _ = try decoder.container(keyedBy: Key.self)
    }
}

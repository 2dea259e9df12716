import FoundationEssentials
import HTTPTypes
import Hummingbird
import NIOCore

/// Answers in JSON. They carry PINs and tokens, so nobody may cache them.
enum JSONAnswer {
    static func bytes(_ value: some Encodable) -> ByteBuffer {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // The answers hold strings, integers and flags only, which always encode.
        guard let data = try? encoder.encode(value) else { return ByteBuffer() }
        return ByteBuffer(bytes: data)
    }

    static func response(_ value: some Encodable, status: HTTPResponse.Status = .ok) -> Response {
        Response(
            status: status, headers: [.contentType: "application/json", .cacheControl: "no-store"],
            body: .init(byteBuffer: bytes(value)))
    }
}

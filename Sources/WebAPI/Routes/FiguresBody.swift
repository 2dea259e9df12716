import Sessions

/// How a running call does, on the wire.
struct FiguresBody: Encodable {
    let session: String
    let at: String
    let media: MediaFigures
    let live: LiveFigures

    init(_ reading: MediaReading, of session: SessionID, at time: WallTime) {
        self.session = session.text
        at = time.rfc3339
        media = reading.total
        live = reading.live
    }
}

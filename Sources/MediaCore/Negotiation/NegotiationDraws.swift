internal import MediaWire

/// Draws SSRCs that differ from each other and from those already taken (RFC 3550 section 8).
struct UniqueSSRCs {
    private var taken: Set<SSRC>

    init(taken: some Sequence<SSRC>) { self.taken = Set(taken).union([SSRC(0)]) }

    mutating func next(using generator: inout some RandomNumberGenerator) -> SSRC {
        // One draw over the whole range, then steps: this ends whatever the generator gives.
        var value = UInt32(truncatingIfNeeded: generator.next())
        while !taken.insert(SSRC(value)).inserted { value &+= 1 }
        return SSRC(value)
    }
}

/// 96 random bits in base64, as RFC 7022 section 4.2 wants short-term CNAMEs.
func randomCNAME(using generator: inout some RandomNumberGenerator) -> String {
    Base64.encode((0..<12).map { _ in UInt8.random(in: 0...255, using: &generator) })
}

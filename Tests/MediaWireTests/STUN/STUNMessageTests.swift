import MediaWire
import TestSupport
import Testing

@Suite struct STUNMessageTests {
    /// RFC 5769 section 2.1: a request with every attribute of an ICE check.
    static let request = hex(
        """
        00010058 2112a442 b7e7a701bc34d686fa87dfae 80220010 5354554e207465737420636c69656e74 00240004 6e0001ff
        80290008 932ff9b151263b36 00060009 6576746a3a68367659202020 00080014 9aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a2
        80280004 e57a3bcf
        """)
    /// Section 2.2.
    static let responseV4 = hex(
        """
        0101003c 2112a442 b7e7a701bc34d686fa87dfae 8022000b 7465737420766563746f7220 00200008 0001a147e112a643
        00080014 2b91f599fd9e90c38c7489f92af9ba53f06be7d7 80280004 c07d4c96
        """)
    /// Section 2.3.
    static let responseV6 = hex(
        """
        01010048 2112a442 b7e7a701bc34d686fa87dfae 8022000b 7465737420766563746f7220
        00200014 0002a1470113a9faa5d3f179bc25f4b5bed2b9d9 00080014 a382954e4be67bf11784c97c8292c275bfe3ed41
        80280004 c8fb0b4c
        """)
    private static let transaction = STUNTransactionID(high: 0xB7E7_A701, low: 0xBC34_D686_FA87_DFAE)

    /// What tests look at, since a message cannot leave its bytes.
    struct Found: Equatable {
        var type: STUNMessageType
        var transaction: STUNTransactionID
        var username: String?
        var priority: UInt32?
        var controlled: UInt64?
        var controlling: UInt64?
        var mapped: SocketAddress?
        var error: Int?
        var nominates: Bool
        var hasFingerprint: Bool
        var unknown: [UInt16]
        var integrity: [UInt8]?
    }

    static func read(_ bytes: [UInt8]?) -> Found? {
        guard let bytes, let message = STUNMessage(bytes.rawSpan) else { return nil }
        let username = message.value(of: .username)?.toArray()
        let integrity = message.integrity
        return Found(
            type: message.type, transaction: message.transaction,
            username: username.map { String(decoding: $0, as: UTF8.self) }, priority: message.priority,
            controlled: message.controlledTieBreaker, controlling: message.controllingTieBreaker,
            mapped: message.xorMappedAddress, error: message.errorCode, nominates: message.has(.useCandidate),
            hasFingerprint: message.hasFingerprint,
            unknown: message.unknownAttributes(besides: { $0 == .username || $0 == .priority }).map(\.rawValue),
            integrity: integrity?.code)
    }

    @Test func readsTheVectorsOfRFC5769() throws {
        let request = try #require(Self.read(Self.request))
        #expect(request.type == STUNMessageType(method: STUNMessageType.binding, .request))
        #expect(request.transaction == Self.transaction)
        #expect(request.username == "evtj:h6vY")
        #expect(request.priority == 0x6E00_01FF)
        #expect(request.controlled == 0x932F_F9B1_5126_3B36)
        #expect(request.controlling == nil && request.mapped == nil && !request.nominates)
        #expect(request.hasFingerprint && request.unknown.isEmpty)
        #expect(request.integrity?.count == 20)

        let v4 = try #require(Self.read(Self.responseV4))
        #expect(v4.type.messageClass == .successResponse)
        #expect(v4.mapped == SocketAddress("192.0.2.1:32853"))
        let v6 = try #require(Self.read(Self.responseV6))
        #expect(v6.mapped == SocketAddress("[2001:db8:1234:5678:11:2233:4455:6677]:32853"))
    }

    @Test func everyTypeIsReadAsItIsWritten() {
        for raw in UInt16.min ... .max {
            let type = STUNMessageType(rawValue: raw)
            #expect((type == nil) == (raw >= 0x4000))
            if let type { #expect(type.rawValue == raw) }
        }
    }

    @Test func lengthsThatLieAreRefused() {
        let whole = Self.request
        for length in 0..<whole.count { #expect(Self.read(Array(whole[..<length])) == nil, "\(length) bytes") }
        for extra in 1...8 { #expect(Self.read(whole + [UInt8](repeating: 0, count: extra)) == nil) }
        for lie in [0, 1, 4, 0x57, 0x59, 0x5C, 0xFFFF] {
            var damaged = whole
            damaged[2] = UInt8(lie >> 8)
            damaged[3] = UInt8(lie & 0xFF)
            #expect(Self.read(damaged) == nil, "message of \(lie)")
        }
        // The first attribute's length, with the fingerprint made to fit.
        for lie in [17, 20, 68, 0xFFFC, 0xFFFF] {
            var damaged = Array(whole.dropLast(8))
            damaged[22] = UInt8(lie >> 8)
            damaged[23] = UInt8(lie & 0xFF)
            #expect(Self.read(damaged) == nil, "attribute of \(lie)")
        }
    }

    @Test func aFingerprintFitsAndIsLast() throws {
        for index in Self.request.indices where index != 2 && index != 3 {
            var damaged = Self.request
            damaged[index] ^= 0x10
            #expect(Self.read(damaged)?.hasFingerprint != true, "byte \(index)")
        }
        var behind = Self.request + hex("80220000")
        behind[3] += 4
        #expect(Self.read(behind) == nil)
    }

    @Test func whatStandsBehindIntegrityDoesNotCount() throws {
        var writer = STUNMessageWriter(STUNMessageType(method: 1, .request), Self.transaction)
        writer.write(.username, Array("a:b".utf8))
        writer.write(.messageIntegrity, [UInt8](repeating: 7, count: 20))
        writer.writeFlag(.useCandidate)
        writer.write(STUNAttributeType(rawValue: 0x7777), [])
        let found = try #require(Self.read(writer.finish()))
        #expect(!found.nominates && found.unknown.isEmpty && found.username == "a:b")
    }

    @Test func integrityOfAnotherLengthIsRefused() throws {
        for length in [0, 4, 19, 21, 32] {
            var writer = STUNMessageWriter(STUNMessageType(method: 1, .request), Self.transaction)
            writer.write(.messageIntegrity, [UInt8](repeating: 7, count: length))
            #expect(Self.read(writer.finish()) == nil)
        }
    }

    @Test func tooManyAttributesAreRefused() throws {
        for (count, isTaken) in [(STUNMessage.maximumAttributes - 1, true), (STUNMessage.maximumAttributes, false)] {
            var writer = STUNMessageWriter(STUNMessageType(method: 1, .request), Self.transaction)
            for _ in 0..<count { writer.writeFlag(.software) }
            #expect((Self.read(writer.finish()) != nil) == isTaken)
        }
    }

    @Test(arguments: [UInt64(1), 2, 3]) func whatIsWrittenIsRead(_ seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<500 {
            let transaction = STUNTransactionID(using: &generator)
            let kind = STUNMessageType.Class.allCases.randomElement(using: &generator) ?? .request
            var writer = STUNMessageWriter(STUNMessageType(method: 1, kind), transaction)
            let address =
                Bool.random(using: &generator)
                ? SocketAddress(
                    IPAddress(v4: .random(in: .min ... .max, using: &generator)),
                    port: .random(in: 0 ... .max, using: &generator))
                : SocketAddress(
                    IPAddress(
                        v6High: .random(in: 1 ... .max, using: &generator),
                        low: .random(in: .min ... .max, using: &generator)),
                    port: .random(in: 0 ... .max, using: &generator))
            let name = String(repeating: "x", count: Int.random(in: 0...200, using: &generator))
            let tie = UInt64.random(in: .min ... .max, using: &generator)
            let code = Int.random(in: 300...699, using: &generator)
            writer.write(.username, Array(name.utf8))
            writer.writeXORMappedAddress(address)
            writer.write(.iceControlling, tie)
            writer.write(.priority, UInt32(truncatingIfNeeded: tie))
            writer.writeError(code, "reason")
            writer.writeFlag(.useCandidate)
            let bytes = try #require(writer.finish { _ in [UInt8](repeating: 9, count: 20) })
            let found = try #require(Self.read(bytes))
            #expect(found.transaction == transaction && found.type.messageClass == kind && found.username == name)
            #expect(found.mapped == address && found.controlling == tie && found.error == code && found.nominates)
            #expect(found.priority == UInt32(truncatingIfNeeded: tie))
        }
    }

    /// No byte string traps, and what is taken hangs together.
    @Test(arguments: [UInt64(11), 12, 13]) func damagedMessagesNeverTrap(_ seed: UInt64) {
        var mutator = Mutator(seed: seed)
        let seeds = [Self.request, Self.responseV4, Self.responseV6]
        for round in 0..<4_000 {
            // Without its fingerprint, or nearly all would fail there.
            let bytes = mutator.mutate(Array(seeds[round % 3].dropLast(8)), splicing: seeds)
            var fitting = bytes
            if fitting.count >= 20 {
                fitting[2] = UInt8((fitting.count - 20) >> 8 & 0xFF)
                fitting[3] = UInt8((fitting.count - 20) & 0xFF)
            }
            for candidate in [bytes, fitting] {
                guard let found = Self.read(candidate) else { continue }
                #expect(candidate.count >= 20 && candidate.count % 4 == 0)
                #expect(found.integrity.map(\.count) ?? 20 == 20)
            }
        }
    }
}

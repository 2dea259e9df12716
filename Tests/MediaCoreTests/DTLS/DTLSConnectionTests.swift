import MediaCore
import MediaWire
import TestSupport
import Testing

/// RFC 5763, RFC 5764 and RFC 6347, both ends ours, in simulated time.
@Suite struct DTLSConnectionTests {
    @Test func bothEndsHaveTheSameKeysCrosswise() throws {
        let pair = try DTLSPair()
        pair.run()
        let keys = try #require(pair.keys)
        #expect(keys.client.sending == keys.server.receiving)
        #expect(keys.client.receiving == keys.server.sending)
        #expect(keys.client.sending != keys.client.receiving)
        #expect(pair.areConnected == [true, true])
        #expect(pair.clientEvents.count == 1 && pair.serverEvents.count == 1)
    }

    @Test(arguments: [
        (DTLSContext.preferredProfiles, DTLSContext.preferredProfiles, SRTPProfile.aeadAES128GCM),
        ([.aesCM128HMACSHA1_80, .aeadAES128GCM], DTLSContext.preferredProfiles, .aeadAES128GCM),
        ([.aesCM128HMACSHA1_80, .aeadAES256GCM], DTLSContext.preferredProfiles, .aeadAES256GCM),
        ([.aesCM128HMACSHA1_80], DTLSContext.preferredProfiles, .aesCM128HMACSHA1_80),
    ])
    func theServersPreferenceDecides(
        _ offered: [SRTPProfile], _ preferred: [SRTPProfile], _ expected: SRTPProfile
    ) throws {
        let pair = try DTLSPair(clientProfiles: offered, serverProfiles: preferred)
        pair.run()
        #expect(pair.keys?.server.sending.profile == expected)
        #expect(pair.keys?.client.sending.profile == expected)
    }

    @Test func withoutACommonProfileThereIsNoConnection() throws {
        let pair = try DTLSPair(clientProfiles: [.aesCM128HMACSHA1_80], serverProfiles: [.aeadAES128GCM])
        pair.run()
        #expect(pair.clientEvents == [.failed(.profile)])
        #expect(pair.serverEvents == [.failed(.profile)])
    }

    @Test(arguments: CertificateFingerprint.Hash.allCases)
    func theCertificateIsKnownByItsFingerprint(_ hash: CertificateFingerprint.Hash) throws {
        let pair = try DTLSPair(hash: hash)
        pair.run()
        #expect(pair.keys != nil)
    }

    /// One that fits is enough (RFC 8122 section 5).
    @Test func oneOfSeveralFingerprintsIsEnough() throws {
        let other = try #require(CertificateFingerprint(.sha256, digest: Array(repeating: 7, count: 32)))
        let context = try DTLSContext(validAt: 1_790_000_000, serial: 3)
        let ofContext = context.fingerprint(.sha384)
        let own = try #require(ofContext)
        let peer = try DTLSContext(validAt: 1_790_000_000, serial: 4)
        let ofServer = peer.fingerprint(.sha256)
        let ofPeer = try #require(ofServer)
        let pair = try DTLSPair(announcedByServer: nil)
        pair.client = try DTLSConnection(.client, in: context, peer: [ofPeer])
        pair.server = try DTLSConnection(.server, in: peer, peer: [other, own])
        pair.run()
        #expect(pair.keys != nil)
    }

    @Test(arguments: [true, false])
    func anotherCertificateThanAnnouncedIsRefused(isTheClients: Bool) throws {
        let other = [try #require(CertificateFingerprint(.sha256, digest: Array(repeating: 7, count: 32)))]
        let pair = try DTLSPair(
            announcedByClient: isTheClients ? other : nil, announcedByServer: isTheClients ? nil : other)
        pair.run()
        #expect(pair.keys == nil)
        #expect((isTheClients ? pair.serverEvents : pair.clientEvents) == [.failed(.certificate)])
        // The other end hears of it by an alert.
        let told = isTheClients ? pair.clientEvents : pair.serverEvents
        #expect(told == [.failed(.handshake)] || told.last == .closed || told.last == .failed(.handshake))
    }

    @Test func withoutFingerprintsNobodyIsTrusted() throws {
        let context = try DTLSContext(validAt: 1_790_000_000, serial: 3)
        #expect(throws: DTLSError.fingerprints) { _ = try DTLSConnection(.client, in: context, peer: []) }
        let own = context.fingerprint(.sha256)
        let fingerprint = try #require(own)
        let many = Array(repeating: fingerprint, count: 9)
        #expect(throws: DTLSError.fingerprints) { _ = try DTLSConnection(.server, in: context, peer: many) }
    }

    @Test func aServerKeepsSilentUntilItIsSpokenTo() throws {
        let pair = try DTLSPair()
        pair.server.start(at: pair.now)
        var count = 0
        pair.server.sendDatagrams { _ in count += 1 }
        #expect(count == 0)
        #expect(pair.nextTimeouts.server == nil)
    }

    @Test func datagramsStayWithinTheMTU() throws {
        let pair = try DTLSPair()
        pair.run()
        #expect(pair.sent.count >= 4)
        #expect(pair.sent.allSatisfy { $0.datagram.count <= DTLSConnection.mtu })
    }

    /// RFC 6347 section 4.2.4: each repetition waits twice as long as the one before, by our time and no other.
    @Test func aLostFlightIsSentAgainByTheTimeThatIsGiven() throws {
        let pair = try DTLSPair()
        pair.client.start(at: pair.now)
        let start = pair.now
        pair.exchange { _, _ in [] }
        for _ in 0..<4 {
            _ = pair.advance()
            pair.exchange { _, _ in [] }
        }
        let times = pair.sent.map { $0.at.nanoseconds(since: start) / 1_000_000 }
        #expect(times == [0, 100, 300, 700, 1_500])
        let first = try #require(pair.sent.first?.datagram)
        // The same message in a new record.
        #expect(pair.sent.allSatisfy { $0.datagram.count == first.count })
        #expect(Set(pair.sent.map(\.datagram)).count == pair.sent.count)
        pair.run()
        #expect(pair.keys != nil)
        #expect(pair.nextTimeouts.client == nil && pair.nextTimeouts.server == nil)
    }

    @Test func aTimeoutThatIsNotDueDoesNothing() throws {
        let pair = try DTLSPair()
        pair.client.start(at: pair.now)
        pair.exchange { _, _ in [] }
        let due = try #require(pair.nextTimeouts.client)
        pair.client.handleTimeout(at: due.advanced(byNanoseconds: -1))
        var count = 0
        pair.client.sendDatagrams { _ in count += 1 }
        #expect(count == 0)
        #expect(pair.nextTimeouts.client == due)
    }

    @Test func whoeverIsNeverAnsweredGivesUp() throws {
        let pair = try DTLSPair()
        let start = pair.now
        pair.run { _, _ in [] }
        #expect(pair.clientEvents == [.failed(.timeout)])
        #expect(pair.serverEvents.isEmpty)
        let seconds = pair.now.nanoseconds(since: start) / 1_000_000_000
        #expect((10...30).contains(seconds))
    }

    /// A message of which the rest never comes would hold up all that follow.
    @Test func aHandshakeThatStandsStillIsGivenUp() throws {
        let pair = try DTLSPair()
        pair.client.start(at: pair.now)
        var hello: [UInt8] = []
        pair.client.sendDatagrams { hello = Array($0) }
        // The first fragment of two: lengths of record and fragment shorter, the message's as it was.
        let half = 40
        var fragment = Array(hello[..<(13 + 12 + half)])
        fragment[11] = 0
        fragment[12] = UInt8(12 + half)
        (fragment[22], fragment[23], fragment[24]) = (0, 0, UInt8(half))
        pair.deliver([fragment], toServer: true)
        #expect(pair.serverEvents.isEmpty)
        let due = try #require(pair.nextTimeouts.server)
        #expect(due.nanoseconds(since: pair.now) == 20_000_000_000)
        pair.now = due
        pair.server.handleTimeout(at: due)
        #expect(pair.server.pollEvent() == .failed(.timeout))
    }

    @Test(arguments: 0..<40)
    func handshakesSurviveLossRepetitionAndDisorder(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let pair = try DTLSPair()
        pair.run { _, datagrams in
            var arrived = datagrams.filter { _ in Int.random(in: 0..<100, using: &generator) >= 25 }
            arrived += arrived.filter { _ in Int.random(in: 0..<100, using: &generator) < 20 }
            return arrived.shuffled(using: &generator)
        }
        let keys = try #require(pair.keys)
        #expect(keys.client.sending == keys.server.receiving)
        #expect(keys.client.receiving == keys.server.sending)
    }

    /// The last flight is lost and its sender has long been content: it has to answer the repetition (RFC 6347 section 4.2.4).
    @Test func theLastFlightIsSentAgainOnDemand() throws {
        let pair = try DTLSPair()
        var lost = 0
        pair.run { fromClient, datagrams in
            // It is the only one of the server's that begins with a change of cipher (record type 20).
            guard !fromClient, datagrams.first?.first == 20, lost < 2 else { return datagrams }
            lost += 1
            return []
        }
        #expect(lost == 2)
        #expect(pair.keys != nil)
    }

    /// Soon after the handshake, and long after it, when OpenSSL has gone.
    @Test(arguments: [false, true], [false, true]) func goodByeIsHeard(settles: Bool, fromClient: Bool) throws {
        let pair = try DTLSPair()
        pair.run(settles: settles)
        #expect((pair.nextTimeouts.client == nil) == settles && (pair.nextTimeouts.server == nil) == settles)
        if fromClient { pair.client.close() } else { pair.server.close() }
        pair.exchange()
        #expect((fromClient ? pair.serverEvents : pair.clientEvents).last == .closed)
        #expect(pair.areConnected == [false, false])
        // Whatever comes later changes nothing.
        let before = pair.serverEvents.count
        pair.deliver([[22, 254, 253] + Array(repeating: 0, count: 40)], toServer: true)
        #expect(pair.serverEvents.count == before)
    }

    /// Only one of the two has let go of OpenSSL.
    @Test(arguments: [false, true]) func goodByesOfBothKindsAreTheSame(clientSettles: Bool) throws {
        let pair = try DTLSPair()
        pair.run(settles: false)
        let late = pair.now.advanced(byNanoseconds: DTLSConnection.settling)
        if clientSettles { pair.client.handleTimeout(at: late) } else { pair.server.handleTimeout(at: late) }
        pair.client.close()
        pair.exchange()
        #expect(pair.serverEvents.last == .closed)
        let datagrams = pair.sent.suffix(1).map(\.datagram)
        #expect(datagrams.first?.first == 21 && datagrams.first?.count == 39)
    }

    @Test(arguments: [false, true]) func applicationDataIsReadAndForgotten(settles: Bool) throws {
        let pair = try DTLSPair()
        pair.run(settles: settles)
        // A record of data under no key that the server knows.
        pair.deliver([[23, 254, 253, 0, 1, 0, 0, 0, 0, 0, 9, 0, 32] + Array(repeating: 5, count: 32)], toServer: true)
        #expect(pair.areConnected[1])
    }

    /// Nobody but the peer ends a connection: not its own good-bye come back, not one that was changed, not one of another
    /// connection, not the datagrams of its handshake once more.
    @Test(arguments: [false, true]) func forgedGoodByesAreNotHeard(settles: Bool) throws {
        let pair = try DTLSPair()
        pair.run(settles: settles)
        let other = try DTLSPair()
        other.run(settles: settles)
        other.client.close()
        other.exchange()
        let handshake = pair.sent.map(\.datagram)
        pair.client.close()
        var goodbyes: [[UInt8]] = []
        pair.client.sendDatagrams { goodbyes.append(Array($0)) }
        let goodbye = try #require(goodbyes.first)
        var forged = handshake + other.sent.suffix(1).map(\.datagram)
        for place in goodbye.indices {
            // OpenSSL takes a record's minor version for the agreed one, whatever it says.
            for bit in 0..<8 where settles || place != 2 {
                var changed = goodbye
                changed[place] ^= 1 << UInt8(bit)
                forged.append(changed)
            }
            forged.append(Array(goodbye.prefix(place)))
        }
        for datagram in forged {
            pair.deliver([datagram], toServer: true)
            #expect(pair.areConnected[1] && pair.serverEvents.count == 1, "\(datagram)")
        }
        pair.server.sendDatagrams { _ in }
        #expect(settles || pair.nextTimeouts.server == nil, "it has let go of OpenSSL")
        pair.server.close()
        var own: [[UInt8]] = []
        pair.server.sendDatagrams { own.append(Array($0)) }
        // After some of that OpenSSL says nothing any more.
        #expect(own.count == (settles ? 1 : 0) && own != goodbyes)
    }

    /// Whatever comes in between, nothing included, the handshake ends well once the true datagrams arrive.
    @Test(arguments: 0..<60)
    func brokenDatagramsAmongTrueOnesDoNoHarm(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let pair = try DTLSPair()
        pair.run { _, datagrams in
            datagrams.flatMap { datagram -> [[UInt8]] in
                let noise = (0..<Int.random(in: 0...80, using: &generator)).map { _ in
                    UInt8.random(in: 0...255, using: &generator)
                }
                let cut = Array(datagram.prefix(Int.random(in: 0...12, using: &generator)))
                // A true header before rubbish: of a version, an epoch or a length that cannot be.
                var header = Array(datagram.prefix(13))
                header[[1, 2, 3, 4, 11][Int.random(in: 0..<5, using: &generator)]] ^= 0x55
                return [noise, cut, header + noise, datagram, noise]
            }
        }
        #expect(pair.keys != nil, "\(pair.clientEvents) \(pair.serverEvents)")
    }

    /// Any byte of any datagram changed: it may fail, but by an event.
    @Test(arguments: 0..<200)
    func changedDatagramsEndInAnEventAtWorst(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let pair = try DTLSPair()
        pair.run { _, datagrams in
            datagrams.map { datagram in
                guard !datagram.isEmpty, Int.random(in: 0..<3, using: &generator) == 0 else { return datagram }
                var changed = datagram
                changed[Int.random(in: 0..<changed.count, using: &generator)] ^=
                    1
                    << UInt8.random(
                        in: 0..<8, using: &generator)
                return changed
            }
        }
        #expect(!pair.clientEvents.isEmpty)
        if let keys = pair.keys { #expect(keys.client.sending == keys.server.receiving) }
    }

    /// RFC 5764 section 4.2: the order in which the exported bytes are cut.
    @Test func keysAreCutInTheOrderOfTheRFC() throws {
        let material = (0..<56).map(UInt8.init)
        #expect(DTLSKeys.length(.aeadAES128GCM) == material.count)
        let client = try #require(DTLSKeys(.aeadAES128GCM, material: material, isClient: true))
        #expect(client.sending.keySalt == (0..<16).map(UInt8.init) + (32..<44).map(UInt8.init))
        #expect(client.receiving.keySalt == (16..<32).map(UInt8.init) + (44..<56).map(UInt8.init))
        let server = try #require(DTLSKeys(.aeadAES128GCM, material: material, isClient: false))
        #expect(server.sending == client.receiving && server.receiving == client.sending)
        #expect(DTLSKeys(.aeadAES256GCM, material: material, isClient: true) == nil)
    }
}

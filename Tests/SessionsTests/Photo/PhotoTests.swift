import Sessions
import Testing

/// Photos in place of the live picture.
struct PhotoTests {
    private let bench = Bench()
    private let picture: [UInt8] = [0xFF, 0xD8, 0xFF, 0xE0] + Array(repeating: 7, count: 100)

    @Test func filesAreKnownByTheirFirstBytes() {
        #expect(PhotoFormat(of: [0xFF, 0xD8, 0xFF, 0xE0]) == .jpeg)
        #expect(PhotoFormat(of: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0]) == .png)
        #expect(PhotoFormat(of: Array("RIFF\u{1}\u{2}\u{3}\u{4}WEBPVP8 ".utf8)) == .webP)
        for bytes in [
            [], [0xFF], [0xFF, 0xD8], Array("RIFF1234WEB".utf8), Array("RIFF1234WAVE".utf8), Array("<svg/>".utf8),
            Array("<html><script>".utf8), Array("GIF89a".utf8),
        ] { #expect(PhotoFormat(of: bytes) == nil, "\(bytes)") }
    }

    @Test func whatIsNoPictureOrTooLargeIsRefused() throws {
        #expect(throws: SessionError.self) { try NewPhoto(Array("<svg onload=alert(1)>".utf8)) }
        let largest = Array(picture.prefix(3)) + Array(repeating: 0, count: Photo.sizeLimit - 3)
        #expect(try NewPhoto(largest).bytes.count == Photo.sizeLimit)
        #expect(throws: SessionError.self) { try NewPhoto(largest + [0]) }
    }

    @Test func D14_D12_photosPassWhileTheGateIsOpenOnly() async throws {
        let session = try await bench.waiting()
        let customer = Principal.customer(session.id)
        let photo = try NewPhoto(picture)
        let service = bench.service
        await #expect(throws: SessionError.notStarted) { try await service.send(photo, by: customer) }
        _ = try await service.start(session.id, as: nil, by: bench.key)
        #expect(try await service.send(photo, by: customer).number == 1)
        _ = try await service.hold(session.id, by: bench.key)
        await #expect(throws: SessionError.onHold) { try await service.send(photo, by: customer) }
        _ = try await service.resume(session.id, by: bench.key)
        #expect(try await service.send(photo, by: customer).number == 2)
        await #expect(throws: SessionError.customerOnly) { try await service.send(photo, by: bench.key) }
        _ = try await service.end(session.id, notes: nil, by: bench.key)
        await #expect(throws: SessionError.ended) { try await service.send(photo, by: customer) }
        let photos = try await service.photos(of: session.id, for: bench.key)
        #expect(photos.map(\.size) == [picture.count, picture.count])
        #expect(try await service.photo(2, of: session.id, for: bench.key).bytes == picture)
        await #expect(throws: SessionError.noSuchPhoto) { try await service.photo(3, of: session.id, for: bench.key) }
    }

    @Test func D18_theLogSaysThatAPhotoCame() async throws {
        let session = try await bench.waiting()
        _ = try await bench.service.start(session.id, as: nil, by: bench.key)
        _ = try await bench.service.send(NewPhoto(picture), by: .customer(session.id))
        let entry = try #require(try await bench.service.trail(of: session.id, for: bench.key).last)
        #expect(entry.record.step == .photoSent)
        #expect(entry.record.actor == "customer")
        #expect(entry.record.details == ["number": "1", "format": "image/jpeg", "bytes": "104"])
    }

    @Test func photosAreForTheSessionsTwoSidesOnly() async throws {
        let one = try await bench.waiting()
        let other = try await bench.waiting()
        _ = try await bench.service.start(one.id, as: nil, by: bench.key)
        _ = try await bench.service.send(NewPhoto(picture), by: .customer(one.id))
        await #expect(throws: SessionError.notYours) {
            try await bench.service.photos(of: one.id, for: .customer(other.id))
        }
        await #expect(throws: SessionError.notYours) {
            try await bench.service.photo(1, of: one.id, for: .customer(other.id))
        }
        #expect(try await bench.service.photos(of: one.id, for: .customer(one.id)).count == 1)
    }

    @Test func aSessionHoldsAFewOnly() async throws {
        let session = try await bench.waiting()
        _ = try await bench.service.start(session.id, as: nil, by: bench.key)
        let photo = try NewPhoto(picture)
        for _ in 0..<Photo.countLimit { _ = try await bench.service.send(photo, by: .customer(session.id)) }
        await #expect(throws: SessionError.photosFull) {
            try await bench.service.send(photo, by: .customer(session.id))
        }
    }

    @Test func whoListensHearsOfEachPhoto() async throws {
        let session = try await bench.waiting()
        _ = try await bench.service.start(session.id, as: nil, by: bench.key)
        let subscription = bench.service.feed.subscribe(to: .everything, as: bench.key)
        let sent = try await bench.service.send(NewPhoto(picture), by: .customer(session.id))
        for await item in subscription.items {
            guard case .photo(let heard) = item.event else { continue }
            #expect(heard == sent)
            break
        }
    }

    @Test func D18_aSnapshotIsNotedWhileTheGateIsOpenOnly() async throws {
        let session = try await bench.waiting()
        let service = bench.service
        await #expect(throws: SessionError.notStarted) { try await service.noteSnapshot(of: session.id, by: bench.key) }
        _ = try await service.start(session.id, as: nil, by: bench.key)
        #expect(try await service.noteSnapshot(of: session.id, by: bench.key).snapshots == 1)
        #expect(try await service.noteSnapshot(of: session.id, by: bench.key).snapshots == 2)
        _ = try await service.hold(session.id, by: bench.key)
        await #expect(throws: SessionError.onHold) { try await service.noteSnapshot(of: session.id, by: bench.key) }
        await #expect(throws: SessionError.technicianOnly) {
            try await service.noteSnapshot(of: session.id, by: .customer(session.id))
        }
        let steps = try await service.trail(of: session.id, for: bench.key).map(\.record.step)
        #expect(steps.count { $0 == .snapshotTaken } == 2)
    }
}

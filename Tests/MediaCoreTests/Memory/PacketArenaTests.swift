import Glibc
import TestSupport
import Testing

@testable import MediaCore

@Suite struct PacketArenaTests {
    private static func bytes(_ number: Int) -> [UInt8] {
        (0..<1_500).map { UInt8(truncatingIfNeeded: $0 &+ number &* 7) }
    }

    /// Fills a ring at a packet a millisecond for this long; answers which packets are still whole, newest first.
    private func run(_ arena: inout PacketArena, milliseconds: Int, each packets: Int) -> [Int] {
        var places: [PacketArena.Place] = []
        for number in 0..<(milliseconds * packets) {
            let now = Instant(nanoseconds: 5_000_000_000 + UInt64(number / packets) * 1_000_000)
            Self.bytes(number).withUnsafeBytes { packet in
                if let place = arena.store(packet, extended: Int64(number), at: now) { places.append(place) }
            }
        }
        #expect(places.count == milliseconds * packets)
        return places.indices.reversed().filter { number in
            guard let record = arena.record(at: places[number]) else { return false }
            #expect(record.pointee.extended == Int64(number))
            #expect([UInt8](PacketArena.packet(of: record)) == Self.bytes(number))
            return true
        }
    }

    /// Packets of every length that ends in a cache line or the next are read neither before nor behind themselves.
    @Test(arguments: 0...200) func readsNothingButThePacket(_ length: Int) throws {
        let page = 4096
        let memory = try #require(
            mmap(nil, 3 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))
        defer { munmap(memory, 3 * page) }
        try #require(memory != MAP_FAILED)
        #expect(mprotect(memory, page, PROT_NONE) == 0 && mprotect(memory + 2 * page, page, PROT_NONE) == 0)
        var arena = PacketArena(limit: 64 * 1024)
        for start in [page, 2 * page - length] {
            let packet = UnsafeMutableRawBufferPointer(start: memory + start, count: length)
            packet.copyBytes(from: Self.bytes(length).prefix(length))
            let place = arena.store(UnsafeRawBufferPointer(packet), extended: 7, at: Instant(nanoseconds: 1))
            let stored = arena.record(at: try #require(place))
            let record = try #require(stored)
            #expect([UInt8](PacketArena.packet(of: record)) == Array(Self.bytes(length).prefix(length)))
        }
    }

    @Test func keepsASecondWhereThereIsRoom() {
        var arena = PacketArena(limit: 64 * 1024 * 1024)
        // 30 Mbyte a second.
        let whole = run(&arena, milliseconds: 3_000, each: 20)
        #expect(whole.count >= 20_000)
        #expect(whole == Array((60_000 - whole.count..<60_000).reversed()), "the newest ones, without a hole")
        #expect(arena.size > PacketArena.step && arena.size < arena.limit)
    }

    @Test func staysWithinItsLimitAndItsFirstSize() {
        var small = PacketArena(limit: 1_000_000)
        #expect((600...652).contains(run(&small, milliseconds: 500, each: 20).count))
        #expect(small.size == 1_000_000)
        var slow = PacketArena(limit: 64 * 1024 * 1024)
        _ = run(&slow, milliseconds: 20_000, each: 1)
        #expect(slow.size == PacketArena.step)
    }

    @Test func shrinksAgainWhenLittleComes() {
        var arena = PacketArena(limit: 64 * 1024 * 1024)
        _ = run(&arena, milliseconds: 2_000, each: 20)
        let grown = arena.size
        #expect(grown > 20 * 1024 * 1024)
        // Its clock goes on from where the last packet came.
        var now = Instant(nanoseconds: 10_000_000_000)
        for number in 0..<60_000 {
            now = now.advanced(byMilliseconds: 3)
            Self.bytes(number).withUnsafeBytes { _ = arena.store($0, extended: Int64(number), at: now) }
        }
        #expect(arena.size < grown / 4)
    }

    @Test func noPlaceAndLongPacketsAreNowhere() {
        var arena = PacketArena(limit: 1_000_000)
        let places: [(lap: UInt32, offset: UInt32)] = [(0, 0), (1, 999_984), (1, 8), (2, 0), (.max, 0), (0, .max - 15)]
        for place in places {
            #expect(arena.record(at: PacketArena.Place(lap: place.lap, offset: place.offset)) == nil, "\(place)")
        }
        let stored = [UInt8](repeating: 1, count: 2_049).withUnsafeBytes {
            arena.store($0, extended: 1, at: Instant(nanoseconds: 1))
        }
        #expect(stored == nil)
    }

    @Test(arguments: [0, 1, 15, 16, 17, 31, 63, 64, 65, 127, 1_100, 2_048]) func anyLengthComesOutAsItWent(
        _ length: Int
    ) {
        var arena = PacketArena(limit: 1_000_000)
        let packet = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ 3) }
        // Twice, at different places.
        for number in 0..<2 {
            // An empty array has no address, and nothing is kept of it.
            let place = packet.withUnsafeBytes { arena.store($0, extended: Int64(number), at: Instant(nanoseconds: 1)) }
            let record = place.flatMap { arena.record(at: $0) }
            #expect(record.map { [UInt8](PacketArena.packet(of: $0)) } ?? [] == packet)
        }
    }

    @Test func memoryIsMadeReadyPieceByPieceUpToTheLimit() {
        var arena = PacketArena(limit: 5 * 1024 * 1024)
        let packet = Self.bytes(1)
        let place = packet.withUnsafeBytes { arena.store($0, extended: 7, at: Instant(nanoseconds: 1)) }
        var pieces = 0
        while arena.prepare() { pieces += 1 }
        #expect(pieces == 3)
        // What stands in it stays as it is.
        let record = place.flatMap { arena.record(at: $0) }
        #expect(record.map { [UInt8](PacketArena.packet(of: $0)) } == packet)
    }
}

import MediaFiles
import TestSupport
import Testing

/// Damages `seeds` over and over and reads each result. A reader must end with a result or with an error that names a
/// place within the file, and must not hand out more than the file holds.
func expectSurvival(
    of seeds: [[UInt8]], seed: UInt64, rounds: Int, repair: ([UInt8]) -> [UInt8] = { $0 },
    read: (String) throws(MediaFileError) -> Int
) throws {
    let folder = try TemporaryFolder()
    var mutator = Mutator(seed: seed)
    var refused = 0
    for round in 0..<rounds {
        let damaged = repair(mutator.mutate(seeds[round % seeds.count], splicing: seeds))
        let path = try folder.file("damaged", holding: damaged)
        do {
            let bytesHandedOut = try read(path)
            #expect(bytesHandedOut <= damaged.count, "seed \(seed), round \(round)")
        } catch {
            refused += 1
            #expect(error.path == path, "seed \(seed), round \(round)")
            #expect((0...damaged.count).contains(error.offset ?? -1), "seed \(seed), round \(round): \(error)")
            #expect(!error.what.isEmpty)
        }
    }
    // Both outcomes must have been seen, or the damage is not what this test thinks it is.
    #expect(refused > rounds / 20, "seed \(seed)")
    #expect(refused < rounds, "seed \(seed)")
}

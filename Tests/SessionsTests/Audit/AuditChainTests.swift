import Sessions
import TestSupport
import Testing

struct AuditChainTests {
    private static let key = AuditKey(Array(1...32))

    private func log(_ count: Int, seed: UInt64 = 1) throws -> [AuditEntry] {
        var generator = SeededGenerator(seed: seed)
        var chain = AuditChain(key: try #require(Self.key))
        return (0..<count).map { index in
            chain.append(
                AuditRecord(
                    at: Samples.start.advanced(bySeconds: Int64(index)), actor: "key",
                    step: AuditStep.allCases[index % AuditStep.allCases.count],
                    session: SessionID(using: &generator), details: ["reason": "r\(index)", "empty": ""]))
        }
    }

    private func fault(_ entries: [AuditEntry], heads: [AuditHead] = []) throws -> AuditVerifier.Fault? {
        var verifier = AuditVerifier(key: try #require(Self.key), heads: heads)
        do throws(AuditVerifier.Fault) {
            for entry in entries { try verifier.read(entry) }
            try verifier.finish()
            return nil
        } catch {
            return error
        }
    }

    @Test func D18_anUntouchedLogVerifiesAndGoesOnAfterARestart() throws {
        var entries = try log(50)
        let last = try #require(entries.last)
        var chain = AuditChain(
            key: try #require(Self.key), continuing: AuditHead(number: last.number, seal: last.seal))
        entries.append(
            chain.append(AuditRecord(at: Samples.start, actor: "service", step: .ended, session: nil)))
        #expect(entries.map(\.number) == Array(1...51))
        #expect(try fault(entries) == nil)
        #expect(try fault([]) == nil)
    }

    @Test func D18_everyChangeIsFoundAndNamesTheFirstBrokenEntry() throws {
        let entries = try log(20)
        let changes: [(String, (inout AuditEntry) -> Void)] = [
            ("time", { $0.record.at = $0.record.at.advanced(bySeconds: 1) }),
            ("actor", { $0.record.actor += "x" }),
            ("step", { $0.record.step = $0.record.step == .ended ? .held : .ended }),
            ("session", { $0.record.session = nil }),
            ("detail's value", { $0.record.details["reason"] = "other" }),
            ("detail's name", { $0.record.details = ["reasons": $0.record.details["reason"] ?? "", "empty": ""] }),
            ("detail taken", { $0.record.details["empty"] = nil }),
            ("detail added", { $0.record.details["more"] = "" }),
            ("number", { $0.number += 1 }),
            ("seal", { $0.seal = AuditSeal($0.seal.bytes.map { $0 ^ 1 }) ?? .none }),
        ]
        for place in entries.indices {
            for (what, change) in changes {
                var tampered = entries
                change(&tampered[place])
                let number = tampered[place].number
                #expect(try fault(tampered) == .broken(number: number), "\(what) of entry \(place + 1)")
            }
        }
    }

    @Test func D18_entriesTakenOutPutInOrSwappedAreFound() throws {
        let entries = try log(20)
        for place in 0..<19 {
            var without = entries
            without.remove(at: place)
            #expect(try fault(without) == .broken(number: Int64(place + 2)))
            var twice = entries
            twice.insert(entries[place], at: place)
            #expect(try fault(twice) == .broken(number: Int64(place + 1)))
            var swapped = entries
            swapped.swapAt(place, place + 1)
            #expect(try fault(swapped) == .broken(number: Int64(place + 2)))
        }
    }

    @Test func D18_aMissingTailIsFoundByAnExportedHead() throws {
        let entries = try log(20)
        let heads = [entries[19], entries[4], entries[9]].map { AuditHead(number: $0.number, seal: $0.seal) }
        #expect(try fault(entries, heads: heads) == nil)
        #expect(try fault(Array(entries[..<19]), heads: heads) == .cutOff(after: 19, until: 20))
        #expect(try fault([], heads: heads) == .cutOff(after: 0, until: 20))
        // Without a head nobody can know.
        #expect(try fault(Array(entries[..<19])) == nil)
    }

    @Test func D18_aLogWrittenAnewWithTheKeyIsFoundByAnExportedHead() throws {
        let head = try #require(log(20).last.map { AuditHead(number: $0.number, seal: $0.seal) })
        #expect(try fault(log(25, seed: 2), heads: [head]) == .replaced(number: 20))
    }

    @Test func D18_withoutTheKeyNoEntryFits() throws {
        var chain = AuditChain(key: try #require(AuditKey(Array(2...33))))
        let forged = chain.append(AuditRecord(at: Samples.start, actor: "key", step: .started, session: nil))
        #expect(try fault([forged]) == .broken(number: 1))
        #expect(AuditKey([1, 2, 3]) == nil)
        #expect(AuditSeal([1, 2, 3]) == nil)
    }

    /// Parts that run into each other would let a word move from one to the next.
    @Test func D18_partsCannotBeMovedFromOneToAnother() throws {
        func seal(_ actor: String, _ details: [String: String]) throws -> AuditSeal {
            var chain = AuditChain(key: try #require(Self.key))
            return chain.append(
                AuditRecord(at: Samples.start, actor: actor, step: .held, session: nil, details: details)
            ).seal
        }
        let seals = try [
            seal("a", ["b": "c"]), seal("ab", ["": "c"]), seal("a", ["bc": ""]), seal("a", ["b": "c", "": ""]),
            seal("", ["ab": "c"]), seal("a", [:]),
        ]
        #expect(Set(seals).count == seals.count)
    }

    @Test func aKeyDoesNotPrintItself() throws {
        let key = try #require(AuditKey(Array(repeating: 0xAB, count: 32)))
        #expect("\(key)" + String(reflecting: key) == "AuditKeyAuditKey")
    }
}

import Testing
import TestSupport

@Suite("The helper that runs programs")
struct SubprocessTests {
    @Test("gives the status and both outputs")
    func statusAndOutputs() throws {
        let result = try runProcess("sh", ["-c", "printf out; printf err >&2; exit 7"])
        #expect(result.status == 7)
        #expect(result.stdout == Array("out".utf8))
        #expect(result.stderr == "err")
    }

    @Test("reads more than a pipe holds on both outputs without blocking")
    func largeOutputs() throws {
        let script = "head -c 3000000 /dev/zero >&2; head -c 5000000 /dev/zero; head -c 3000000 /dev/zero >&2"
        let result = try runProcess("sh", ["-c", script])
        #expect(result.status == 0)
        #expect(result.stdout.count == 5_000_000)
        #expect(result.stderr.utf8.count == 6_000_000)
    }

    @Test("names the Debian package of a program that is missing")
    func missingProgram() {
        #expect {
            try runProcess("no-such-program-here", [])
        } throws: { error in
            "\(error)".contains("apt-get install no-such-program-here")
        }
    }
}

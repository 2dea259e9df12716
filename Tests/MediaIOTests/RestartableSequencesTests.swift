import CLinux
import Foundation
import Testing

@Suite struct RestartableSequencesTests {
    /// Whether the system had signed the thread up or not: after the call it is in none, so a second one finds nothing to leave.
    @Test func aThreadLeavesOnce() async {
        let again: Int32 = await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                _ = lens_leave_restartable_sequences()
                continuation.resume(returning: lens_leave_restartable_sequences())
            }
        }
        #expect(again == -1)
    }
}

internal import CLinux
internal import Glibc

/// Many descriptors, and which of them have something to read: asking costs as much as there are ready ones (epoll(7)).
@safe
public struct DescriptorSet: ~Copyable {
    private let descriptor: Int32
    private let marks: UnsafeMutablePointer<UInt32>
    /// Of one answer.
    public static let most = 64

    /// - Throws: `UDPSocketError` with the operation `open`.
    public init() throws(UDPSocketError) {
        descriptor = lens_open_set()
        guard descriptor >= 0 else { throw UDPSocketError(operation: .open, code: errno) }
        unsafe marks = .allocate(capacity: Self.most)
    }

    deinit {
        close(descriptor)
        unsafe marks.deallocate()
    }

    /// Watches a socket until it is closed. `mark` comes back when it has something. False if the kernel refuses.
    public func add(_ socket: borrowing UDPSocket, mark: UInt32) -> Bool {
        lens_watch(descriptor, socket.descriptor, mark, 1, 0) == 0
    }

    /// Hands over the marks of sockets that have something, without waiting; at most `most`, those first that have waited longest.
    /// - Returns: how many there were.
    public func ready(_ body: (UInt32) -> Void) -> Int {
        let count = unsafe Int(lens_watched(descriptor, marks, Int32(Self.most)))
        for place in 0..<count { unsafe body(marks[place]) }
        return count
    }
}

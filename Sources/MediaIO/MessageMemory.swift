internal import CLinux

/// The message headers of one batch with what they point to, allocated once and set up anew for each system call.
@safe
struct MessageMemory: ~Copyable {
    /// Messages, and pieces of memory that they consist of.
    let capacity: Int
    let messages: UnsafeMutablePointer<lens_message>
    let vectors: UnsafeMutablePointer<iovec>
    let names: UnsafeMutablePointer<sockaddr_storage>
    private let controls: UnsafeMutableRawPointer

    init(capacity: Int) {
        self.capacity = max(1, capacity)
        unsafe messages = .allocate(capacity: self.capacity)
        unsafe vectors = .allocate(capacity: self.capacity)
        unsafe names = .allocate(capacity: self.capacity)
        unsafe controls = .allocate(byteCount: self.capacity * Int(LENS_CONTROL_SIZE), alignment: 64)
        unsafe messages.initialize(repeating: lens_message(), count: self.capacity)
        unsafe vectors.initialize(repeating: iovec(), count: self.capacity)
        unsafe names.initialize(repeating: sockaddr_storage(), count: self.capacity)
        unsafe controls.initializeMemory(as: UInt8.self, repeating: 0, count: self.capacity * Int(LENS_CONTROL_SIZE))
    }

    deinit {
        unsafe messages.deallocate()
        unsafe vectors.deallocate()
        unsafe names.deallocate()
        unsafe controls.deallocate()
    }

    /// Where the control data of message `index` stands: `LENS_CONTROL_SIZE` bytes.
    func control(_ index: Int) -> UnsafeMutableRawPointer { unsafe controls + index &* Int(LENS_CONTROL_SIZE) }

    /// Points message `index` at its vectors, its name and its control data.
    @inline(__always)
    func prepare(
        _ index: Int, vectors first: Int, count: Int, nameLength: socklen_t, controlLength: Int
    ) {
        unsafe messages[index].header.msg_name = UnsafeMutableRawPointer(names + index)
        unsafe messages[index].header.msg_namelen = nameLength
        unsafe messages[index].header.msg_iov = vectors + first
        unsafe messages[index].header.msg_iovlen = count
        unsafe messages[index].header.msg_control = controlLength > 0 ? control(index) : nil
        unsafe messages[index].header.msg_controllen = controlLength
    }
}

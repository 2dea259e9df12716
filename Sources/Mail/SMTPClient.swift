internal import CCurl
internal import Dispatch
internal import Synchronization

/// Hands messages to a mail server, through libcurl, one after the other on a thread of its own.
public final class SMTPClient: Sendable {
    private let server: SMTPServer
    private let queue = DispatchQueue(label: "lens.mail")

    /// libcurl's own set-up, once for the process.
    private static let isReady = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    public init(_ server: SMTPServer) { self.server = server }

    /// Ends within a second or so when the task is cancelled.
    /// - Parameter message: with lines ended by CRLF.
    /// - Throws: `MailError`.
    public func send(_ message: [UInt8], from: String, to: String) async throws(MailError) {
        let server = server
        let end = EndOfTransfer()
        let result: Result<Void, MailError> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                queue.async {
                    continuation.resume(
                        returning: Self.send(message, from: from, to: to, through: server, until: end))
                }
            }
        } onCancel: {
            end.isWanted.store(true, ordering: .relaxed)
        }
        try result.get()
    }

    private static func send(
        _ message: [UInt8], from: String, to: String, through server: SMTPServer, until end: EndOfTransfer
    ) -> Result<Void, MailError> {
        guard isReady, let transfer = CurlTransfer(server) else {
            return .failure(MailError(isPermanent: false, "libcurl does not start"))
        }
        return transfer.send(message, from: from, to: to, until: end)
    }
}

/// Asks a transfer to end before its time.
private final class EndOfTransfer: Sendable {
    let isWanted = Atomic<Bool>(false)

    /// libcurl calls this about every second.
    static let check: curl_xferinfo_callback = { context, _, _, _, _ in
        guard let context = unsafe context else { return 0 }
        let end = unsafe Unmanaged<EndOfTransfer>.fromOpaque(context).takeUnretainedValue()
        return end.isWanted.load(ordering: .relaxed) ? 1 : 0
    }
}

/// One transfer's handle, and the memory that it points to.
@safe private struct CurlTransfer: ~Copyable {
    private let handle: UnsafeMutableRawPointer
    private let errorText: UnsafeMutablePointer<CChar>
    private let server: SMTPServer

    init?(_ server: SMTPServer) {
        guard let handle = unsafe curl_easy_init() else { return nil }
        unsafe self.handle = unsafe handle
        unsafe errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
        unsafe errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        self.server = server
    }

    deinit {
        unsafe curl_easy_cleanup(handle)
        unsafe errorText.deallocate()
    }

    borrowing func send(
        _ message: [UInt8], from: String, to: String, until end: EndOfTransfer
    ) -> Result<Void, MailError> {
        // Alive until the transfer has returned.
        let context = unsafe Unmanaged.passRetained(end)
        defer { unsafe context.release() }
        unsafe lens_curl_set_progress(handle, EndOfTransfer.check, context.toOpaque())
        unsafe lens_curl_set_buffer(handle, CURLOPT_ERRORBUFFER, errorText)
        set(CURLOPT_URL, server.url)
        set(CURLOPT_USE_SSL, server.protection == .none ? Int(CURLUSESSL_NONE.rawValue) : Int(CURLUSESSL_ALL.rawValue))
        if let file = server.certificateAuthority { set(CURLOPT_CAINFO, file) }
        if let user = server.user { set(CURLOPT_USERNAME, user) }
        if let password = server.password { set(CURLOPT_PASSWORD, password) }
        set(CURLOPT_CONNECTTIMEOUT, server.timeoutSeconds)
        set(CURLOPT_TIMEOUT, server.timeoutSeconds)
        // Timeouts by the clock, not by a signal of the whole process.
        set(CURLOPT_NOSIGNAL, 1)
        set(CURLOPT_UPLOAD, 1)
        set(CURLOPT_MAIL_FROM, "<\(from)>")
        let recipients = unsafe curl_slist_append(nil, "<\(to)>")
        defer { unsafe curl_slist_free_all(recipients) }
        unsafe lens_curl_set_list(handle, CURLOPT_MAIL_RCPT, recipients)
        var source = MessageSource(message)
        let code = unsafe withUnsafeMutablePointer(to: &source) { source in
            unsafe lens_curl_set_reader(handle, MessageSource.read, source)
            return unsafe curl_easy_perform(handle)
        }
        guard code != CURLE_OK else { return .success(()) }
        return .failure(explain(code))
    }

    private borrowing func set(_ option: CURLoption, _ value: String) {
        unsafe _ = lens_curl_set_text(handle, option, value)
    }

    private borrowing func set(_ option: CURLoption, _ value: Int) {
        unsafe _ = lens_curl_set_number(handle, option, value)
    }

    private borrowing func explain(_ code: CURLcode) -> MailError {
        let detail = unsafe String(cString: errorText)
        let general = unsafe String(cString: curl_easy_strerror(code))
        let response = unsafe lens_curl_response(handle)
        let text = detail.isEmpty ? general : detail
        return MailError(
            isPermanent: (500...599).contains(response),
            response == 0 ? text : "\(text) (the server's answer: \(response))")
    }
}

/// What libcurl reads the message from.
private struct MessageSource {
    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    static let read: curl_read_callback = { buffer, size, count, context in
        guard let buffer = unsafe buffer, let source = unsafe context?.assumingMemoryBound(to: MessageSource.self)
        else {
            return 0
        }
        let length = unsafe min(size * count, source.pointee.bytes.count - source.pointee.position)
        unsafe source.pointee.bytes.withUnsafeBytes { bytes in
            guard length > 0, let start = bytes.baseAddress else { return }
            unsafe UnsafeMutableRawPointer(buffer).copyMemory(from: start + source.pointee.position, byteCount: length)
        }
        unsafe source.pointee.position += length
        return length
    }
}

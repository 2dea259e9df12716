import HTTPTypes
import NIOCore
import NIOHTTPTypes
import Sessions

/// Ends requests that take longer to come in than anybody needs who means well: a few seconds, and for a large body the time that a slow
/// line takes. Without it a body that drips in would hold its connection for ever, and so would a reader that takes nothing of its answer.
final class RequestDeadline: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let patience: TimeAmount
    /// What the slowest line that is waited for carries, in bytes a second.
    private static let slowestLine: Int64 = 8 * 1024
    /// Larger bodies are taken by no call, and buy no more time.
    private static let largestBody = Int64(Photo.sizeLimit)
    /// For a reader that takes nothing at all.
    private static let stallPatience = TimeAmount.seconds(30)

    private var timer: Scheduled<Void>?
    private var began = NIODeadline.now()
    private var received: Int64 = 0
    private var isReading = false
    /// Requests that have no whole answer yet.
    private var unanswered = 0
    private var hasBegunAnswer = false
    private var stall: Scheduled<Void>?
    /// The connection is being closed; what still comes in is not looked at.
    private var isOver = false

    /// - Parameter patience: for a request that is all there at once on any line.
    init(patience: TimeAmount) { self.patience = patience }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isOver else { return }
        switch unwrapInboundIn(data) {
        case .head:
            began = .now()
            received = 0
            isReading = true
            unanswered += 1
        case .body(let bytes): received += Int64(bytes.readableBytes)
        case .end:
            isReading = false
            stopTimer()
        }
        context.fireChannelRead(data)
    }

    /// Nearly every request is whole by now and needs no timer.
    func channelReadComplete(context: ChannelHandlerContext) {
        if isReading, timer == nil { startTimer(context) }
        context.fireChannelReadComplete()
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head: hasBegunAnswer = true
        case .body: break
        case .end:
            hasBegunAnswer = false
            unanswered -= 1
        }
        context.write(data, promise: promise)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        stall?.cancel()
        stall = nil
        if !context.channel.isWritable {
            stall = context.eventLoop.assumeIsolated().scheduleTask(in: Self.stallPatience) {
                context.close(promise: nil)
            }
        }
        context.fireChannelWritabilityChanged()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        stopTimer()
        stall?.cancel()
        stall = nil
    }

    private var deadline: NIODeadline {
        began + patience + .seconds(min(received, Self.largestBody) / Self.slowestLine)
    }

    private func startTimer(_ context: ChannelHandlerContext) {
        timer = context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { [self] in
            timer = nil
            guard isReading else { return }
            if NIODeadline.now() < deadline { startTimer(context) } else { end(context) }
        }
    }

    private func stopTimer() {
        timer?.cancel()
        timer = nil
    }

    private func end(_ context: ChannelHandlerContext) {
        isReading = false
        isOver = true
        // An answer may only stand in its turn.
        if unanswered == 1, !hasBegunAnswer {
            let problem = Problem(.requestTimeout, detail: "The request took too long to come in.")
            let (head, body) = problem.parts()
            context.write(wrapOutboundOut(.head(head)), promise: nil)
            context.write(wrapOutboundOut(.body(body)), promise: nil)
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }
        context.close(promise: nil)
    }
}

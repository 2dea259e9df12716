import HummingbirdCore
import HummingbirdHTTP2
import Logging
import NIOCore
import NIOSSL
import NIOTLS

/// HTTP/2 and HTTP/1.1 over TLS, where a handshake that is not done in time ends the connection, and so does a long silence: over HTTP/2 a
/// peer may leave the server's good-bye unanswered.
struct TLSChannel: ServerChildChannel {
    private let base: HTTP2UpgradeChannel
    private let patience: TimeAmount
    private let silence: TimeAmount

    /// - Parameters:
    ///   - patience: for the handshake.
    ///   - silence: without a byte either way.
    init(_ base: HTTP2UpgradeChannel, patience: TimeAmount, silence: TimeAmount) {
        self.base = base
        self.patience = patience
        self.silence = silence
    }

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<HTTP2UpgradeChannel.Value> {
        let ready = base.setup(channel: channel, logger: logger)
        do {
            let pipeline = channel.pipeline.syncOperations
            let tls = try pipeline.handler(type: NIOSSLServerHandler.self)
            // Between TLS and what waits for its outcome, which keeps the event to itself.
            try pipeline.addHandler(HandshakeDeadline(patience: patience), position: .after(tls))
            // Before TLS: what comes and goes on the wire.
            try pipeline.addHandlers([IdleStateHandler(allTimeout: silence), SilenceCloser()], position: .first)
        } catch {
            return channel.eventLoop.makeFailedFuture(error)
        }
        return ready
    }

    func handle(value: HTTP2UpgradeChannel.Value, logger: Logger) async {
        await base.handle(value: value, logger: logger)
    }
}

/// Closes a connection on which nothing has come or gone for too long.
final class SilenceCloser: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = NIOAny
    typealias InboundOut = NIOAny

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is IdleStateHandler.IdleStateEvent {
            context.close(promise: nil)
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }
}

/// Closes a connection whose TLS handshake takes too long, and leaves once it is done.
final class HandshakeDeadline: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = NIOAny
    typealias InboundOut = NIOAny

    private let patience: TimeAmount
    private var timer: Scheduled<Void>?

    init(patience: TimeAmount) { self.patience = patience }

    func handlerAdded(context: ChannelHandlerContext) {
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: patience) { context.close(promise: nil) }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        timer?.cancel()
        timer = nil
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        context.fireUserInboundEventTriggered(event)
        if case .handshakeCompleted = event as? TLSUserEvent {
            context.pipeline.syncOperations.removeHandler(self, promise: nil)
        }
    }
}

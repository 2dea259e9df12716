import Logging
import MediaCore
import MediaIO
import Sessions

/// Reads what the shards tell and measure, tells the gateway how busy they are, and warns of what the operator should know.
struct ShardWatch: Sendable {
    let shards: [ShardThread]
    let gateway: RelayGateway
    let sessions: SessionService
    let logger: Logger

    /// Runs until its task is cancelled.
    func run() async {
        await withTaskGroup(of: Void.self) { group in
            for (index, shard) in shards.enumerated() {
                group.addTask { await log(shard.events, shard: index) }
            }
            group.addTask { await measure() }
        }
    }

    private func log(_ events: AsyncStream<ShardEvent>, shard: Int) async {
        for await event in events {
            await tell(event)
            // Building the message asks the gateway; nobody does that for a log that is off.
            guard logger.logLevel <= .debug else { continue }
            let (text, key, side): (String, RelaySessionKey, SessionSide?) =
                switch event {
                case .firstMedia(_, let key, let side): ("first media came", key, side)
                case .connected(_, let key, let side): ("handshake done", key, side)
                case .silent(_, let key, let side): ("a peer is silent", key, side)
                case .goodbye(_, let key, let side): ("a peer said good-bye", key, side)
                case .firstForwarded(let key): ("first media forwarded", key, nil)
                case .customerHeard(let key): ("the customer is there", key, nil)
                case .customerLost(let key): ("nothing is heard of the customer", key, nil)
                }
            var metadata: Logger.Metadata = ["shard": "\(shard)"]
            metadata["session"] = await gateway.session(for: key).map { "\($0)" } ?? "ended"
            if let side { metadata["side"] = "\(side)" }
            logger.debug("\(text)", metadata: metadata)
        }
    }

    /// What the session service has to know.
    private func tell(_ event: ShardEvent) async {
        switch event {
        case .customerHeard(let key):
            if let session = await gateway.session(for: key) { await sessions.noteCustomer(of: session, isHeard: true) }
        case .customerLost(let key):
            if let session = await gateway.session(for: key) {
                await sessions.noteCustomer(of: session, isHeard: false)
            }
        case .firstForwarded(let key):
            if let session = await gateway.session(for: key) { await sessions.noteFirstMedia(of: session) }
        default: break
        }
    }

    private func measure() async {
        var watched = shards.map { _ in Watched() }
        while !Task.isCancelled {
            await gateway.measureLoads()
            for index in shards.indices { watched[index].look(at: shards[index], index: index, logger: logger) }
            // Throws on cancellation only, which ends the loop.
            try? await Task.sleep(for: .seconds(1))
        }
    }

    /// What was seen of a shard before.
    private struct Watched {
        var kernelDrops: UInt64 = 0
        var isOverloaded = false

        mutating func look(at shard: ShardThread, index: Int, logger: Logger) {
            let drops = shard.kernelReceiveDrops
            if drops > kernelDrops {
                logger.warning(
                    "the kernel dropped datagrams that the shard did not read in time",
                    metadata: ["shard": "\(index)", "dropped": "\(drops - kernelDrops)", "total": "\(drops)"])
            }
            kernelDrops = drops
            guard shard.isOverloaded != isOverloaded else { return }
            isOverloaded.toggle()
            if isOverloaded {
                logger.warning("the shard is overloaded and takes no new sessions", metadata: ["shard": "\(index)"])
            } else {
                logger.notice("the shard takes new sessions again", metadata: ["shard": "\(index)"])
            }
        }
    }
}

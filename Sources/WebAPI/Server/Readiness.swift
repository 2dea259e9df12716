import Synchronization

/// Whether the server takes new work. `/readyz` answers 503 from `startDraining` on, so that a load balancer turns away
/// before connections are refused.
public final class Readiness: Sendable {
    private let draining = Atomic<Bool>(false)

    public init() {}

    public var isDraining: Bool { draining.load(ordering: .acquiring) }

    public func startDraining() { draining.store(true, ordering: .releasing) }
}

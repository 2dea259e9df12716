import Foundation

/// A bounded queue between two threads: the giving side never waits unless it asks to, the taking side sleeps until there is
/// something.
final class HandoverQueue<Element: Sendable>: @unchecked Sendable {
    // Sendable: every stored property below is read and written with `condition` locked only.
    private let condition = NSCondition()
    private let limit: Int
    private var elements: [Element] = []
    private var isClosed = false
    private var dropCount = 0

    init(limit: Int) { self.limit = max(1, limit) }

    /// Elements refused because the queue was full.
    var dropped: Int { locked { dropCount } }

    /// False if the queue is full or closed; the element is dropped, and counted if it was full.
    @discardableResult
    func offer(_ element: Element) -> Bool {
        locked {
            guard !isClosed else { return false }
            guard elements.count < limit else {
                dropCount += 1
                return false
            }
            elements.append(element)
            condition.broadcast()
            return true
        }
    }

    /// Waits for room; drops the element only if the queue is closed.
    func put(_ element: Element) {
        locked {
            while elements.count >= limit, !isClosed { condition.wait() }
            guard !isClosed else { return }
            elements.append(element)
            condition.broadcast()
        }
    }

    /// Waits for the next element; nil once the queue is closed and empty.
    func take() -> Element? {
        locked {
            while elements.isEmpty, !isClosed { condition.wait() }
            guard !elements.isEmpty else { return nil }
            condition.broadcast()
            return elements.removeFirst()
        }
    }

    /// Nothing more comes; what is in it can still be taken.
    func close() {
        locked {
            isClosed = true
            condition.broadcast()
        }
    }

    private func locked<Value>(_ body: () -> Value) -> Value {
        condition.lock()
        defer { condition.unlock() }
        return body()
    }
}

/// First in, first out, with a limit: what goes over it is dropped and counted.
struct BoundedQueue<Element> {
    private var elements: [Element] = []
    private var head = 0
    private let limit: Int
    private(set) var overflows: UInt64 = 0

    init(limit: Int) { self.limit = limit }

    var count: Int { elements.count - head }

    mutating func append(_ element: Element) {
        guard count < limit else {
            overflows &+= 1
            return
        }
        elements.append(element)
    }

    mutating func popFirst() -> Element? {
        guard head < elements.count else { return nil }
        let element = elements[head]
        head += 1
        if head == elements.count {
            elements.removeAll(keepingCapacity: true)
            head = 0
        } else if head >= 64, head * 2 >= elements.count {
            elements.removeFirst(head)
            head = 0
        }
        return element
    }
}

#if canImport(CIPSecMB)
    internal import CIPSecMB
#endif

/// The memory of one thread for SRTP in bursts: where the processor works on several packets at once, jobs that a
/// sender or receiver has left open are done together.
///
/// Counter mode with HMAC-SHA1 gains from this; AES-GCM is at its best packet by packet, so its jobs are done before
/// they get here. Allocates at `init` only.
@safe
public struct SRTPBurst: ~Copyable {
    #if canImport(CIPSecMB)
        private let manager: UnsafeMutablePointer<IMB_MGR>?
        private let jobs: UnsafeMutablePointer<IMB_JOB>
        private let scratch: UnsafeMutablePointer<Scratch>
        private let pending: UnsafeMutablePointer<Int>

        /// What a packet needs apart from its own memory.
        private struct Scratch {
            var nonce: (UInt64, UInt64) = (0, 0)
            var tag: (UInt64, UInt64, UInt64) = (0, 0, 0)
            /// Bytes of the packet where the rollover counter was put to be hashed.
            var saved: UInt32 = 0
        }

        /// Packets that go to the library at once.
        private static let width = 128
        /// Fewer hashes than this are faster one by one: 16 lanes cost the same whether they are full or not.
        private static let fewestHashes = 6

        public init() {
            unsafe manager = SRTPBackend.ipsecmb.isAvailable ? IPSecMB.makeManager() : nil
            unsafe jobs = .allocate(capacity: Self.width)
            unsafe jobs.initialize(repeating: IMB_JOB(), count: Self.width)
            unsafe scratch = .allocate(capacity: Self.width)
            unsafe scratch.initialize(repeating: Scratch(), count: Self.width)
            unsafe pending = .allocate(capacity: Self.width)
            unsafe pending.initialize(repeating: 0, count: Self.width)
        }

        deinit {
            if let manager = unsafe manager { unsafe free_mb_mgr(manager) }
            unsafe jobs.deallocate()
            unsafe scratch.deallocate()
            unsafe pending.deallocate()
        }

        /// Does what the begun jobs among `burst` still need. Others are left alone.
        public mutating func run(_ burst: UnsafeMutableBufferPointer<SRTPJob>) {
            guard let manager = unsafe manager else { return unsafe runSingly(burst) }
            var next = 0
            while next < burst.count {
                var sealing = 0
                var opening = 0
                while next < burst.count, sealing &+ opening < Self.width {
                    // Those to seal are listed from the left, those to open from the right.
                    switch unsafe burst[next].state {
                    case .sealing:
                        unsafe pending[sealing] = next
                        sealing &+= 1
                    case .opening:
                        opening &+= 1
                        unsafe pending[Self.width &- opening] = next
                    case .done, .opened, .refused, .behind: break
                    }
                    next &+= 1
                }
                if sealing > 0 { unsafe seal(burst, pending, sealing, manager) }
                if opening > 0 { unsafe open(burst, pending + (Self.width &- opening), opening, manager) }
            }
        }

        /// Without a manager, for want of memory, each packet goes its usual way.
        private func runSingly(_ burst: UnsafeMutableBufferPointer<SRTPJob>) {
            for index in 0..<burst.count {
                guard let block = unsafe burst[index].block else { continue }
                let job = unsafe burst[index]
                switch unsafe job.state {
                case .sealing:
                    let isSealed = unsafe block.sealRTP(
                        job.packet, headerLength: job.headerLength, payload: job.payload, count: job.payloadCount,
                        ssrc: job.ssrc, index: job.index)
                    let length = unsafe job.headerLength &+ job.payloadCount &+ Int(block.head.pointee.tagLength)
                    unsafe burst[index].outcome = isSealed ? .success(length: length) : .limit
                    unsafe burst[index].state = .done
                case .opening:
                    let isOpened = unsafe block.openRTP(
                        job.packet, headerLength: job.headerLength, count: job.capacity, ssrc: job.ssrc,
                        index: job.index)
                    unsafe burst[index].state = isOpened ? .opened : .refused
                case .done, .opened, .refused, .behind: break
                }
            }
        }

        private func seal(
            _ burst: UnsafeMutableBufferPointer<SRTPJob>, _ list: UnsafeMutablePointer<Int>, _ count: Int,
            _ manager: UnsafeMutablePointer<IMB_MGR>
        ) {
            let isSealed = unsafe counterMode(burst, list, count, manager) && authenticate(burst, list, count, manager)
            for position in 0..<count {
                let index = unsafe list[position]
                unsafe burst[index].state = .done
                // What the library refused stays unsent.
                guard isSealed, let block = unsafe burst[index].block else {
                    unsafe burst[index].outcome = .limit
                    continue
                }
                let length = unsafe burst[index].headerLength &+ burst[index].payloadCount
                let tagLength = unsafe Int(block.head.pointee.tagLength)
                unsafe (burst[index].packet + length).copyMemory(from: tag(position), byteCount: tagLength)
                unsafe burst[index].outcome = .success(length: length &+ tagLength)
            }
        }

        /// Tags first: only what fits is decrypted, so a packet that does not is left as it came.
        private func open(
            _ burst: UnsafeMutableBufferPointer<SRTPJob>, _ list: UnsafeMutablePointer<Int>, _ count: Int,
            _ manager: UnsafeMutablePointer<IMB_MGR>
        ) {
            let isHashed = unsafe authenticate(burst, list, count, manager)
            var genuine = 0
            for position in 0..<count {
                let index = unsafe list[position]
                guard let block = unsafe burst[index].block else { continue }
                let tagLength = unsafe Int(block.head.pointee.tagLength)
                let received = unsafe burst[index].packet + (burst[index].capacity &- tagLength)
                unsafe received.storeBytes(of: scratch[position].saved, as: UInt32.self)
                if unsafe isHashed && SRTPTag.equal(received, tag(position), count: tagLength) {
                    unsafe burst[index].state = .opened
                    unsafe list[genuine] = index
                    genuine &+= 1
                } else {
                    unsafe burst[index].state = .refused
                }
            }
            guard unsafe !counterMode(burst, list, genuine, manager) else { return }
            for position in 0..<genuine { unsafe burst[list[position]].state = .refused }
        }

        @inline(__always)
        private func tag(_ position: Int) -> UnsafeMutableRawPointer {
            unsafe UnsafeMutableRawPointer(scratch + position) + 16
        }

        /// HMAC-SHA1 over header, encrypted payload and rollover counter, into the scratch of each position. The
        /// counter is put where the tag belongs; what stood there is saved.
        private func authenticate(
            _ burst: UnsafeMutableBufferPointer<SRTPJob>, _ list: UnsafeMutablePointer<Int>, _ count: Int,
            _ manager: UnsafeMutablePointer<IMB_MGR>
        ) -> Bool {
            let together = count >= Self.fewestHashes
            for position in 0..<count {
                let index = unsafe list[position]
                guard let block = unsafe burst[index].block else { continue }
                let length = unsafe burst[index].headerLength &+ burst[index].plainCount
                let end = unsafe burst[index].packet + length
                let rollover = UInt32(truncatingIfNeeded: unsafe burst[index].index >> 16)
                unsafe scratch[position].saved = end.loadUnaligned(as: UInt32.self)
                guard together else {
                    unsafe block.authenticate(burst[index].packet, length, tail: rollover)
                    unsafe tag(position).copyMemory(from: block.tag, byteCount: 20)
                    continue
                }
                unsafe end.storeBytes(of: rollover.bigEndian, as: UInt32.self)
                unsafe lens_imb_hash_job(
                    jobs + position, burst[index].packet, UInt64(length &+ 4),
                    block.base + SRTPKeyBlock.Layout.innerState,
                    block.base + SRTPKeyBlock.Layout.outerState, tag(position))
            }
            return unsafe !together || lens_imb_hash(manager, jobs, UInt32(count)) == UInt32(count)
        }

        /// AES in counter mode over the payloads, from source to slot or in place.
        private func counterMode(
            _ burst: UnsafeMutableBufferPointer<SRTPJob>, _ list: UnsafeMutablePointer<Int>, _ count: Int,
            _ manager: UnsafeMutablePointer<IMB_MGR>
        ) -> Bool {
            var used = 0
            for position in 0..<count {
                let index = unsafe list[position]
                let plain = unsafe burst[index].plainCount
                guard plain > 0, let block = unsafe burst[index].block else { continue }
                let output = unsafe burst[index].packet + burst[index].headerLength
                let input = unsafe burst[index].state == .sealing ? burst[index].payload : UnsafeRawPointer(output)
                unsafe scratch[used].nonce = block.makeNonce(ssrc: burst[index].ssrc, index: burst[index].index)
                unsafe lens_imb_counter_job(
                    jobs + used, input, output, UInt64(plain), block.base + SRTPKeyBlock.Layout.counterKey,
                    scratch + used)
                used &+= 1
            }
            return unsafe used == 0 || lens_imb_counter(manager, jobs, UInt32(used)) == UInt32(used)
        }
    #else
        public init() {}

        /// Nothing is left open where the build has no multi-buffer library.
        public mutating func run(_ burst: UnsafeMutableBufferPointer<SRTPJob>) {}
    #endif
}

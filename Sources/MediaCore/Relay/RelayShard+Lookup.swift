internal import MediaWire

/// Finding the stream of a packet whose source is not bound yet, or is bound to more than one.
extension RelayShard {
    /// Tries the keys of the streams that this packet may belong to, a few at most, and binds its source to the one that
    /// fits. Nil, with nothing changed but counters, if none does. On success the plain packet stands in `packet`, `length`
    /// bytes long.
    /// - Parameter first: the stream that the source is bound to; it stays so whichever key fits.
    mutating func authenticateUnbound(
        _ packet: UnsafeMutableRawBufferPointer, ssrc: SSRC, path: Path, isRTCP: Bool, first: StreamReference? = nil
    ) -> (reference: StreamReference, length: Int)? {
        guard unsafe packet.count <= scratch.count else {
            counters.droppedOversized &+= 1
            return nil
        }
        var sawReplay = false
        if let first {
            switch unsafe attempt(packet, with: first, isRTCP: isRTCP) {
            case .success(let length): return (first, length)
            case .replay: sawReplay = true
            case .authenticationFailure, .malformed, .limit: break
            }
        }
        let candidates = candidates(ssrc: ssrc, source: path.remote, isRTCP: isRTCP, first: first)
        guard first != nil || candidates.count > 0 else {
            counters.droppedUnknownSource &+= 1
            return nil
        }
        for position in 0..<candidates.count {
            let reference = candidates[position]
            switch unsafe attempt(packet, with: reference, isRTCP: isRTCP) {
            case .success(let length):
                if first == nil { bind(SourceKey(path.remote, ssrc), to: reference) }
                return (reference, length)
            case .replay: sawReplay = true
            case .authenticationFailure, .malformed, .limit: break
            }
        }
        if sawReplay { counters.droppedReplayed &+= 1 } else { counters.droppedUnauthenticated &+= 1 }
        return nil
    }

    /// Tries one key on a copy, since a failed try may damage the packet.
    private mutating func attempt(
        _ packet: UnsafeMutableRawBufferPointer, with reference: StreamReference, isRTCP: Bool
    ) -> SRTPOutcome {
        let trial = unsafe UnsafeMutableRawBufferPointer(rebasing: scratch[..<packet.count])
        unsafe trial.copyMemory(from: UnsafeRawBufferPointer(packet))
        let outcome = unsafe unprotect(trial, with: reference, isRTCP: isRTCP)
        if case .success(let length) = outcome {
            unsafe packet.copyMemory(from: UnsafeRawBufferPointer(rebasing: trial[..<length]))
        }
        return outcome
    }

    /// The streams whose keys are worth a try, so that at most `maximumKeysTried` are with `first`: those whose offer named both
    /// address and SSRC, then those announced at this very address, then those that declared the SSRC.
    private func candidates(
        ssrc: SSRC, source: SocketAddress, isRTCP: Bool, first: StreamReference?
    ) -> KeyCandidates {
        var found = KeyCandidates(limit: configuration.maximumKeysTried, first: first)
        let declared = declaredSources[ssrc] ?? []
        let announced = announcedSources[source] ?? []
        func consider(_ references: [StreamReference], alsoIn others: [StreamReference]? = nil) {
            for reference in references {
                guard isRTCP || !reference.isSlot, others?.contains(reference) ?? true else { continue }
                if !isRTCP, !tracks[reference.index].mayCarry(ssrc) { continue }
                found.add(reference)
            }
        }
        if !declared.isEmpty, !announced.isEmpty { consider(declared, alsoIn: announced) }
        consider(announced)
        consider(declared)
        return found
    }

    mutating func unprotect(
        _ packet: UnsafeMutableRawBufferPointer, with reference: StreamReference, isRTCP: Bool
    ) -> SRTPOutcome {
        let link = reference.isSlot ? slots[reference.index].link : tracks[reference.index].link
        // Players send no media on the m-lines that they play.
        guard link != SecureLink.none, isRTCP || !reference.isSlot else { return .malformed }
        return isRTCP
            ? unsafe links[Int(link)].receiver.unprotectRTCP(packet)
            : unsafe links[Int(link)].receiver.unprotectRTP(packet)
    }

    mutating func bind(_ key: SourceKey, to reference: StreamReference) {
        let limit = configuration.maximumBindings
        let dropped =
            reference.isSlot
            ? slots[reference.index].bindings.bind(key, limit: limit)
            : tracks[reference.index].bindings.bind(key, limit: limit)
        if let dropped { sources.remove(dropped, reference) }
        sources.insert(key, reference)
    }

    /// Makes a stream findable by what its offer said.
    mutating func announce(_ bindings: StreamBindings, _ reference: StreamReference) {
        for ssrc in bindings.declared { declaredSources[ssrc, default: []].append(reference) }
        for address in bindings.announced { announcedSources[address, default: []].append(reference) }
    }

    /// Undoes `announce` and all bindings.
    mutating func forget(_ bindings: StreamBindings, _ reference: StreamReference) {
        for key in bindings.keys { sources.remove(key, reference) }
        for ssrc in bindings.declared {
            declaredSources[ssrc]?.removeAll { $0 == reference }
            if declaredSources[ssrc]?.isEmpty == true { declaredSources[ssrc] = nil }
        }
        for address in bindings.announced {
            announcedSources[address]?.removeAll { $0 == reference }
            if announcedSources[address]?.isEmpty == true { announcedSources[address] = nil }
        }
    }
}

extension PublishedTrack {
    /// An offer that names its SSRCs means these and no others.
    func mayCarry(_ ssrc: SSRC) -> Bool { bindings.declared.isEmpty || bindings.declared.contains(ssrc) }
}

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
        let candidates = candidates(ssrc: ssrc, source: path.remote, isRTCP: isRTCP, first: first)
        guard !candidates.isEmpty else {
            counters.droppedUnknownSource &+= 1
            return nil
        }
        guard unsafe packet.count <= scratch.count else {
            counters.droppedOversized &+= 1
            return nil
        }
        var sawReplay = false
        for reference in candidates {
            let trial = unsafe UnsafeMutableRawBufferPointer(rebasing: scratch[..<packet.count])
            unsafe trial.copyMemory(from: UnsafeRawBufferPointer(packet))
            switch unsafe unprotect(trial, with: reference, isRTCP: isRTCP) {
            case .success(let length):
                unsafe packet.copyMemory(from: UnsafeRawBufferPointer(rebasing: trial[..<length]))
                if first == nil { bind(SourceKey(path.remote, ssrc), to: reference) }
                return (reference, length)
            case .replay: sawReplay = true
            case .authenticationFailure, .malformed, .limit: break
            }
        }
        if sawReplay { counters.droppedReplayed &+= 1 } else { counters.droppedUnauthenticated &+= 1 }
        return nil
    }

    /// The streams whose keys are worth a try, at most `maximumKeysTried`: the one that the source is bound to, those whose
    /// offer named both address and SSRC, then those announced at this very address, then those that declared the SSRC.
    private func candidates(
        ssrc: SSRC, source: SocketAddress, isRTCP: Bool, first: StreamReference?
    ) -> [StreamReference] {
        let declared = declaredSources[ssrc] ?? []
        let announced = announcedSources[source] ?? []
        var found: [StreamReference] = first.map { [$0] } ?? []
        func consider(_ references: [StreamReference], alsoIn others: [StreamReference]? = nil) {
            for reference in references {
                guard found.count < configuration.maximumKeysTried else { return }
                guard isRTCP || !reference.isSlot, !found.contains(reference), others?.contains(reference) ?? true
                else { continue }
                if !isRTCP, !tracks[reference.index].mayCarry(ssrc) { continue }
                found.append(reference)
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
        switch (reference.isSlot, isRTCP) {
        case (true, true): unsafe slots[reference.index].receiver.unprotectRTCP(packet)
        case (false, true): unsafe tracks[reference.index].receiver?.unprotectRTCP(packet) ?? .malformed
        case (false, false): unsafe tracks[reference.index].receiver?.unprotectRTP(packet) ?? .malformed
        // Players send no media on the m-lines that they play.
        case (true, false): .malformed
        }
    }

    private mutating func bind(_ key: SourceKey, to reference: StreamReference) {
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

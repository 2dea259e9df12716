/// Reads what the lines of each type hold (RFC 8866 section 9).
extension SDPLineReader.Line {
    func nonEmpty() throws(SDPError) -> String {
        guard !value.isEmpty else { throw error("\(type)= is empty") }
        return text
    }

    func origin() throws(SDPError) -> SDPOrigin {
        let fields = fields()
        guard fields.count == 6, !fields.contains("") else {
            throw error("o= needs six fields: username, id, version, network type, address type, address")
        }
        guard [fields[1], fields[2]].allSatisfy({ $0.utf8.count <= 32 && SDPText.isDigits($0.utf8) }) else {
            throw error("the session id and version of o= must be decimal numbers")
        }
        return SDPOrigin(
            username: fields[0], sessionID: fields[1], sessionVersion: fields[2],
            connection: try connection(Array(fields[3...])))
    }

    func connection() throws(SDPError) -> ConnectionData { try connection(fields()) }

    private func connection(_ fields: [String]) throws(SDPError) -> ConnectionData {
        guard fields.count == 3, !fields.contains("") else {
            throw error("\(type)= needs network type, address type and address")
        }
        guard fields[0] == "IN", fields[1] == "IP4" || fields[1] == "IP6" else {
            throw error("only IN IP4 and IN IP6 addresses are known")
        }
        let data = ConnectionData(networkType: fields[0], addressType: fields[1], address: fields[2])
        // A name or a multicast range may stand here, but a plain address must be of the type that the line names.
        if IPAddress(fields[2]) != nil, data.ipAddress == nil {
            throw error("the address is not of type \(fields[1])")
        }
        return data
    }

    func bandwidth() throws(SDPError) -> String {
        let text = text
        guard let (type, value) = SDPText.cut(text[...], at: ":"), !type.isEmpty, type.utf8.allSatisfy(SDPText.isToken),
            SDPText.isDigits(value.utf8)
        else { throw error("b= needs TYPE:NUMBER") }
        return text
    }

    func timing() throws(SDPError) -> SDPTiming {
        let fields = fields()
        guard fields.count == 2, fields.allSatisfy({ SDPText.isDigits($0.utf8) }) else {
            throw error("t= needs two numbers, start and stop")
        }
        return SDPTiming(start: fields[0], stop: fields[1])
    }

    func attribute() throws(SDPError) -> SDPAttribute {
        let colon = value.firstIndex(of: UInt8(ascii: ":"))
        let name = value[..<(colon ?? value.endIndex)]
        guard !name.isEmpty, name.allSatisfy(SDPText.isToken) else { throw error("a= needs a name") }
        let text = colon.map { String(decoding: value[($0 + 1)...], as: UTF8.self) }
        guard text != "" else { throw error("the attribute has a colon but no value") }
        var attribute = SDPAttribute(String(decoding: name, as: UTF8.self), text)
        attribute.line.number = number
        return attribute
    }

    func mediaDescription() throws(SDPError) -> MediaDescription {
        let fields = fields()
        guard fields.count >= 4, !fields.contains("") else {
            throw error("m= needs media, port, protocol and at least one format, one blank between them")
        }
        guard fields[0].utf8.allSatisfy(SDPText.isToken),
            fields[2].utf8.allSatisfy({ SDPText.isToken($0) || $0 == UInt8(ascii: "/") }),
            fields[3...].allSatisfy({ $0.utf8.allSatisfy(SDPText.isToken) })
        else { throw error("m= holds a character that it must not") }
        let ports = SDPText.cut(fields[1][...], at: "/")
        let count = ports.map { SDPText.decimal($0.1.utf8, as: UInt16.self) }
        guard let port = SDPText.decimal((ports?.0 ?? fields[1][...]).utf8, as: UInt16.self), count != .some(nil),
            count != .some(.some(0))
        else { throw error("the port of m= must be 0 to 65535") }
        var media = MediaDescription(kind: fields[0], port: port, protocolName: fields[2], formats: Array(fields[3...]))
        media.portCount = count ?? nil
        media.line.number = number
        return media
    }
}

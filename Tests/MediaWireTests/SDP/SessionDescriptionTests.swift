import MediaWire
import Testing

/// RFC 8866 section 5.
private let rfc8866Example = """
    v=0
    o=jdoe 3724394400 3724394405 IN IP4 198.51.100.1
    s=Call to John Smith
    i=SDP Offer #1
    u=http://www.jdoe.example.com/home.html
    e=Jane Doe <jane@jdoe.example.com>
    p=+1 617 555-6011
    c=IN IP4 198.51.100.1
    t=0 0
    m=audio 49170 RTP/AVP 0
    m=audio 49180 RTP/AVP 0
    m=video 51372 RTP/AVP 99
    c=IN IP6 2001:db8::2
    a=rtpmap:99 h263-1998/90000

    """

@Suite struct SessionDescriptionTests {
    @Test func rfc8866ExampleParses() throws {
        let session = try SessionDescription.parse(rfc8866Example)
        #expect(session.origin.username == "jdoe")
        #expect(session.origin.sessionID == "3724394400")
        #expect(session.origin.sessionVersion == "3724394405")
        #expect(session.origin.connection.ipAddress == IPAddress("198.51.100.1"))
        #expect(session.sessionName == "Call to John Smith")
        #expect(session.information == "SDP Offer #1")
        #expect(session.uri == "http://www.jdoe.example.com/home.html")
        #expect(session.emails == ["Jane Doe <jane@jdoe.example.com>"])
        #expect(session.phones == ["+1 617 555-6011"])
        #expect(session.timings == [SDPTiming()])
        #expect(session.mediaDescriptions.map(\.kind) == ["audio", "audio", "video"])
        let video = try #require(session.mediaDescriptions.last)
        #expect(video.rtpMaps == [RTPMap(payloadType: 99, encodingName: "h263-1998", clockRate: 90_000)])
        #expect(session.announcedAddress(of: video) == SocketAddress("[2001:db8::2]:51372"))
        #expect(session.announcedAddress(of: session.mediaDescriptions[0]) == SocketAddress("198.51.100.1:49170"))
    }

    /// RFC 8866 sections 5.7 to 5.12 and 5.14: everything that a description may hold.
    @Test func everyLineTypeSurvivesSerialising() throws {
        let text = """
            v=0
            o=- 1 18446744073709551616 IN IP6 2001:db8::1
            s=A Seminar
            e=a@example.org
            e=b@example.org
            c=IN IP4 233.252.0.1/127
            b=AS:1000
            b=X-YZ:128
            t=3724394400 3724398000
            r=7d 1h 0 25h
            t=3724484400 3724488000
            z=3730928400 -1h 3749680800 0
            a=recvonly
            m=video 49170/2 RTP/AVP 31
            i=Slides
            c=IN IP4 233.252.0.1/127
            c=IN IP4 233.252.0.2/127
            b=TIAS:64000
            a=orient:portrait

            """
        let session = try SessionDescription.parse(text)
        #expect(session.timings.map(\.repeats) == [["7d 1h 0 25h"], []])
        #expect(session.direction == .receiveOnly)
        #expect(session.mediaDescriptions[0].portCount == 2)
        #expect(session.mediaDescriptions[0].connection?.ipAddress == nil, "a multicast range is no plain address")
        #expect(session.serialized() == text.split(separator: "\n").joined(separator: "\r\n") + "\r\n")
        #expect(try SessionDescription.parse(session.serialized()) == session)
    }

    @Test(arguments: SDPFixture.names)
    func recordedDescriptionsComeBackTheSame(_ name: String) throws {
        let text = try SDPFixture.text(name)
        let session = try SessionDescription.parse(text)
        #expect(session.serialized() == text, "they all keep RFC 8866's order")
        let unixText = text.split(separator: "\r\n").joined(separator: "\n")
        #expect(try SessionDescription.parse(unixText) == session)
    }

    @Test(arguments: [
        ("", 1, "expected v= before the end"),
        ("\r\n\r\n", 2, "expected v= before the end"),
        ("v=1\no=- 1 1 IN IP4 0.0.0.0\ns=-\nt=0 0\n", 1, "version"),
        ("o=- 1 1 IN IP4 0.0.0.0\nv=0\n", 1, "expected v= before o="),
        ("v=0\ns=-\n", 2, "expected o= before s="),
        ("v=0\no=- 1 1 IN IP4 0.0.0.0\ns=-\nm=audio 9 RTP/SAVP 0\n", 4, "expected t= before m="),
        ("v=0\no=- 1 1 IN IP4 0.0.0.0\ns=-\n", 4, "expected t= before the end"),
        ("v=0\no=- 1 1 IN IP4 0.0.0.0\ns=-\nt=0 0\nc=IN IP4 192.0.2.1\n", 5, "c= stands after t="),
        ("v=0\nv=0\n", 2, "a second v="),
        ("v=0\no=- x 1 IN IP4 0.0.0.0\n", 2, "decimal"),
        ("v=0\no=-  1 IN IP4 0.0.0.0\n", 2, "six fields"),
        ("v=0\no=- 1 1 IN IP4\n", 2, "six fields"),
        ("v=0\no=- 1 1 ATM IP4 0.0.0.0\n", 2, "IN IP4"),
        ("v=0\no=- 1 1 IN IP6 192.0.2.1\n", 2, "type IP6"),
        ("v=0\no=- 1 1 IN IP4 0.0.0.0\ns=\n", 3, "s= is empty"),
        ("v=0\no=- 1 1 IN IP4 0.0.0.0\ns=-\nt=0\n", 4, "two numbers"),
        ("v=0\no=- 1 1 IN IP4 0.0.0.0\ns=-\nb=AS\nt=0 0\n", 4, "TYPE:NUMBER"),
        ("v=0\no=- 1 1 IN IP4 0.0.0.0\ns=-\nt=0 0\nx=1\n", 5, "does not belong"),
        ("v=0\no=- 1 1 IN IP4 0.0.0.0\ns=-\nt=0 0\na=\n", 5, "needs a name"),
        ("v=0\no=- 1 1 IN IP4 0.0.0.0\ns=-\nt=0 0\na=:x\n", 5, "needs a name"),
        ("v=0\no=- 1 1 IN IP4 0.0.0.0\ns=-\nt=0 0\na=mid:\n", 5, "no value"),
        ("v=0\no=- 1 1 IN IP4 0.0.0.0\ns=-\nr=1 2\nt=0 0\n", 4, "does not belong"),
        ("v=0\no=- 1 1 IN IP4 0.0.0.0\ns=-\n\nt=0 0\n", 4, "empty line"),
        ("v=0\rx", 1, "CR without LF"),
        ("v=0\no=- 1 1 IN IP4 0.0.0.0\ns=a\u{0}b\n", 3, "control character"),
        ("hello\n", 1, "x=value"),
        ("{\"sdp\":\"v=0\"}", 1, "x=value"),
    ])
    func namesTheLineThatIsWrong(_ text: String, _ line: Int, _ what: String) {
        let error = #expect(throws: SDPError.self) { try SessionDescription.parse(text) }
        #expect(error?.line == line)
        #expect(error?.what.contains(what) == true, "\(error?.what ?? "")")
    }

    @Test(arguments: [
        "m=audio", "m=audio 9 RTP/SAVP", "m=audio 65536 RTP/SAVP 0", "m=audio -1 RTP/SAVP 0", "m=audio +9 RTP/SAVP 0",
        "m=audio 9/0 RTP/SAVP 0", "m=audio 9/x RTP/SAVP 0", "m=audio 9/ RTP/SAVP 0", "m=audio  9 RTP/SAVP 0",
        "m=audio 9 RTP/SAVP 0 ", "m=au(dio 9 RTP/SAVP 0", "m=audio 9 RTP SAVP/ 0\u{7F}", "m=audio 9 RTP/SAVP \u{E9}",
    ])
    func refusesMalformedMediaLines(_ media: String) {
        let error = #expect(throws: SDPError.self) { try SessionDescription.parse(Sample.session + media + "\n") }
        #expect(error?.line == 5)
    }

    @Test func refusesWhatIsOverALimit() throws {
        let media = "m=audio 9 RTP/SAVP 0\n"
        func refusal(_ text: String) -> String {
            do { _ = try SessionDescription.parse(text) } catch { return error.description }
            return "accepted"
        }
        #expect(refusal(String(repeating: "v", count: 65_537)).contains("65536 bytes"))
        #expect(refusal(Sample.session + "a=" + String(repeating: "x", count: 4_095)).contains("4096 bytes"))
        #expect(refusal(Sample.session + "a=" + String(repeating: "x", count: 4_094)) == "accepted")
        #expect(refusal(Sample.session + String(repeating: media, count: 33)).contains("32 media"))
        #expect(refusal(Sample.session + String(repeating: media, count: 32)) == "accepted")
        #expect(refusal(Sample.session + String(repeating: "a=x\n", count: 513)).contains("512 a="))
        #expect(refusal(Sample.session + media + String(repeating: "a=x\n", count: 513)).contains("512 a="))
        let many = (media + String(repeating: "a=x\n", count: 511)) + media + String(repeating: "a=x\n", count: 511)
        #expect(refusal(Sample.session + many + many).contains("2000 lines"))
    }

    @Test func takesWhatIsHarmless() throws {
        let plain = try SessionDescription.parse(Sample.session + "a=x")
        #expect(try SessionDescription.parse(Sample.session + "a=x\r\n\r\n\n") == plain, "empty lines at the end")
        #expect(try SessionDescription.parse(Sample.session + "k=prompt\na=x\n") == plain, "k= is dropped")
        let named = try SessionDescription.parse(Sample.session + "m=audio 9 RTP/SAVP 0\nc=IN IP4 host.example\n")
        #expect(named.mediaDescriptions[0].connection?.ipAddress == nil)
    }

    @Test func keysStayOutOfDescriptions() throws {
        let text =
            Sample.session + "m=audio 9 RTP/SAVP 0\na=ice-pwd:secretword\na=crypto:1 SUITE inline:c2VjcmV0d29yZA==\n"
        let session = try SessionDescription.parse(text)
        for shown in ["\(session)", String(reflecting: session), "\(session.mediaDescriptions[0].cryptoAttributes)"] {
            #expect(!shown.contains("secretword"))
            #expect(!shown.contains("c2VjcmV0"))
        }
        #expect(session.serialized().contains("secretword"))
    }
}

enum Sample {
    static let session = "v=0\no=- 1 1 IN IP4 127.0.0.1\ns=-\nt=0 0\n"
}

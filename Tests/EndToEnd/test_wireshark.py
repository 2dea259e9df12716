"""Wireshark's dissectors read what the relay sends, as another implementation of the same documents."""

import collections

import pytest

import calls
import pcap
import wireshark

SECONDS = 3
STUN_SUCCESS = "0x0101"
#: Handshake messages of DTLS.
SERVER_HELLO, CERTIFICATE = "2", "11"
#: Numbers that clients/aiortc_client.py offers: payload types and header extensions.
OPUS, VP8, RETRANSMISSION = "96", "97", "98"
LEVEL, CAPTURE_TIME = "2", "6"
#: What the relay adds for the way to the player: send time and transport-wide number.
SEND_TIME, NUMBER = "3", "5"
#: Packet types of RTCP, and formats of its feedback.
SENDER_REPORT, RECEIVER_REPORT, DESCRIPTION, FEEDBACK, PAYLOAD_FEEDBACK = "200", "201", "202", "205", "206"
NACK, TRANSPORT_WIDE, PICTURE_LOSS, CNAME = "1", "15", "1", "1"
#: The client writes plain packets with these ports.
AS = ("-d", "udp.port==5004,rtp", "-d", "udp.port==5005,rtcp", "-d", f"rtp.pt=={VP8},vp8", "-d", f"rtp.pt=={OPUS},opus")
FIELDS = (
    "frame.protocols", "udp.dstport", "rtp.p_type", "rtp.ext", "rtp.ext.profile", "rtp.ext.rfc5285.id", "rtp.ext.rfc5285.data",
    "rtcp.pt", "rtcp.senderssrc", "rtcp.length_check", "rtcp.rtpfb.fmt", "rtcp.psfb.fmt", "rtcp.sdes.type", "rtcp.sdes.text",
)


@pytest.mark.parametrize("publisher, player", [("aiortc", "pion"), ("pion", "aiortc")])
def test_stun_and_dtls_are_read_as_such(single, tmp_path, publisher, player):
    port = single.server.media_port
    with wireshark.Capture(str(tmp_path / "call.pcap"), port) as capture, calls.call(single, publisher, player) as call:
        assert len(call.receiver.watch(SECONDS).frames) > 10

    sent = [packet for packet in pcap.read(capture.path) if packet.source[1] == port]
    # Nothing but the three kinds, of which there is enough to speak of.
    assert all(packet.is_stun or packet.is_dtls or packet.is_media for packet in sent)
    assert sum(packet.is_media for packet in sent) > 100
    expected = {packet.number: "stun" if packet.is_stun else "dtls" for packet in sent if not packet.is_media}

    read = wireshark.decode(
        capture.path,
        (*wireshark.COMPLAINTS, "frame.protocols", "ip.dst", "udp.dstport", "stun.type", "stun.att.ipv4", "stun.att.port",
         "stun.att.hmac", "stun.att.crc32.status", "dtls.handshake.type"),
        shown=f"udp.srcport == {port}")
    read = [packet for packet in read if int(packet["frame.number"][0]) in expected]
    kinds = {int(packet["frame.number"][0]): packet["frame.protocols"][0].split(":")[4] for packet in read}
    assert kinds == expected
    # Nothing is excused, encrypted records included.
    assert wireshark.complaints(read) == []

    answers = [packet for packet in read if packet["stun.type"]]
    for answer in answers:
        assert answer["stun.type"] == [STUN_SUCCESS], answer
        # The address that it tells is the one that it goes to.
        assert (answer["stun.att.ipv4"], answer["stun.att.port"]) == (answer["ip.dst"], answer["udp.dstport"]), answer
        assert len(answer["stun.att.hmac"]) == 1 and answer["stun.att.crc32.status"] == ["1"], answer
    # Both legs have gone through the handshake.
    hellos = {tuple(packet["udp.dstport"]) for packet in read if SERVER_HELLO in packet["dtls.handshake.type"]}
    certificates = {tuple(packet["udp.dstport"]) for packet in read if CERTIFICATE in packet["dtls.handshake.type"]}
    assert len(hellos) == 2 and certificates == hellos
    assert hellos <= {tuple(answer["udp.dstport"]) for answer in answers}


@pytest.mark.parametrize("publisher, extensions", [("aiortc", {LEVEL}), ("lens", {CAPTURE_TIME})])
def test_rtp_and_rtcp_are_read_as_such(single, tmp_path, monkeypatch, publisher, extensions):
    """What the relay protects, as it comes out at aiortc again. `extensions` are those that this publisher's packets have."""
    monkeypatch.setenv("LENS_PLAIN_PACKETS", str(tmp_path))
    with calls.call(single, publisher, "aiortc") as call:
        assert len(call.receiver.watch(SECONDS).frames) > 10

    rtp, rtcp = _plain(tmp_path / "play.pcap")
    types = collections.Counter(packet["rtp.p_type"][0] for packet in rtp)
    assert types.keys() == {OPUS, VP8, RETRANSMISSION} and min(types[OPUS], types[VP8]) > 20, types
    for packet in rtp:
        # 1 stands for true.
        if packet["rtp.ext"] == ["1"]:
            assert packet["rtp.ext.profile"] == ["0xbede"], packet
            # A value for each of them was read.
            assert len(packet["rtp.ext.rfc5285.data"]) == len(packet["rtp.ext.rfc5285.id"]) >= 1, packet
    assert {number for packet in rtp for number in packet["rtp.ext.rfc5285.id"]} == extensions | {SEND_TIME, NUMBER}
    # The player has repetitions on a stream of their own, so every packet can be numbered, and no number is there twice.
    numbers = [value for packet in rtp for id, value in zip(packet["rtp.ext.rfc5285.id"], packet["rtp.ext.rfc5285.data"])
               if id == NUMBER]
    assert len(numbers) == len(set(numbers)) == len(rtp)
    # Each of the two streams has reports with a name.
    reports = [packet for packet in rtcp if packet["rtcp.pt"][0] == SENDER_REPORT]
    assert all(DESCRIPTION in packet["rtcp.pt"] and CNAME in packet["rtcp.sdes.type"] for packet in reports)
    assert len({packet["rtcp.senderssrc"][0] for packet in reports}) == 2
    assert all(packet["rtcp.sdes.text"] for packet in reports)

    if publisher != "aiortc":
        return
    rtp, rtcp = _plain(tmp_path / "publish.pcap")
    # Nobody speaks to the publisher.
    assert rtp == []
    kinds = {(packet["rtcp.pt"][0], kind) for packet in rtcp for kind in packet["rtcp.pt"]}
    assert {(RECEIVER_REPORT, kind) for kind in (RECEIVER_REPORT, DESCRIPTION, FEEDBACK, PAYLOAD_FEEDBACK)} == kinds
    feedback = collections.Counter(kind for packet in rtcp for kind in packet["rtcp.rtpfb.fmt"])
    assert feedback.keys() == {NACK, TRANSPORT_WIDE} and feedback[TRANSPORT_WIDE] > 20, feedback
    assert {kind for packet in rtcp for kind in packet["rtcp.psfb.fmt"]} == {PICTURE_LOSS}


def _plain(path):
    """Plain packets as Wireshark reads them: those of RTP and those of RTCP. None may be wrong."""
    read = wireshark.decode(str(path), (*wireshark.COMPLAINTS, *FIELDS), options=AS)
    assert wireshark.complaints(read) == []
    sorts = {"5004": [], "5005": []}
    for packet in read:
        port = packet["udp.dstport"][0]
        layers = packet["frame.protocols"][0].split(":")
        assert layers[:4] == ["raw", "ip", "udp", "rtp" if port == "5004" else "rtcp"], packet
        if port == "5004":
            payload = {VP8: ["vp8"], OPUS: ["opus"]}.get(packet["rtp.p_type"][0], [])
            assert layers[4:] == payload, packet
        else:
            assert packet["rtcp.length_check"] == ["1"], packet
        sorts[port].append(packet)
    return sorts["5004"], sorts["5005"]


def test_what_is_wrong_is_found(tmp_path):
    """The judge itself: a receiver report that ends in its middle, and a packet of RTP in the list of its sources."""
    path = str(tmp_path / "wrong.pcap")
    writer = pcap.Writer(path)
    writer.write(bytes.fromhex("81c90007") + bytes(12), 5005, 1.0)
    writer.write(bytes.fromhex("8f600001") + bytes(12), 5004, 2.0)
    read = wireshark.decode(path, (*wireshark.COMPLAINTS, *FIELDS), options=AS)
    assert [number for number, _ in wireshark.complaints(read)] == ["1", "2"]

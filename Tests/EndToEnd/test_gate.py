"""D14 on the wire: in a capture of the whole flow no media leaves towards the technician before Start."""

import threading
import time

import pytest

import lens
import participants
import pcap
import wireshark


def flow(place, folder):
    """A customer sends from the moment of Waiting, a technician plays from then on, and Start comes seconds later. Answers the
    relay's media before Start and after it, and what the session says of it."""
    port = place.server.media_port
    with wireshark.Capture(f"{folder}/flow.pcap", port) as capture:
        session = lens.Session(place.server)
        sender = participants.publisher("aiortc", place, False)
        receiver = participants.player("aiortc", place)
        try:
            sender.open(session)
            receiver.open(session)
            seen = []
            watching = threading.Thread(target=lambda: seen.append(receiver.watch(6)))
            watching.start()
            time.sleep(4)
            counted = session.media["mediaBytesForwardedBeforeStart"]
            started = time.time()
            session.do("start")
            watching.join()
            came = session.media["packetsReceived"]
        finally:
            receiver.close()
            sender.close()
    packets = pcap.read(capture.path)
    # RTCP shares the port; its packet types are the second byte.
    media = [p for p in packets if p.source[1] == port and p.is_media and not 192 <= p.payload[1] <= 223]
    early = [p for p in media if p.at < started]
    arrived = [p for p in packets if p.target[1] == port and p.is_media and not 192 <= p.payload[1] <= 223]
    assert came > 100 and sum(p.at < started for p in arrived) > 50, "the customer has tried"
    return early, len(media) - len(early), counted


def judge(early, later, counted):
    assert counted == 0, "the counter"
    assert not early, "the capture"
    assert later > 50


def test_D14_no_media_leaves_before_start(single, tmp_path):
    judge(*flow(single, tmp_path))


def test_D14_with_the_gate_forced_open_counter_and_capture_tell(recorded, namespace, folder, tmp_path, monkeypatch):
    monkeypatch.setenv("LENS_TEST_FORCE_GATE_OPEN", "1")
    server = lens.Server("--udp-offload", "none")
    try:
        early, later, counted = flow(participants.Place(server, recorded, namespace, folder), tmp_path)
    finally:
        server.stop()
    assert counted > 0 and len(early) > 50
    with pytest.raises(AssertionError):
        judge(early, later, counted)

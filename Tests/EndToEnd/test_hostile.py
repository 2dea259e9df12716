"""A hostile network gets nothing out of the server, and does not bring it down."""

import http.client
import os
import random
import socket
import struct
import time

import lens
import stun

OFFERS = os.path.join(lens.ROOT, "Fixtures", "sdp")


def _offers():
    found = []
    for name in sorted(os.listdir(OFFERS)):
        if name.endswith(".sdp"):
            with open(os.path.join(OFFERS, name), "rb") as file:
                found.append(file.read())
    assert len(found) >= 6
    return found


def _damage(data, dice):
    data = bytearray(data)
    for _ in range(dice.randint(1, 8)):
        at = dice.randrange(len(data)) if data else 0
        match dice.randrange(5):
            case 0: data[at : at + 1] = bytes([dice.randrange(256)])
            case 1: del data[at : at + dice.randint(1, 200)]
            case 2: data[at:at] = bytes(dice.randrange(256) for _ in range(dice.randint(1, 40)))
            case 3: data[at:at] = data[at : at + dice.randint(1, 400)]
            case 4:
                # A line in another place.
                lines = data.split(b"\r\n")
                lines.insert(dice.randrange(len(lines) + 1), lines[dice.randrange(len(lines))])
                data = bytearray(b"\r\n".join(lines))
    return bytes(data)


def _resident(process):
    with open(f"/proc/{process.pid}/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_ten_thousand_offers_of_rubbish(place):
    session = lens.Session(place.server)
    session.join()
    dice = random.Random(10_000)
    offers = _offers()
    connection = http.client.HTTPConnection("127.0.0.1", place.server.port, timeout=10)
    headers = {"Authorization": f"Bearer {lens.KEY}", "Content-Type": "application/sdp"}
    answers = {}
    before = None
    for number in range(10_000):
        connection.request(
            "POST", f"/{dice.choice(['whip', 'whep'])}/{session.id}", _damage(dice.choice(offers), dice), headers)
        answer = connection.getresponse()
        answer.read()
        answers[answer.status] = answers.get(answer.status, 0) + 1
        if answer.getheader("Connection") == "close":
            connection.close()
        if number == 2_000:
            before = _resident(place.server.process)
    assert set(answers) <= {201, 400, 403, 406, 422}, answers
    # Some were still good, most were not: the damage is neither nothing nor everything.
    assert answers.get(201, 0) > 100 and answers.get(400, 0) > 100, answers
    assert _resident(place.server.process) - before < 32 << 20
    session.do("end")


def _stun(dice):
    """A binding request of a stranger, whole but for what it cannot know."""
    name = bytes(dice.randrange(65, 91) for _ in range(8)) + b":" + bytes(dice.randrange(65, 91) for _ in range(4))
    return stun.request(name, dice.randbytes(12), code=dice.randbytes(20), fingerprint=dice.random() < 0.5)


def test_datagrams_of_strangers_get_no_answer(place, call):
    """STUN without the password, hellos of DTLS, RTP and RTCP of nobody, and noise, while a call runs."""
    made = call("lens", "lens")
    dice = random.Random(7)
    stranger = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    stranger.bind(("127.0.0.1", 0))
    target = ("127.0.0.1", place.server.media_port)
    hello = bytes.fromhex("16fefd0000000000000000") + struct.pack("!H", 60) + b"\x01" + dice.randbytes(59)
    for _ in range(20_000):
        kind = dice.randrange(5)
        datagram = [
            lambda: _stun(dice), lambda: hello, lambda: b"\x80\x60" + dice.randbytes(dice.randint(10, 1_200)),
            lambda: b"\x80\xc8" + dice.randbytes(dice.randint(6, 200)), lambda: dice.randbytes(dice.randint(0, 1_400)),
        ][kind]()
        stranger.sendto(datagram, target)
    seen = made.receiver.watch(2)
    assert len(seen.frames) > 10
    stranger.settimeout(0.2)
    try:
        answer = stranger.recv(2_000)
        raise AssertionError(f"an answer of {len(answer)} bytes to a stranger")
    except TimeoutError:
        pass
    stranger.close()


def test_connections_that_send_half_a_frame_are_closed(place, call):
    target = ("127.0.0.1", place.server.tcp_port)
    idle = [socket.create_connection(target, 5) for _ in range(200)]
    for connection in idle:
        connection.sendall(b"\x04\x00half")
    broken = socket.create_connection(target, 5)
    broken.sendall(b"\xff\xff" + bytes(100))
    broken.settimeout(5)
    assert _is_closed(broken)
    # Meanwhile a call is set up as ever.
    assert len(call("lens", "lens").receiver.watch(2).frames) > 10
    end = time.monotonic() + 40
    for connection in idle:
        connection.settimeout(max(0.1, end - time.monotonic()))
        assert _is_closed(connection), "a connection that proves nothing stays open"
        connection.close()


def _is_closed(connection):
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True
    except TimeoutError:
        return False

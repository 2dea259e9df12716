"""A peer that cannot decide where it is: it holds the right password and nominates one address after the other."""

import asyncio
import contextlib
import dataclasses
import itertools
import os
import socket
import time

import pytest
from aiortc import RTCPeerConnection, RTCRtpSender, RTCSessionDescription
from aiortc.contrib.media import MediaPlayer
from aiortc.mediastreams import MediaStreamError

import calls
import extras
import lens
import participants
import pcap
import strip
import stun
import wireshark

#: How many addresses it has, more than the relay remembers.
ADDRESSES = 12
#: Between two nominations, in s, and how many there are of each kind.
PAUSE, ROUNDS = 0.002, 400
#: Addresses that are nominated once and closed.
PASSING = 20_000
#: How long players of our own would watch if they were not interrupted, in s.
WATCHED = 120
#: An address gets no media later than this after another one was chosen, in s: what was on its way out by then.
BOUND = 0.05


class Address:
    """A socket of the peer's. `take` gets what comes there and is not STUN."""

    def __init__(self, relay, take):
        self._relay, self._take = relay, take
        self.answers, self.received = set(), 0
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self._socket.setblocking(False)
        self._socket.bind(("127.0.0.1", 0))
        self.name = self._socket.getsockname()
        asyncio.get_running_loop().add_reader(self._socket, self._receive)

    def send(self, request):
        self._socket.sendto(request, self._relay)

    def _receive(self):
        with contextlib.suppress(BlockingIOError):
            while True:
                data = self._socket.recv(2_000)
                self.received += 1
                if data[0] < 4:
                    self.answers.add(stun.Message(data).transaction)
                else:
                    self._take(data)

    def close(self):
        asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()


class Peer:
    """aiortc. Other sockets than its own prove their addresses with its password and hand it what comes there."""

    def __init__(self):
        self._connection = RTCPeerConnection()
        self._tasks = []
        self._transactions = itertools.count()

    async def _open(self, server, path, token):
        await self._connection.setLocalDescription(await self._connection.createOffer())
        offer = self._connection.localDescription.sdp
        answer = server.call("POST", path, offer, token, "application/sdp")[2]
        await self._connection.setRemoteDescription(RTCSessionDescription(sdp=answer, type="answer"))
        self._ice = self._connection.getTransceivers()[0].sender.transport.transport._connection
        self.username = f"{self._ice.remote_username}:{self._ice.local_username}".encode()
        self._password = self._ice.remote_password.encode()
        await _until(lambda: self._connection.connectionState == "connected", "keys")

    def take(self, data):
        self._ice.data_received(data, 1)

    def check(self, **how):
        """A binding request that is good, unless `how` says what is wrong, and its transaction."""
        transaction = next(self._transactions).to_bytes(12, "big")
        return stun.request(self.username, transaction, **{"password": self._password, **how}), transaction

    async def close(self):
        for task in self._tasks:
            task.cancel()
        await self._connection.close()


class Publisher(Peer):
    #: What the last address has to get in a row, and how many addresses have to get something: feedback is twenty a second.
    ENOUGH, SHARE = 40, ADDRESSES // 2

    def __init__(self):
        # Feedback for the whole transport is what a publisher gets often.
        extras.offer_more()
        super().__init__()

    async def open(self, place, session):
        for path in (place.clip.sound, place.clip.vp8):
            source = MediaPlayer(path, loop=True)
            self._connection.addTransceiver(source.audio or source.video, direction="sendonly")
        for transceiver in self._connection.getTransceivers()[1:]:
            transceiver.setCodecPreferences(
                [codec for codec in RTCRtpSender.getCapabilities("video").codecs if codec.mimeType != "video/H264"])
        await self._open(place.server, f"/whip/{session.id}", session.join())


class Player(Peer):
    ENOUGH, SHARE = 200, ADDRESSES

    def __init__(self):
        super().__init__()
        self.frames = []

    async def open(self, place, session):
        for kind in ("audio", "video"):
            self._connection.addTransceiver(kind, direction="recvonly")
        self._connection.on("track", lambda track: self._tasks.append(asyncio.ensure_future(self._watch(track))))
        await self._open(place.server, f"/whep/{session.id}", lens.KEY)
        await _until(lambda: len(self.frames) > 10, "a picture")

    async def _watch(self, track):
        with contextlib.suppress(MediaStreamError):
            while True:
                frame = await track.recv()
                if track.kind == "video":
                    plane, row = frame.planes[0], strip.middle_row(frame.height)
                    start = row * plane.line_size
                    self.frames.append(strip.number(bytes(plane)[start : start + frame.width]))

    async def ask_for_keyframe(self):
        receiver = self._connection.getTransceivers()[1].receiver
        await receiver._send_rtcp_pli(receiver.getSynchronizationSources()[0].source)


async def _until(condition, what, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"{what}: not within {seconds} s"
        await asyncio.sleep(0.01)


@dataclasses.dataclass
class Found:
    username: bytes
    strangers: set
    #: Unix times between which it was not settled, and when it had been so for a while.
    start: float
    end: float = 0
    settled: float = 0
    last: tuple | None = None


async def _flap(peer, addresses, strangers):
    """Nominates in turn: two addresses for a while, then two others, then all. Each time one of the strangers tries too."""
    for some in (addresses[:2], addresses[2:4], addresses):
        for number in range(ROUNDS):
            some[number % len(some)].send(peer.check(nominate=True)[0])
            stranger, how = strangers[number % len(strangers)]
            stranger.send(peer.check(nominate=True, **how)[0])
            await asyncio.sleep(PAUSE)


def _bound(address, avoided):
    """A socket on a port of its own, not the relay's too, by which the capture tells the two sides apart."""
    while True:
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        made.bind((address, 0))
        if made.getsockname()[1] != avoided:
            return made
        made.close()


def _pass_by(peer, relay, take):
    """Nominates addresses never seen before, a hundred at once, and closes each when it is answered."""
    for start in range(0, PASSING, 100):
        sockets = []
        for number in range(start, start + 100):
            made = _bound(f"127.1.{number >> 8}.{number & 255}", relay[1])
            made.settimeout(5)
            sockets.append(made)
            made.sendto(peer.check(nominate=True)[0], relay)
        for made in sockets:
            while (data := made.recv(2_000))[0] >= 4:
                take(data)
            made.close()


def _resident(process):
    with open(f"/proc/{process.pid}/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


class Judge:
    """Reads a capture of all that the relay received and sent, in order."""

    def __init__(self, packets, port, username, strangers):
        #: By address and transaction: good checks, when they came, and when they were answered.
        self.checks, self.asked, self.answered = {}, {}, {}
        #: Of the leg of `username`: what was chosen and when, what was sent and where, and how late that was for an address
        #: which was no longer chosen.
        self.selections, self.media, self.late = [], [], []
        #: Of RTP: the numbers that each source was sent with, and, by address, when packets came and when they went to other legs.
        self.numbers, self.came, self.others = {}, {}, {}
        proven, owned, left = set(), set(), {}
        for packet in packets:
            inward = packet.target[1] == port
            other = packet.source if inward else packet.target
            assert inward or other not in strangers, f"{len(packet.payload)} bytes to an address that proved nothing"
            if packet.is_stun:
                message = stun.Message(packet.payload)
                if message.kind == stun.REQUEST:
                    assert inward
                    if other not in strangers:
                        self.checks[other, message.transaction] = message
                        self.asked.setdefault((other, message.transaction), packet.at)
                    continue
                check = self.checks[other, message.transaction]
                assert message.kind == stun.SUCCESS and not inward
                self.answered.setdefault((other, message.transaction), packet.at)
                proven.add(other)
                if check.attributes[stun.USERNAME] != username:
                    continue
                owned.add(other)
                if stun.USE_CANDIDATE in check.attributes and (not self.selections or self.selections[-1][1] != other):
                    if self.selections:
                        left[self.selections[-1][1]] = packet.at
                    self.selections.append((packet.at, other))
                continue
            if not packet.is_media:
                continue
            is_rtp = not 192 <= packet.payload[1] < 224
            if inward:
                if is_rtp:
                    self.came.setdefault(other, []).append(packet.at)
                continue
            assert other in proven, f"media to {other}, which proved nothing"
            if is_rtp:
                source, number = packet.payload[8:12], int.from_bytes(packet.payload[2:4], "big")
                self.numbers.setdefault(source, []).append(number)
                if other not in owned:
                    self.others.setdefault(other, []).append(packet.at)
            if other in owned:
                self.media.append((packet.at, other))
                if other != self.selections[-1][1]:
                    assert other in left, f"media to {other}, which was never chosen"
                    self.late.append(packet.at - left[other])

    def missing(self):
        """How many numbers each source has skipped for good. None has sent half a turn of them."""
        found = {}
        for source, numbers in self.numbers.items():
            unrolled = {(number - numbers[0] + 0x8000) % 0x10000 for number in numbers}
            found[source.hex()] = max(unrolled) - min(unrolled) + 1 - len(unrolled)
        return found


def _longest_pause(times, start, end):
    times = [start, *(at for at in times if start <= at <= end), end]
    return max(later - earlier for earlier, later in zip(times, times[1:]))


async def _confuse(peer, server):
    """Flaps, passes by many addresses, and settles at one. Answers what it saw of that."""
    relay = ("127.0.0.1", server.media_port)
    loop = asyncio.get_running_loop()
    made = [Address(relay, peer.take) for _ in range(ADDRESSES + 3)]
    addresses, (wrong, bare, unsigned) = made[:ADDRESSES], made[ADDRESSES:]
    strangers = [
        (wrong, {"password": b"not the one of this leg"}), (bare, {"fingerprint": False}), (unsigned, {"password": None})]
    found = Found(peer.username, {stranger.name for stranger, _ in strangers}, time.time())
    try:
        await _flap(peer, addresses, strangers)
        assert 3 * ROUNDS / (time.time() - found.start) > 100
        # While each datagram found its way to a player, its picture was whole.
        whole = list(getattr(peer, "frames", []))
        assert all(number >= 0 for number in whole), whole
        before = _resident(server.process)
        await asyncio.to_thread(_pass_by, peer, relay, lambda data: loop.call_soon_threadsafe(peer.take, data))
        assert _resident(server.process) - before < 4 << 20
        found.end = time.time()
        last = addresses[5]
        request, transaction = peer.check(nominate=True)
        last.send(request)
        await _until(lambda: transaction in last.answers, "an answer to the last nomination")
        count = last.received
        await _until(lambda: last.received > count + peer.ENOUGH, "media at the last address")
        found.last = last.name
        if isinstance(peer, Player):
            # What went to closed sockets is missing in its picture.
            await peer.ask_for_keyframe()
            frames = len(peer.frames)
            await _until(
                lambda: sum(number >= 0 for number in peer.frames[frames:]) > 30, "a whole picture at the last address")
        assert [stranger.received for stranger, _ in strangers] == [0, 0, 0]
        found.settled = time.time()
        return found
    finally:
        for address in made:
            address.close()


@contextlib.asynccontextmanager
async def _watched(player, session):
    """A list that has in the end what the player has seen; it begins once media goes."""
    seen = []
    watching = asyncio.create_task(asyncio.to_thread(player.watch, WATCHED))
    try:
        await _until(lambda: watching.done() or session.media["packetsForwarded"] > 100, "a call")
        yield seen
        player.interrupt()
        seen.append(await watching)
    except BaseException:
        # So that the thread ends.
        player.close()
        raise


@pytest.mark.parametrize("kind", [Player, Publisher])
def test_nominations_in_turn_lead_media_nowhere_else(single, tmp_path, kind):
    server = single.server
    flapping = lens.Session(server)

    async def flap(partner):
        peer = kind()
        try:
            if kind is Player:
                await asyncio.to_thread(partner.open, flapping)
                flapping.do("start")
                await peer.open(single, flapping)
                return await _confuse(peer, server), []
            await peer.open(single, flapping)
            partner.open(flapping)
            async with _watched(partner, flapping) as seen:
                return await _confuse(peer, server), seen
        finally:
            await peer.close()

    async def both(partner):
        async with _watched(other.receiver, other.session) as seen:
            found, more = await flap(partner)
        return found, seen + more

    with wireshark.Capture(str(tmp_path / "nomination.pcap"), server.media_port) as capture, \
            calls.call(single, "lens", "lens") as other, \
            contextlib.closing((participants.publisher if kind is Player else participants.player)("lens", single)) as partner:
        found, watched = asyncio.run(both(partner))
        media = flapping.media
        assert media["authenticationFailures"] == 0 and media["replays"] == 0

    judge = Judge(pcap.read(capture.path), server.media_port, found.username, found.strangers)
    # Every good check of both calls was answered while they ran. Programs go on to check for a moment after the end.
    unanswered = judge.checks.keys() - judge.answered.keys()
    assert [judge.asked[check] for check in unanswered if judge.asked[check] < found.settled] == []
    assert len(judge.answered) > 3 * ROUNDS + PASSING
    # It followed each nomination, hundreds in a second, and in time.
    assert len(judge.selections) > 3 * ROUNDS - ADDRESSES + PASSING
    assert len({address for at, address in judge.media if found.start <= at <= found.end}) > kind.SHARE
    assert max(judge.late, default=0) < BOUND and len(judge.late) < 0.05 * len(judge.media), judge.late
    # Afterwards it stays where it was led to last.
    assert judge.selections[-1][1] == found.last == judge.media[-1][1]

    # Neither call missed a packet, and players of our own saw them and stood no longer than a publisher made them.
    assert set(judge.missing().values()) == {0}, judge.missing()
    assert len(judge.came) == 2 and len(judge.others) == len(watched)
    for seen in watched:
        assert len(seen.frames) > 10 and sum(number < 0 for number, _ in seen.frames) <= 0.02 * len(seen.frames), seen.frames
    for times in judge.others.values():
        span = found.start, found.end
        assert _longest_pause(times, *span) < max(_longest_pause(came, *span) for came in judge.came.values()) + 0.5

"""Calls on rtpengine by its NG protocol: bencoded dictionaries over UDP."""

import os
import socket

from calls import KINDS, SINKS, SOURCES, SUITES, Stream, key, media, sdp

# All that rtpengine may offer; every other one is struck off by name.
OFFERED = [
    "AEAD_AES_128_GCM", "AEAD_AES_256_GCM", "AES_CM_128_HMAC_SHA1_80", "AES_CM_128_HMAC_SHA1_32",
    "AES_192_CM_HMAC_SHA1_80", "AES_192_CM_HMAC_SHA1_32", "AES_256_CM_HMAC_SHA1_80", "AES_256_CM_HMAC_SHA1_32",
    "F8_128_HMAC_SHA1_80", "F8_128_HMAC_SHA1_32", "NULL_HMAC_SHA1_80", "NULL_HMAC_SHA1_32",
]


def encode(value):
    if isinstance(value, int):
        return b"i%de" % value
    if isinstance(value, str):
        value = value.encode()
    if isinstance(value, bytes):
        return b"%d:%s" % (len(value), value)
    if isinstance(value, list):
        return b"l" + b"".join(map(encode, value)) + b"e"
    return b"d" + b"".join(encode(name) + encode(value[name]) for name in sorted(value)) + b"e"


def decode(data, at=0):
    """The value at a place, and the place behind it. Text is bytes, names are str."""
    first = data[at:at + 1]
    if first == b"i":
        end = data.index(b"e", at)
        return int(data[at + 1:end]), end + 1
    if first in (b"l", b"d"):
        values, at = [], at + 1
        while data[at:at + 1] != b"e":
            value, at = decode(data, at)
            values.append(value)
        if first == b"l":
            return values, at + 1
        return {name.decode(): value for name, value in zip(values[::2], values[1::2])}, at + 1
    colon = data.index(b":", at)
    end = colon + 1 + int(data[at:colon])
    return data[colon + 1:end], end


class Control:
    def __init__(self, host, port):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.settimeout(5)
        self.socket.connect((host, port))

    def close(self):
        self.socket.close()

    def command(self, request):
        cookie = os.urandom(6).hex().encode()
        self.socket.send(cookie + b" " + encode(request))
        while True:
            answer = self.socket.recv(65536)
            if answer.startswith(cookie + b" "):
                value, _ = decode(answer, len(cookie) + 1)
                if value.get("result") not in (b"ok", b"pong"):
                    raise RuntimeError(f"rtpengine refuses: {value}")
                return value

    def is_ready(self):
        try:
            return self.command({"command": "ping"})["result"] == b"pong"
        except OSError:
            return False

    def call(self, index, suite):
        """A call of one video and one audio stream, A to B; its streams."""
        host, name = "127.0.0.1", SUITES[suite][0]
        # RTP ports are even here, RTCP has the odd ones.
        sources = [SOURCES + 4 * index, SOURCES + 4 * index + 2]
        sinks = [SINKS + 4 * index, SINKS + 4 * index + 2]
        common = {
            "call-id": f"{os.getpid()}-{index}", "from-tag": "a", "ICE": "remove", "DTLS": "off",
            "replace": ["origin", "session-connection"], "flags": ["trust-address"], "rtcp-mux": ["demux"],
            "transport-protocol": "RTP/SAVP",
        }
        # Where both sides use one key, rtpengine lets packets pass as they are. So the suite is offered twice and B takes
        # the second: then the keys differ.
        keys = [[(1, suite, key(suite)), (2, suite, key(suite))] for _ in KINDS]
        offer = sdp("RTP/SAVP", "sendrecv", host, sources, keys)
        sdes = {"SDES": [f"no-{other}" for other in OFFERED if other != name]}
        towards_b = media(self.command({**common, **sdes, "command": "offer", "sdp": offer})["sdp"].decode())
        taken = [[crypto for crypto in line["crypto"] if crypto[1] == name][1] for line in towards_b]
        answer = sdp("RTP/SAVP", "sendrecv", host, sinks, [[(tag, suite, key(suite))] for tag, _, _ in taken])
        towards_a = media(self.command({**common, "command": "answer", "to-tag": "b", "sdp": answer})["sdp"].decode())
        for i, kind in enumerate(KINDS):
            tag = towards_a[i]["crypto"][0][0]
            mine = next(value for number, _, value in keys[i] if str(number) == tag)
            if mine.rstrip("=") == taken[i][2].rstrip("="):
                raise RuntimeError("rtpengine passes the key through and would not encrypt anew")
            yield Stream(
                kind, (host, sources[i]), (host, towards_a[i]["port"]), (host, sinks[i]),
                0x20000000 + 2 * index + i, suite, mine, suite, taken[i][2],
            )

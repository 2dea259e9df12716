"""What all call set-ups share: addresses of the generator, keys, SDP, the streams file that blast and limit read."""

import base64
import dataclasses
import os

SUITES = {"gcm": ("AEAD_AES_128_GCM", 28), "cm80": ("AES_CM_128_HMAC_SHA1_80", 30)}
KINDS = ("video", "audio")
PAYLOAD_TYPES = {"video": 96, "audio": 111}
CODECS = {"video": "VP8/90000", "audio": "opus/48000/2"}
# Below the ports that the kernel gives to sockets without one, and beside those of the relays (contenders.py).
SOURCES, SINKS = 20000, 24000


@dataclasses.dataclass
class Stream:
    kind: str
    source: tuple
    relay: tuple
    sink: tuple
    ssrc: int
    in_suite: str
    in_key: str
    out_suite: str
    out_key: str

    def line(self):
        ends = " ".join(f"{host}:{port}" for host, port in (self.source, self.relay, self.sink))
        return (
            f"{self.kind} {ends} {PAYLOAD_TYPES[self.kind]} {self.ssrc} "
            f"{self.in_suite} {self.in_key} {self.out_suite} {self.out_key}\n"
        )


def write(path, streams):
    with open(path, "w") as file:
        file.writelines(stream.line() for stream in streams)


def key(suite):
    """A fresh master key and salt, base64."""
    return text(os.urandom(SUITES[suite][1]))


def text(key_bytes):
    return base64.b64encode(key_bytes).decode()


def pair(base, call):
    """Ports of a call's video and audio."""
    return base + 2 * call, base + 2 * call + 1


def direct(calls, suite, host="127.0.0.1", port=10000, port_step=0):
    """Calls that need no set-up: the relay reads them from the streams file."""
    for call in range(calls):
        for i, kind in enumerate(KINDS):
            index = 2 * call + i
            yield Stream(
                kind, (host, SOURCES + index), (host, port + port_step * index), (host, SINKS + index),
                0x10000000 + index, suite, key(suite), suite, key(suite),
            )


def sdp(protocol, direction, host, ports, cryptos, attributes=lambda kind: []):
    """An SDP body with a video and an audio line; cryptos: for each line, [(tag, suite, key)]."""
    lines = ["v=0", f"o=- 1 1 IN IP4 {host}", "s=-", f"c=IN IP4 {host}", "t=0 0"]
    for kind, port, lines_of_crypto in zip(KINDS, ports, cryptos):
        payload_type = PAYLOAD_TYPES[kind]
        lines += [f"m={kind} {port} {protocol} {payload_type}", f"a=rtpmap:{payload_type} {CODECS[kind]}", f"a={direction}"]
        lines += [f"a=crypto:{tag} {SUITES[suite][0]} inline:{value}" for tag, suite, value in lines_of_crypto]
        lines += attributes(kind)
    return "\r\n".join(lines) + "\r\n"


def media(text):
    """Of each m-line: host, port, and its crypto lines as (tag, suite's name, key)."""
    host, found = "127.0.0.1", []
    for line in text.splitlines():
        if line.startswith("m="):
            found.append({"host": host, "port": int(line.split()[1]), "crypto": []})
        elif line.startswith("c="):
            address = line.split()[2]
            if found:
                found[-1]["host"] = address
            else:
                host = address
        elif line.startswith("a=crypto:"):
            tag, name, value = line[len("a=crypto:"):].split()[:3]
            found[-1]["crypto"].append((tag, name, value.removeprefix("inline:").split("|")[0]))
    return found



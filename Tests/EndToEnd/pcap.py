"""Files of packets in the classic pcap format: written for Wireshark, read from what was captured."""

import socket
import struct

#: Link types: captured on loopback, and written without a link's header.
ETHERNET, RAW_IP = 1, 101
_MAGIC = 0xA1B2C3D4


class Writer:
    """Writes payloads as UDP over IPv4. Each packet is in the file at once, since the program may be killed."""

    def __init__(self, path):
        self._file = open(path, "wb", buffering=0)
        self._file.write(struct.pack("<IHHiIII", _MAGIC, 2, 4, 0, 0, 1 << 16, RAW_IP))

    def write(self, payload, port, at):
        """`port` is that of both ends; `at` is in seconds."""
        # Checksums are 0: UDP's may be, and nobody verifies that of IP.
        datagram = struct.pack("!HHHH", port, port, 8 + len(payload), 0) + payload
        loopback = socket.inet_aton("127.0.0.1")
        packet = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(datagram), 0, 0, 64, socket.IPPROTO_UDP, 0)
        packet += loopback + loopback + datagram
        self._file.write(struct.pack("<IIII", int(at), int(at % 1 * 1e6), len(packet), len(packet)) + packet)


class Packet:
    """A datagram: its place in the file from 1, when, from where, to where (address and port), and what."""

    __slots__ = ("number", "at", "source", "target", "payload")

    def __init__(self, number, at, source, target, payload):
        self.number, self.at, self.source, self.target, self.payload = number, at, source, target, payload

    #: What it is by its first byte (RFC 7983).
    @property
    def is_stun(self):
        return self.payload[0] < 4

    @property
    def is_dtls(self):
        return 20 <= self.payload[0] < 64

    @property
    def is_media(self):
        return 128 <= self.payload[0] < 192


def read(path):
    """The datagrams over IPv4 in a file captured on loopback."""
    with open(path, "rb") as file:
        data = file.read()
    magic, _, _, _, _, _, link = struct.unpack_from("<IHHiIII", data)
    assert (magic, link) == (_MAGIC, ETHERNET), (hex(magic), link)
    found, number, at = [], 0, 24
    while at < len(data):
        seconds, micros, length, whole = struct.unpack_from("<IIII", data, at)
        frame = data[at + 16 : at + 16 + length]
        at += 16 + length
        number += 1
        assert length == whole, "a packet was cut off"
        if frame[12:14] != b"\x08\x00" or frame[14 + 9] != socket.IPPROTO_UDP:
            continue
        header = 14 + (frame[14] & 15) * 4
        source, target, size, _ = struct.unpack_from("!HHHH", frame, header)
        found.append(Packet(
            number, seconds + micros / 1e6, (socket.inet_ntoa(frame[26:30]), source),
            (socket.inet_ntoa(frame[30:34]), target), frame[header + 8 : header + size]))
    return found

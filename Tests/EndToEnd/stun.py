"""Binding requests of ICE, whole or with something wrong, and as little reading as the tests need."""

import hmac
import struct
import zlib

REQUEST, SUCCESS = 0x0001, 0x0101
COOKIE = 0x2112A442
USERNAME, INTEGRITY, PRIORITY, USE_CANDIDATE, FINGERPRINT = 0x0006, 0x0008, 0x0024, 0x0025, 0x8028


def _attribute(kind, value):
    return struct.pack("!HH", kind, len(value)) + value + bytes(-len(value) % 4)


def request(username, transaction, *, password=None, code=bytes(20), nominate=False, fingerprint=True):
    """Its integrity is of the password, or, without one, whatever `code` is."""
    attributes = _attribute(USERNAME, username) + _attribute(PRIORITY, struct.pack("!I", 1))
    if nominate:
        attributes += _attribute(USE_CANDIDATE, b"")

    def header(more):
        return struct.pack("!HHI", REQUEST, len(attributes) + more, COOKIE) + transaction

    # Each of the two covers a header that counts it in.
    if password:
        code = hmac.digest(password, header(24) + attributes, "sha1")
    attributes += _attribute(INTEGRITY, code)
    if fingerprint:
        attributes += _attribute(FINGERPRINT, struct.pack("!I", zlib.crc32(header(8) + attributes) ^ 0x5354554E))
    return header(0) + attributes


class Message:
    """The kind, the transaction and the attributes of a message that is known to be whole."""

    def __init__(self, data):
        self.kind, length, _ = struct.unpack_from("!HHI", data)
        self.transaction = data[8:20]
        self.attributes = {}
        at = 20
        while at < 20 + length:
            kind, size = struct.unpack_from("!HH", data, at)
            self.attributes[kind] = data[at + 4 : at + 4 + size]
            at += 4 + size + -size % 4

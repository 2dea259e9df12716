#!/usr/bin/env python3
"""Whole SRTP and SRTCP packets from an implementation of its own, for the tests of the relay's SRTP face.

Written from the text of RFC 3711 (SRTP, AES-CM, HMAC-SHA1), RFC 6188 (the key derivation for 256-bit keys) and RFC 7714
(AES-GCM) over the bare primitives of Python's `cryptography` package. Before it writes anything it checks itself against the
examples of those RFCs. Same output on every run:

    python3 make_vectors.py > vectors.json
"""
import hashlib
import hmac
import json
import struct
import sys

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

# name: master key, master salt, RTP tag, RTCP tag, all in bytes; AEAD or not
PROFILES = {
    "AEAD_AES_128_GCM": (16, 12, 16, 16, True),
    "AEAD_AES_256_GCM": (32, 12, 16, 16, True),
    "AES_CM_128_HMAC_SHA1_80": (16, 14, 10, 10, False),
    # RFC 4568 section 6.2.2: SRTCP keeps the tag of 80 bits.
    "AES_CM_128_HMAC_SHA1_32": (16, 14, 4, 10, False),
}


def xor(a, b):
    return bytes(x ^ y for x, y in zip(a, b, strict=True))


def aes_block(key, block):
    encryptor = Cipher(algorithms.AES(key), modes.ECB()).encryptor()
    return encryptor.update(block) + encryptor.finalize()


def keystream(key, iv, length):
    """RFC 3711 section 4.1.1: E(k, IV) || E(k, IV + 1) || …"""
    counter = int.from_bytes(iv, "big")
    out = b""
    while len(out) < length:
        out += aes_block(key, (counter % (1 << 128)).to_bytes(16, "big"))
        counter += 1
    return out[:length]


def derive(master_key, master_salt, label, length):
    """RFC 3711 section 4.3 with a key derivation rate of 0: r is 0, so x = (label || 0) XOR salt.

    A salt of 96 bits is filled up to 112 bits with zeros behind it (RFC 7714 section 11).
    """
    salt = master_salt + bytes(14 - len(master_salt))
    key_id = bytes(7) + bytes([label]) + bytes(6)
    return keystream(master_key, xor(key_id, salt) + bytes(2), length)


class Context:
    """One master key: session keys for RTP (labels 0 to 2) and RTCP (labels 3 to 5)."""

    def __init__(self, profile, master_key, master_salt):
        key_length, salt_length, self.rtp_tag, self.rtcp_tag, self.aead = PROFILES[profile]
        assert len(master_key) == key_length and len(master_salt) == salt_length

        def session(first_label):
            return (
                derive(master_key, master_salt, first_label, key_length),
                derive(master_key, master_salt, first_label + 1, 20),
                derive(master_key, master_salt, first_label + 2, salt_length),
            )

        self.rtp = session(0)
        self.rtcp = session(3)

    def protect_rtp(self, packet, roc):
        key, auth, salt = self.rtp
        if self.aead:
            return aead_rtp(packet, roc, key, salt)
        return counter_mode_rtp(packet, roc, key, auth, salt, self.rtp_tag)

    def protect_rtcp(self, packet, index, encrypted=True):
        key, auth, salt = self.rtcp
        if self.aead:
            return aead_rtcp(packet, index, key, salt, encrypted)
        return counter_mode_rtcp(packet, index, key, auth, salt, self.rtcp_tag, encrypted)


def rtp_header_length(packet):
    length = 12 + 4 * (packet[0] & 0x0F)
    if packet[0] & 0x10:
        length += 4 + 4 * struct.unpack_from("!H", packet, length + 2)[0]
    return length


def counter_mode_iv(salt, ssrc, index):
    """RFC 3711 section 4.1.1: (salt * 2^16) XOR (SSRC * 2^64) XOR (index * 2^16)."""
    value = int.from_bytes(salt, "big") << 16 ^ int.from_bytes(ssrc, "big") << 64 ^ index << 16
    return value.to_bytes(16, "big")


def counter_mode_rtp(packet, roc, key, auth, salt, tag_length):
    header, payload = packet[: rtp_header_length(packet)], packet[rtp_header_length(packet):]
    index = roc << 16 | struct.unpack_from("!H", packet, 2)[0]
    sealed = header + xor(payload, keystream(key, counter_mode_iv(salt, packet[8:12], index), len(payload)))
    tag = hmac.new(auth, sealed + struct.pack("!I", roc), hashlib.sha1).digest()
    return sealed + tag[:tag_length]


def counter_mode_rtcp(packet, index, key, auth, salt, tag_length, encrypted):
    """RFC 3711 section 3.4: the first eight bytes stay clear; E and index stand before the tag."""
    body = packet[8:]
    if encrypted:
        body = xor(body, keystream(key, counter_mode_iv(salt, packet[4:8], index), len(body)))
    sealed = packet[:8] + body + struct.pack("!I", (0x80000000 if encrypted else 0) | index)
    return sealed + hmac.new(auth, sealed, hashlib.sha1).digest()[:tag_length]


def aead_rtp(packet, roc, key, salt):
    """RFC 7714 section 8.1: IV = (00 00 || SSRC || ROC || SEQ) XOR salt, the header is associated data."""
    start = rtp_header_length(packet)
    iv = xor(bytes(2) + packet[8:12] + struct.pack("!I", roc) + packet[2:4], salt)
    return packet[:start] + AESGCM(key).encrypt(iv, packet[start:], packet[:start])


def aead_rtcp(packet, index, key, salt, encrypted):
    """RFC 7714 section 9.1: IV = (00 00 || SSRC || 00 00 || index) XOR salt; E and index close the packet."""
    iv = xor(bytes(2) + packet[4:8] + bytes(2) + struct.pack("!I", index), salt)
    trailer = struct.pack("!I", (0x80000000 if encrypted else 0) | index)
    if encrypted:
        return packet[:8] + AESGCM(key).encrypt(iv, packet[8:], packet[:8] + trailer) + trailer
    return packet + AESGCM(key).encrypt(iv, b"", packet + trailer) + trailer


# --- The RFCs' own examples ------------------------------------------------------------------------------------------------


def check(name, found, wanted):
    if found != bytes.fromhex(wanted):
        sys.exit(f"{name}: {found.hex()} instead of {wanted}")


def check_against_rfcs():
    # RFC 3711 appendix B.2: AES-CM
    check(
        "RFC 3711 B.2",
        keystream(
            bytes.fromhex("2B7E151628AED2A6ABF7158809CF4F3C"), bytes.fromhex("F0F1F2F3F4F5F6F7F8F9FAFBFCFD0000"), 48),
        "E03EAD0935C95E80E166B16DD92B4EB4" "D23513162B02D0F72A43A2FE4A5F97AB" "41E95B3BB0A2E8DD477901E4FCA894C0",
    )
    # RFC 3711 appendix B.3: key derivation
    master = bytes.fromhex("E1F97A0D3E018BE0D64FA32C06DE4139"), bytes.fromhex("0EC675AD498AFEEBB6960B3AABE6")
    check("RFC 3711 B.3 cipher key", derive(*master, 0, 16), "C61E7A93744F39EE10734AFE3FF7A087")
    check("RFC 3711 B.3 cipher salt", derive(*master, 2, 14), "30CBBC08863D8C85D49DB34A9AE1")
    check(
        "RFC 3711 B.3 authentication key", derive(*master, 1, 64),
        "CEBE321F6FF7716B6FD4AB49AF256A15" "6D38BAA48F0A0ACF3C34E2359E6CDBCE"
        "E049646C43D9327AD175578EF7227098" "6371C10C9A369AC2F94A8C5FBCDDDC25",
    )
    # RFC 7714 section 16: SRTP, session key and salt given
    salt = bytes.fromhex("517569642070726f2071756f")
    rtp = bytes.fromhex(
        "8040f17b8041f8d35501a0b247616c6c696120657374206f6d6e69732064697669736120696e207061727465732074726573")
    check(
        "RFC 7714 16.1.1", aead_rtp(rtp, 0, bytes(range(16)), salt),
        "8040f17b8041f8d35501a0b2f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b36de3adf8833"
        "899d7f27beb16a9152cf765ee4390cce",
    )
    check(
        "RFC 7714 16.2.1", aead_rtp(rtp, 0, bytes(range(32)), salt),
        "8040f17b8041f8d35501a0b232b1de78a822fe12ef9f78fa332e33aab18012389a58e2f3b50b2a0276ffae0f1ba63799b87b"
        "7aa3db36dfffd6b0f9bb7878d7a76c13",
    )
    # RFC 7714 section 17: SRTCP, encrypted and authenticated only
    rtcp = bytes.fromhex(
        "81c8000d4d6172734e5450314e545032525450200000042a0000e9304c756e61deadbeefdeadbeefdeadbeefdeadbeefdeadbeef")
    check(
        "RFC 7714 17.1", aead_rtcp(rtcp, 0x5D4, bytes(range(16)), salt, True),
        "81c8000d4d61727363e94885dcdab67ca727d7662f6b7e997ff5c0f76c06f32dc676a5f1730d6fda4ce09b4686303ded"
        "0bb9275bc84aa45896cf4d2fc5abf87245d9eade800005d4",
    )
    check(
        "RFC 7714 17.3", aead_rtcp(rtcp, 0x5D4, bytes(range(16)), salt, False),
        "81c8000d4d6172734e5450314e545032525450200000042a0000e9304c756e61deadbeefdeadbeefdeadbeefdeadbeefdeadbeef"
        "841dd9683dd78ec92ae58790125f62b3000005d4",
    )
    check(
        "RFC 7714 17.2", aead_rtcp(rtcp, 0x5D4, bytes(range(32)), salt, True),
        "81c8000d4d617273d50ae4d1f5ce5d304ba297e47d470c28 2c3ece5dbffe0a50a2eaa5c1110555be8415f658c61de0476f1b6fad"
        "1d1eb30c4446839f57ff6f6cb26ac3be800005d4",
    )


# --- Our packets -----------------------------------------------------------------------------------------------------------


def noise(name, length):
    """Bytes that look random and are the same on every run."""
    out = b""
    counter = 0
    while len(out) < length:
        out += hashlib.sha256(f"{name} {counter}".encode()).digest()
        counter += 1
    return out[:length]


def rtp(sequence, ssrc, payload, csrcs=(), extension=None, padding=0, marker=False, payload_type=96):
    first = 0x80 | len(csrcs) | (0x10 if extension is not None else 0) | (0x20 if padding else 0)
    packet = struct.pack(
        "!BBHII", first, (0x80 if marker else 0) | payload_type, sequence, 0x10000 + 3000 * sequence & 0xFFFFFFFF, ssrc)
    packet += b"".join(struct.pack("!I", c) for c in csrcs)
    if extension is not None:
        profile, data = extension
        assert len(data) % 4 == 0
        packet += struct.pack("!HH", profile, len(data) // 4) + data
    packet += payload
    if padding:
        packet += bytes(padding - 1) + bytes([padding])
    return packet


ONE_BYTE = (0xBEDE, bytes.fromhex("370001020304050607507500"))
TWO_BYTE = (0x1000, bytes.fromhex("010305060702000f01aa0000"))

SHAPES = {
    "plain": dict(payload=160),
    "marker, odd length": dict(payload=1101, marker=True),
    "one byte": dict(payload=1),
    "empty": dict(payload=0),
    "one contributing source": dict(payload=33, csrcs=(0x01020304,)),
    "fifteen contributing sources": dict(payload=7, csrcs=tuple(range(0xA0, 0xAF))),
    "one-byte extension": dict(payload=99, extension=ONE_BYTE),
    "two-byte extension": dict(payload=15, extension=TWO_BYTE),
    "extension without data": dict(payload=16, extension=(0xBEDE, b"")),
    "padding": dict(payload=50, padding=6),
    "padding of 255": dict(payload=17, padding=255),
    "all at once": dict(payload=64, csrcs=(1, 2, 3), extension=TWO_BYTE, padding=4, marker=True),
    "extension, empty": dict(payload=0, extension=ONE_BYTE),
}


def rtp_stream(context, name, ssrc, shapes_and_sequences):
    roc = 0
    previous = None
    packets = []
    for shape, sequence in shapes_and_sequences:
        if previous is not None and sequence < previous and previous - sequence > 0x8000:
            roc += 1
        previous = sequence
        fields = dict(SHAPES[shape])
        plain = rtp(sequence, ssrc, noise(f"{name} {sequence} {roc}", fields.pop("payload")), **fields)
        packets.append(
            {"shape": shape, "roc": roc, "plain": plain.hex(), "protected": context.protect_rtp(plain, roc).hex()})
    return {"kind": "rtp", "name": name, "packets": packets}


RTCP_BODIES = {
    "receiver report, empty": ("80c90001", ""),
    "sender report": ("80c80006", "4e5450314e545032525450200000042a0000e930"),
    "sender report, source description": (
        "80c80006", "4e5450314e545032525450200000042a0000e930" "81ca0003" "4d617273" "0105616c69636500"),
    "picture loss indication": ("81ce0002", "5501a0b2"),
    "generic NACK": ("81cd0004", "5501a0b2" "00010000" "0100ffff"),
    "receiver report, BYE": ("80c90001", "81cb0001" "4d617273"),
}


def rtcp_stream(context, name, ssrc, first_index, encrypted=True):
    packets = []
    for offset, (shape, (head, body)) in enumerate(RTCP_BODIES.items()):
        plain = bytes.fromhex(head) + struct.pack("!I", ssrc) + bytes.fromhex(body)
        plain += bytes(-len(plain) % 4)
        index = first_index + offset
        packets.append({
            "shape": shape, "index": index, "plain": plain.hex(),
            "protected": context.protect_rtcp(plain, index, encrypted).hex()})
    return {"kind": "rtcp", "name": name, "packets": packets}


def main():
    check_against_rfcs()
    profiles = []
    for profile, (key_length, salt_length, *_) in PROFILES.items():
        key = noise(f"{profile} key", key_length)
        salt = noise(f"{profile} salt", salt_length)
        context = Context(profile, key, salt)
        every_shape = [(shape, 1000 + i) for i, shape in enumerate(SHAPES)]
        streams = [
            rtp_stream(context, "every shape", 0x5501A0B2, every_shape),
            rtp_stream(
                context, "wraps at once", 0xCAFEBABE,
                [("plain", 65534), ("one-byte extension", 65535), ("marker, odd length", 0), ("padding", 1)]),
            rtp_stream(
                context, "wraps three times with gaps", 0x00000001,
                [("plain", s) for s in (
                    40000, 65000, 20, 30000, 60000, 65535, 1, 25000, 50000, 64999, 2, 3)]),
            rtcp_stream(context, "as this relay counts, from 1", 0x4D617273, 1),
            rtcp_stream(context, "as RFC 3711 counts, from 0", 0x4D617274, 0),
            rtcp_stream(context, "a late index", 0x4D617275, 0x7FFFFF00),
        ]
        refused = [rtcp_stream(context, "not encrypted", 0x4D617276, 1, encrypted=False)]
        profiles.append({
            "profile": profile, "keySalt": (key + salt).hex(), "streams": streams, "refused": refused})
    json.dump({"profiles": profiles}, sys.stdout, indent=1)
    print()


main()

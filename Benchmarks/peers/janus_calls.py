#!/usr/bin/env python3
"""janus_calls.py SOCKET ADDRESS CALLS SUITE STREAMS: calls in Janus VideoRoom, one room each: a WebRTC publisher of camera
and microphone, a WebRTC subscriber of both. Runs with pyOpenSSL. Writes the streams file, prints "ready", stays until standard
input closes.

A client here is ICE in its smallest form (Janus is ICE-lite: one checked binding request is enough) and DTLS-SRTP for the
keys. Its port is then left to the generator, which sends and receives the media.
"""

import datetime
import hashlib
import hmac
import json
import os
import select
import socket
import struct
import sys
import time
import zlib

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from OpenSSL import SSL, crypto

import calls

PROFILES = {"gcm": (b"SRTP_AEAD_AES_128_GCM", 16, 12), "cm80": (b"SRTP_AES128_CM_SHA1_80", 16, 14)}
MAGIC = 0x2112A442
PLUGIN = "janus.plugin.videoroom"
NO_SUCH_FEED = 428


class Refused(RuntimeError):
    def __init__(self, answer):
        super().__init__(f"Janus refuses: {answer}")
        self.code = answer.get("plugindata", {}).get("data", {}).get("error_code")


class Janus:
    """The API over its SEQPACKET socket."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.connect(path)
        self.transaction, self.session = 0, None
        self.session = self.request({"janus": "create"})["data"]["id"]

    def receive(self):
        if not select.select([self.socket], [], [], 10)[0]:
            raise RuntimeError("Janus does not answer")
        return json.loads(self.socket.recv(1 << 20))

    def request(self, message):
        """The answer, or the event that follows an acknowledgement."""
        self.transaction += 1
        name = str(self.transaction)
        if self.session:
            message = {**message, "session_id": self.session}
        self.socket.send(json.dumps({**message, "transaction": name}).encode())
        while True:
            answer = self.receive()
            if answer.get("transaction") != name or answer["janus"] == "ack":
                continue
            if answer["janus"] == "error" or "error" in answer.get("plugindata", {}).get("data", {}):
                raise Refused(answer)
            return answer

    def attach(self):
        return self.request({"janus": "attach", "plugin": PLUGIN})["data"]["id"]

    def message(self, handle, body, jsep=None):
        message = {"janus": "message", "handle_id": handle, "body": body}
        return self.request({**message, "jsep": jsep} if jsep else message)

    def keep_alive(self):
        self.socket.send(json.dumps({"janus": "keepalive", "session_id": self.session, "transaction": "k"}).encode())


def certificate():
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "bench")])
    today = datetime.datetime.now(datetime.timezone.utc)
    day = datetime.timedelta(days=1)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
    return key, made.not_valid_before(today - day).not_valid_after(today + 30 * day).sign(key, hashes.SHA256())


class Client:
    """One ICE and DTLS end for each call, all with one certificate."""

    def __init__(self, address, suite):
        self.address, self.suite = address, suite
        key, own = certificate()
        self.fingerprint = ":".join(f"{byte:02X}" for byte in own.fingerprint(hashes.SHA256()))
        self.context = SSL.Context(SSL.DTLS_METHOD)
        self.context.use_certificate(crypto.X509.from_cryptography(own))
        self.context.use_privatekey(crypto.PKey.from_cryptography_key(key))
        # Both ends are ours, so any certificate will do.
        self.context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, lambda *_: True)
        self.context.set_tlsext_use_srtp(PROFILES[suite][0])

    def credentials(self):
        return os.urandom(4).hex(), os.urandom(12).hex()

    def attributes(self, user, password, port, setup):
        return [
            f"c=IN IP4 {self.address}", "a=rtcp-mux", f"a=ice-ufrag:{user}", f"a=ice-pwd:{password}",
            f"a=fingerprint:sha-256 {self.fingerprint}", f"a=setup:{setup}",
            f"a=candidate:1 1 UDP 2130706431 {self.address} {port} typ host",
        ]

    def connect(self, port, user, password, remote, we_accept):
        """Keys to send and to receive with, base64, and Janus's port."""
        remote_user, remote_password = attribute(remote, "ice-ufrag"), attribute(remote, "ice-pwd")
        candidates = [line.split() for line in remote.splitlines() if line.startswith("a=candidate:")]
        there = next((c[4], int(c[5])) for c in candidates if c[2].lower() == "udp" and c[4] == self.address)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as here:
            here.bind((self.address, port))
            here.settimeout(0.2)
            check(here, there, f"{remote_user}:{user}", remote_password)
            connection = handshake(here, there, self.context, we_accept, password)
        profile, key_length, salt_length = PROFILES[self.suite]
        if connection.get_selected_srtp_profile() != profile:
            raise RuntimeError(f"Janus took {connection.get_selected_srtp_profile()}")
        material = connection.export_keying_material(b"EXTRACTOR-dtls_srtp", 2 * (key_length + salt_length))
        client_key, server_key, client_salt, server_salt = (
            material[:key_length], material[key_length:2 * key_length],
            material[2 * key_length:2 * key_length + salt_length], material[2 * key_length + salt_length:],
        )
        client, server = calls.text(client_key + client_salt), calls.text(server_key + server_salt)
        return (server, client, there[1]) if we_accept else (client, server, there[1])


def attribute(sdp, name):
    return next(line.split(":", 1)[1] for line in sdp.splitlines() if line.startswith(f"a={name}:"))


def stun(kind, transaction, attributes, password):
    """A STUN message with MESSAGE-INTEGRITY and FINGERPRINT (RFC 8489)."""
    body = b"".join(struct.pack("!HH", t, len(v)) + v + b"\0" * (-len(v) % 4) for t, v in attributes)
    head = struct.pack("!HHI", kind, len(body) + 24, MAGIC) + transaction
    body += struct.pack("!HH", 0x0008, 20) + hmac.new(password.encode(), head + body, hashlib.sha1).digest()
    head = struct.pack("!HHI", kind, len(body) + 8, MAGIC) + transaction
    return head + body + struct.pack("!HHI", 0x8028, 4, zlib.crc32(head + body) ^ 0x5354554E)


def check(here, there, user, password):
    """A nominating binding request, until it is answered."""
    attributes = [(0x0006, user.encode()), (0x0024, struct.pack("!I", 2130706431)), (0x802A, os.urandom(8)), (0x0025, b"")]
    for _ in range(50):
        transaction = os.urandom(12)
        here.sendto(stun(0x0001, transaction, attributes, password), there)
        try:
            while True:
                answer, _ = here.recvfrom(4096)
                if answer[:2] == b"\x01\x01" and answer[8:20] == transaction:
                    return
        except TimeoutError:
            continue
    raise RuntimeError("no answer to ICE checks")


def answer_check(here, there, request, password):
    port = there[1] ^ MAGIC >> 16
    address = bytes(a ^ b for a, b in zip(socket.inet_aton(there[0]), struct.pack("!I", MAGIC)))
    here.sendto(stun(0x0101, request[8:20], [(0x0020, struct.pack("!BBH", 0, 1, port) + address)], password), there)


def handshake(here, there, context, we_accept, password):
    connection = SSL.Connection(context, None)
    if we_accept:
        connection.set_accept_state()
    else:
        connection.set_connect_state()
    connection.set_ciphertext_mtu(1200)
    end = time.monotonic() + 15
    while time.monotonic() < end:
        try:
            connection.do_handshake()
            done = True
        except SSL.WantReadError:
            done = False
        flush(connection, here, there)
        if done:
            return connection
        try:
            data, sender = here.recvfrom(4096)
        except TimeoutError:
            connection.DTLSv1_handle_timeout()
            flush(connection, here, there)
            continue
        if 20 <= data[0] < 64:
            connection.bio_write(data)
        elif data[:2] == b"\x00\x01":
            answer_check(here, sender, data, password)
    raise RuntimeError("no DTLS handshake")


def flush(connection, here, there):
    """What OpenSSL wants sent, a datagram for each record: the memory BIO keeps no datagram's bounds."""
    while True:
        try:
            data = connection.bio_read(4096)
        except SSL.WantReadError:
            return
        while data:
            length = 13 + struct.unpack_from("!H", data, 11)[0]
            here.sendto(data[:length], there)
            data = data[length:]


def publish(janus, client, index, room):
    handle = janus.attach()
    janus.message(handle, {
        "request": "create", "room": room, "publishers": 2, "videocodec": "vp8", "audiocodec": "opus", "bitrate": 0,
        "fir_freq": 0, "notify_joining": False,
    })
    janus.message(handle, {"request": "join", "ptype": "publisher", "room": room, "id": 1})
    port, (user, password) = calls.SOURCES + index, client.credentials()
    lines = ["v=0", f"o=- 1 1 IN IP4 {client.address}", "s=-", "t=0 0", "a=group:BUNDLE 0 1"]
    for mid, (kind, ssrc) in enumerate(zip(calls.KINDS, calls.pair(0x30000000, index))):
        payload_type = calls.PAYLOAD_TYPES[kind]
        lines += [f"m={kind} {port} UDP/TLS/RTP/SAVPF {payload_type}", *client.attributes(user, password, port, "actpass")]
        lines += [f"a=mid:{mid}", "a=sendonly", f"a=rtpmap:{payload_type} {calls.CODECS[kind]}", f"a=ssrc:{ssrc} cname:bench"]
    offer = {"type": "offer", "sdp": "\r\n".join(lines) + "\r\n", "trickle": False}
    answer = janus.message(handle, {"request": "publish"}, offer)["jsep"]["sdp"]
    send, _, relay = client.connect(port, user, password, answer, attribute(answer, "setup") == "active")
    return send, (client.address, port), (client.address, relay)


def until_published(attempt):
    """Janus learns a moment after the handshake that the publisher is there."""
    for _ in range(100):
        try:
            return attempt()
        except Refused as refusal:
            if refusal.code != NO_SUCH_FEED:
                raise
            time.sleep(0.05)
    raise RuntimeError("the publisher does not appear")


def subscribe(janus, client, index, room):
    handle = janus.attach()
    join = {"request": "join", "ptype": "subscriber", "room": room, "streams": [{"feed": 1}]}
    event = until_published(lambda: janus.message(handle, join))
    while "jsep" not in event:
        event = janus.receive()
    offer = event["jsep"]["sdp"]
    port, (user, password) = calls.SINKS + index, client.credentials()
    lines = ["v=0", f"o=- 1 1 IN IP4 {client.address}", "s=-", "t=0 0"]
    lines += [line for line in offer.splitlines() if line.startswith("a=group:")][:1]
    for section in offer.split("\r\nm=")[1:]:
        kind, _, _, payload_type = section.split("\r\n")[0].split()[:4]
        kept = [line for line in section.split("\r\n") if line.startswith((f"a=rtpmap:{payload_type} ", "a=mid:"))]
        lines += [f"m={kind} {port} UDP/TLS/RTP/SAVPF {payload_type}", *client.attributes(user, password, port, "passive")]
        lines += ["a=recvonly", *kept]
    janus.message(handle, {"request": "start", "room": room}, {"type": "answer", "sdp": "\r\n".join(lines) + "\r\n"})
    _, receive, _ = client.connect(port, user, password, offer, we_accept=True)
    return receive, (client.address, port)


def main():
    path, address, count, suite, output = sys.argv[1:]
    janus, client, streams = Janus(path), Client(address, suite), []
    for index in range(int(count)):
        in_key, source, relay = publish(janus, client, index, 1000 + index)
        out_key, sink = subscribe(janus, client, index, 1000 + index)
        streams += [
            calls.Stream(kind, source, relay, sink, ssrc, suite, in_key, suite, out_key)
            for kind, ssrc in zip(calls.KINDS, calls.pair(0x30000000, index))
        ]
    calls.write(output, streams)
    print("ready", flush=True)
    while True:
        ready = select.select([sys.stdin, janus.socket], [], [], 20)[0]
        if sys.stdin in ready and not sys.stdin.readline():
            return
        if janus.socket in ready:
            janus.socket.recv(1 << 20)
        if not ready:
            janus.keep_alive()


if __name__ == "__main__":
    main()

"""Lens sessions over the HTTP contract of `lens serve`: SDES on both sides, gate open."""

import http.client
import json

from calls import KINDS, SINKS, SOURCES, Stream, key, media, pair, sdp


class Refused(RuntimeError):
    def __init__(self, status, headers, body):
        super().__init__(f"HTTP {status}: {body[:200]!r}")
        self.status, self.headers = status, headers


class Server:
    def __init__(self, host, port, api_key):
        self.connection = http.client.HTTPConnection(host, port, timeout=20)
        self.host, self.api_key = host, api_key

    def post(self, path, token, body):
        is_sdp = isinstance(body, str)
        headers = {"Content-Type": "application/sdp" if is_sdp else "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        self.connection.request("POST", path, body if is_sdp else json.dumps(body), headers)
        response = self.connection.getresponse()
        data = response.read()
        if response.status >= 300:
            raise Refused(response.status, response.headers, data)
        return data.decode() if is_sdp else json.loads(data or b"{}")

    def is_ready(self):
        try:
            self.connection.request("GET", "/readyz")
            response = self.connection.getresponse()
            response.read()
            return response.status == 200
        except (OSError, http.client.HTTPException):
            self.connection.close()
            return False

    def start_session(self, name):
        """A session with a customer who agreed, started; its id and the customer's token."""
        session = self.post("/api/v1/sessions", self.api_key, {"type": "lens", "name": name, "method": "pin"})
        joined = self.post("/api/v1/join", None, {"pin": session["pin"]})
        token = joined["token"]
        self.post("/api/v1/customer/devices", token, {"camera": True, "microphone": True})
        self.post("/api/v1/customer/eula", token, {"version": joined["eula"]["version"], "accepted": True})
        self.post(f"/api/v1/sessions/{session['id']}/start", self.api_key, {})
        return session["id"], token

    def call(self, index, suite):
        """A session whose customer publishes and whose technician plays; its two streams."""
        session, token = self.start_session(f"call {index}")
        ssrcs = dict(zip(KINDS, pair(0x30000000, index)))
        sources, sinks = pair(SOURCES, index), pair(SINKS, index)
        keys = [key(suite) for _ in KINDS]
        publish = sdp(
            "RTP/SAVPF", "sendonly", self.host, sources, [[(1, suite, k)] for k in keys],
            lambda kind: ["a=rtcp-mux", f"a=ssrc:{ssrcs[kind]} cname:blast"],
        )
        inbound = media(self.post(f"/whip/{session}", token, publish))
        play = sdp(
            "RTP/SAVPF", "recvonly", self.host, sinks, [[(1, suite, key(suite))] for _ in KINDS],
            lambda kind: ["a=rtcp-mux"],
        )
        outbound = media(self.post(f"/whep/{session}", self.api_key, play))
        for i, kind in enumerate(KINDS):
            yield Stream(
                kind, (self.host, sources[i]), (inbound[i]["host"], inbound[i]["port"]), (self.host, sinks[i]),
                ssrcs[kind], suite, keys[i], suite, outbound[i]["crypto"][0][2],
            )

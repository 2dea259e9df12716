"""`lens serve` as its users start it, and the calls of a session."""

import json
import os
import re
import signal
import subprocess
import threading
import urllib.error
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAM = os.environ.get("LENS_PROGRAM") or os.path.join(ROOT, ".build", "debug", "lens")
KEY = "key-of-the-end-to-end-tests"


class CallRefused(Exception):
    def __init__(self, status, body):
        super().__init__(f"{status}: {body}")
        self.status = status


class Server:
    """A server of its own, on free ports."""

    def __init__(self, *arguments, prefix=(), host="127.0.0.1"):
        environment = dict(os.environ, LENS_API_KEY=KEY)
        self.process = subprocess.Popen(
            [*prefix, PROGRAM, "serve", "--http", f"{host}:0", "--media-port", "0", "--shards", "1", "--dev", *arguments],
            env=environment, stderr=subprocess.PIPE, text=True)
        self.lines = []
        self.url = None
        for line in self.process.stderr:
            self.lines.append(line)
            ready = re.search(r"\bhttp=(\S+)", line)
            if ready:
                # Where it listens on every address, the machine itself reaches it by loopback.
                self.url = f"http://{ready.group(1)}".replace("0.0.0.0", "127.0.0.1")
                self.port = int(self.url.rsplit(":", 1)[1])
                self.media_port = int(re.search(r"\bports=(\d+)", line).group(1))
                self.tcp_port = int(re.search(r"\btcp=(\d+)", line).group(1))
                break
        if not self.url:
            raise RuntimeError("lens serve did not start:\n" + "".join(self.lines))
        self._reader = threading.Thread(target=lambda: self.lines.extend(self.process.stderr), daemon=True)
        self._reader.start()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise RuntimeError("lens serve did not stop within 15 s")
        if status != 0:
            raise RuntimeError(f"lens serve ended with {status}:\n" + "".join(self.lines))

    def call(self, method, path, body=None, token=KEY, kind="application/json", headers=()):
        """Answers status, headers and text."""
        data = None
        fields = {"Authorization": f"Bearer {token}", **dict(headers)}
        if body is not None:
            data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
            fields["Content-Type"] = kind
        request = urllib.request.Request(self.url + path, data=data, headers=fields, method=method)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, answer.headers, answer.read().decode()
        except urllib.error.HTTPError as error:
            raise CallRefused(error.code, error.read().decode()) from None

    def json(self, method, path, body=None, token=KEY):
        return json.loads(self.call(method, path, body, token)[2])



class Session:
    """A session of a server, made by an automation."""

    def __init__(self, server):
        self.server = server
        made = server.json("POST", "/api/v1/sessions", {"type": "lens", "name": "Test", "method": "pin"})
        self.id, self.pin = made["id"], made["pin"]

    @classmethod
    def of(cls, server, made):
        """One that somebody else made, as the server answered it."""
        session = cls.__new__(cls)
        session.server, session.id, session.pin = server, made["id"], made["pin"]
        return session

    def join(self):
        """The customer goes through all gates. Answers the token."""
        joined = self.server.json("POST", "/api/v1/join", {"pin": self.pin})
        token = joined["token"]
        self.server.json("POST", "/api/v1/customer/devices", {"camera": True, "microphone": True}, token)
        answer = {"version": joined["eula"]["version"], "accepted": True}
        self.server.json("POST", "/api/v1/customer/eula", answer, token)
        return token

    def do(self, verb):
        """start, hold, resume or end."""
        self.server.json("POST", f"/api/v1/sessions/{self.id}/{verb}", {})

    @property
    def status(self):
        return self.server.json("GET", f"/api/v1/sessions/{self.id}")["status"]

    @property
    def media(self):
        return self.server.json("GET", f"/api/v1/sessions/{self.id}")["media"]

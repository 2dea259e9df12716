"""A listener to the server's events (Server-Sent Events)."""

import json
import socket
import threading


class Listener:
    """Collects events in a thread of its own."""

    def __init__(self, server, token, path="/api/v1/events", last=None):
        self.events, self.ended = [], False
        self._socket = socket.create_connection(("127.0.0.1", server.port), timeout=30)
        request = f"GET {path} HTTP/1.1\r\nHost: lens\r\nAuthorization: Bearer {token}\r\n"
        if last:
            request += f"Last-Event-ID: {last}\r\n"
        self._socket.sendall((request + "\r\n").encode())
        self._file = self._socket.makefile("rb")
        self.status = int(self._file.readline().split()[1])
        while self._file.readline() not in (b"\r\n", b""):
            pass
        threading.Thread(target=self._read, daemon=True).start()

    def _chunks(self):
        while True:
            size = int(self._file.readline() or b"0", 16)
            if size == 0:
                return
            yield self._file.read(size)
            self._file.readline()

    def _read(self):
        event, text = {}, b""
        try:
            for chunk in self._chunks():
                text += chunk
                while b"\n" in text:
                    line, text = text.split(b"\n", 1)
                    if not line:
                        if "data" in event:
                            event["data"] = json.loads(event["data"])
                            self.events.append(event)
                        event = {}
                    else:
                        name, _, value = line.decode().partition(": ")
                        event[name] = value
        except (OSError, ValueError):
            pass
        self.ended = True

    def statuses(self, session):
        return [e["data"]["status"] for e in self.events if e["event"] == "session" and e["data"]["id"] == session]

    def close(self):
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

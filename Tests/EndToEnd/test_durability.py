"""What was answered is on the disk: after kill -9, with the disk full, and if all that was not synced were lost."""

import http.client
import json
import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import threading
import time

import pytest

import lens

KILLS = 200 if os.environ.get("LENS_SOAK") == "1" else 20
#: How far a session is, by status and by what else shows; an acknowledged step must not be undone.
STEPS = ["created", "joined", "devices", "eula", "started", "held", "resumed", "ended"]
STATUS = {
    "created": "Connecting", "joined": "Connecting", "devices": "Connecting", "eula": "Waiting", "started": "Active",
    "held": "OnHold", "resumed": "Active", "ended": "Closed"}
#: A connection without media counts as lost after a restart (D13).
ALSO = {"Active": {"Active", "Reconnecting"}, "OnHold": {"OnHold"}}


class Client(threading.Thread):
    """Takes sessions through all steps and notes what was acknowledged, until the server is gone."""

    def __init__(self, server, notes, lock):
        super().__init__(daemon=True)
        self.server, self.notes, self.lock = server, notes, lock

    def run(self):
        try:
            while True:
                self._session()
        except (OSError, http.client.HTTPException, lens.CallRefused, ValueError):
            pass

    def _note(self, session, step, **more):
        with self.lock:
            self.notes.setdefault(session, {"chat": 0}).update(step=step, **more)

    def _session(self):
        call = self.server.json
        made = call("POST", "/api/v1/sessions", {"type": "lens", "name": "Test", "method": "pin"})
        session = made["id"]
        self._note(session, "created", pin=made["pin"])
        joined = call("POST", "/api/v1/join", {"pin": made["pin"]})
        self._note(session, "joined", token=joined["token"])
        call("POST", "/api/v1/customer/devices", {"camera": True, "microphone": False}, joined["token"])
        self._note(session, "devices")
        call("POST", f"/api/v1/sessions/{session}/chat", {"text": "one"}, joined["token"])
        self._note(session, "devices", chat=1)
        call("POST", "/api/v1/customer/eula", {"version": joined["eula"]["version"], "accepted": True}, joined["token"])
        self._note(session, "eula")
        for verb, step in [("start", "started"), ("hold", "held"), ("resume", "resumed"), ("end", "ended")]:
            if random.random() < 0.2:
                return
            call("POST", f"/api/v1/sessions/{session}/{verb}", {})
            self._note(session, step)


def verify_log(data):
    result = subprocess.run(
        [lens.PROGRAM, "admin", "audit", "verify", "--data", data], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


def check(server, notes):
    for session, note in notes.items():
        found = server.json("GET", f"/api/v1/sessions/{session}")
        step = note["step"]
        # The answer to one more step may have been lost on its way.
        later = STEPS[STEPS.index(step):STEPS.index(step) + 2]
        allowed = set().union(*(ALSO.get(STATUS[name], {STATUS[name]}) for name in later))
        assert found["status"] in allowed, (step, found)
        assert found.get("customer", {}).get("claimedAt") or step == "created"
        lines = server.json("GET", f"/api/v1/sessions/{session}/chat")["lines"]
        assert len(lines) >= note["chat"]
        if "token" in note and found["status"] != "Closed":
            # The customer's browser comes back with its token (D4).
            assert server.json("POST", "/api/v1/join", {}, note["token"])["session"]["id"] == session


def test_every_acknowledged_step_outlives_kill_9(tmp_path):
    data = str(tmp_path / "data")
    random.seed(1)
    notes = {}
    for _ in range(KILLS):
        server = lens.Server("--data", data)
        check(server, notes)
        notes.clear()
        lock = threading.Lock()
        clients = [Client(server, notes, lock) for _ in range(8)]
        for client in clients:
            client.start()
        time.sleep(random.uniform(0.05, 1.0))
        server.process.send_signal(signal.SIGKILL)
        server.process.wait()
        for client in clients:
            client.join()
        verify_log(data)
    server = lens.Server("--data", data)
    check(server, notes)
    server.stop()
    verify_log(data)


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 16 MiB."""
    place = tmp_path / "disk"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(place)], check=True)
    yield str(place)
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_full_disk_is_said_and_leaves_nothing_half_written(small_disk):
    data = f"{small_disk}/data"
    server = lens.Server("--data", data)
    try:
        session = lens.Session(server)
        ballast = f"{small_disk}/ballast"
        with open(ballast, "wb", buffering=0) as file:
            try:
                while True:
                    file.write(b"x" * 4096)
            except OSError:
                pass
        refusals = []
        acknowledged = 0
        for _ in range(200):
            try:
                server.json("POST", "/api/v1/sessions", {"type": "lens", "name": "x" * 200, "method": "pin"})
                acknowledged += 1
            except lens.CallRefused as refused:
                refusals.append(refused.status)
        assert set(refusals) == {503}
        # Reading goes on.
        assert session.status == "Connecting"
        listed = server.json("GET", "/api/v1/sessions?status=Connecting&limit=500")["sessions"]
        assert len(listed) == acknowledged + 1
        os.remove(ballast)
        lens.Session(server).join()
    finally:
        server.stop()
    verify_log(data)


class Disk:
    """Replays what a process did to its files, and what of that is on the disk if nothing but synced pages survives."""

    def __init__(self):
        self.names, self.now, self.synced = {}, {}, {}

    def open(self, descriptor, path):
        self.names[descriptor] = path
        self.now.setdefault(path, bytearray())

    def write(self, descriptor, data, offset):
        path = self.names.get(descriptor)
        if path is None:
            return
        file = self.now[path]
        if len(file) < offset + len(data):
            file.extend(bytes(offset + len(data) - len(file)))
        file[offset:offset + len(data)] = data

    def truncate(self, descriptor, length):
        path = self.names.get(descriptor)
        if path is not None:
            file = self.now[path]
            del file[length:]
            file.extend(bytes(length - len(file)))

    def remove(self, path):
        # The file system's own journal keeps removals in order with later syncs.
        self.now.pop(path, None)
        self.synced.pop(path, None)

    def sync(self, descriptor):
        path = self.names.get(descriptor)
        if path is not None:
            self.synced[path] = bytes(self.now[path])


def unescape(text):
    return bytes(int(pair, 16) for pair in re.findall(r"\\x([0-9a-f]{2})", text))


def test_what_was_answered_survives_the_loss_of_every_page_that_was_not_synced(tmp_path):
    data, trace = str(tmp_path / "data"), str(tmp_path / "trace")
    server = lens.Server(
        "--data", data,
        prefix=["strace", "-f", "-y", "-xx", "-s", "1000000", "-o", trace, "-e",
                "trace=openat,unlink,pwrite64,write,writev,ftruncate,fsync,fdatasync"])
    made = []
    for _ in range(10):
        session = lens.Session(server)
        made.append(session.id)
        session.join()
        made.append(session.id)
    # The signal is for the server, not for strace.
    with open(f"/proc/{server.process.pid}/task/{server.process.pid}/children") as children:
        os.kill(int(children.read().split()[0]), signal.SIGTERM)
    assert server.process.wait(30) == 0
    # Whatever order threads ran in: the trace has one line for each call, in the order of their returns.
    disk, acknowledged = Disk(), 0
    call = re.compile(r"^\d+\s+(\w+)\((?:AT_FDCWD(?:<[^>]*>)?, )?(\d+)?(?:<([^>]*)>)?(.*)$")
    pending = {}
    for line in open(trace, errors="replace"):
        process, rest = line.split(None, 1)
        if rest.rstrip().endswith("<unfinished ...>"):
            pending[process] = rest.rstrip()[:-len("<unfinished ...>")]
            continue
        resumed = re.match(r"<\.\.\. \w+ resumed>(.*)$", rest)
        if resumed:
            rest = pending.pop(process, "") + resumed.group(1)
        gone = re.match(r'unlink\("(.*?)"\)\s+= 0', rest)
        if gone:
            disk.remove(unescape(gone.group(1)).decode())
            continue
        found = call.match(f"{process} {rest}")
        if not found:
            continue
        name, descriptor, path, arguments = found.groups()
        path = unescape(path).decode() if path and "\\x" in path else path
        if not path or "socket" in path or "TCP" in path:
            if name in ("write", "writev") and b"HTTP/1.1 20" in unescape(arguments):
                acknowledged += 1
                verify(disk, data, str(tmp_path / "copy"), acknowledged, made)
            continue
        if not path.startswith(f"{data}/lens.sqlite") or path.endswith("-shm"):
            continue
        disk.open(descriptor, path)
        if name == "pwrite64":
            text, _, offset = re.match(r', "(.*)", (\d+), (\d+)\)', arguments).groups()
            disk.write(descriptor, unescape(text), int(offset))
        elif name == "ftruncate":
            disk.truncate(descriptor, int(re.match(r", (\d+)\)", arguments).group(1)))
        elif name in ("fsync", "fdatasync"):
            disk.sync(descriptor)
    assert acknowledged >= 40, "the trace shows the answers"


def verify(disk, data, copy, acknowledged, made):
    """Opens what would be left, as SQLite does after a loss of power."""
    shutil.rmtree(copy, ignore_errors=True)
    os.mkdir(copy)
    for path, content in disk.synced.items():
        with open(os.path.join(copy, os.path.relpath(path, data)), "wb") as file:
            file.write(content)
    # Each session: made, claimed, two steps.
    session, step = divmod(acknowledged - 1, 4)
    if session * 2 >= len(made):
        return
    with sqlite3.connect(os.path.join(copy, "lens.sqlite")) as database:
        rows = dict(database.execute("SELECT id, document FROM session"))
        steps = [row[0] for row in database.execute(
            "SELECT step FROM audit WHERE session = ? ORDER BY number", [made[session * 2]])]
    assert len(rows) >= session + 1, f"answer {acknowledged} came before its session was on the disk"
    assert len(steps) >= step + 1, f"answer {acknowledged} came before its step was on the disk: {steps}"
    json.loads(rows[made[session * 2]])

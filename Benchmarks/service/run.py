#!/usr/bin/env python3
"""What session calls cost: beside media that flows, and with many sessions stored.

  run.py            both, and the limits; exit status 1 if one is missed
  run.py --quick    shorter, no verdict on ratios

Session calls at 200 a second while 50 sessions stream: p99 at most 20 ms, and the media's p99 at most 1.2 times that without calls
(alternating rounds, medians). Lists and lookups with 100,000 stored sessions: at most twice as long as with 100.
"""

import argparse
import http.client
import json
import os
import pathlib
import queue
import random
import re
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
LENS = os.environ.get("LENS_PROGRAM") or str(ROOT / ".build/release/lens")
KEY = "key-of-the-benchmark"
RELAY_CORE, GENERATOR_CORE = 1, 0
RATE, STREAMING = 200, 50


class Server:
    def __init__(self, data, core=None):
        prefix = [] if core is None else ["taskset", "-c", str(core)]
        environment = dict(os.environ, LENS_API_KEY=KEY)
        self.process = subprocess.Popen(
            [*prefix, LENS, "serve", "--http", "127.0.0.1:0", "--media-port", "0", "--shards", "1", "--data", data],
            env=environment, stderr=subprocess.PIPE, text=True)
        for line in self.process.stderr:
            ready = re.search(r"\bhttp=127\.0\.0\.1:(\d+)", line)
            if ready:
                self.port = int(ready.group(1))
                break
        else:
            raise RuntimeError("lens serve did not start")
        threading.Thread(target=self.process.stderr.read, daemon=True).start()

    def stop(self):
        self.process.terminate()
        self.process.wait()


class Connection:
    def __init__(self, server):
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)

    def call(self, method, path, body=None, token=KEY):
        fields = {"Authorization": f"Bearer {token}"}
        if body is not None:
            fields["Content-Type"] = "application/json"
        self.connection.request(method, path, None if body is None else json.dumps(body), fields)
        answer = self.connection.getresponse()
        text = answer.read()
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path} answered {answer.status}: {text[:200]}")
        return json.loads(text) if text else {}


def percentile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(share * len(values)))]


class Callers:
    """Goes through sessions' calls at a steady rate; what cannot be made in time is made late and counts as long as it waited."""

    def __init__(self, server, rate):
        self.times, self.faults, self.goes_on, self.due = [], [], True, queue.Queue()
        self.threads = [threading.Thread(target=self._work, args=(server,), daemon=True) for _ in range(16)]
        self.clock = threading.Thread(target=self._tick, args=(rate,), daemon=True)
        for thread in (*self.threads, self.clock):
            thread.start()

    def _tick(self, rate):
        due = time.perf_counter()
        while self.goes_on:
            self.due.put(due)
            due += 1 / rate
            time.sleep(max(0, due - time.perf_counter()))
        for _ in self.threads:
            self.due.put(None)

    def _work(self, server):
        try:
            steps = self._steps(Connection(server))
            while (due := self.due.get()) is not None:
                next(steps)
                self.times.append((time.perf_counter() - due) * 1e3)
        except Exception as fault:
            self.faults.append(fault)

    @staticmethod
    def _steps(connection):
        """One call after the other, as consoles and customers make them."""
        call = connection.call
        while True:
            made = call("POST", "/api/v1/sessions", {"type": "lens", "name": "Bench", "method": "pin"})
            yield
            joined = call("POST", "/api/v1/join", {"pin": made["pin"]}, "")
            yield
            path, token = f"/api/v1/sessions/{made['id']}", joined["token"]
            # The sessions that stream are in it, with their figures.
            call("GET", "/api/v1/sessions?status=Waiting,Active")
            yield
            call("POST", "/api/v1/customer/devices", {"camera": True, "microphone": True}, token)
            yield
            call("POST", "/api/v1/customer/eula", {"version": joined["eula"]["version"], "accepted": True}, token)
            yield
            call("POST", f"{path}/chat", {"text": "hello"}, token)
            yield
            for _ in range(2):
                call("GET", path)
                yield
            for verb in ("start", "end"):
                call("POST", f"{path}/{verb}", {})
                yield

    def stop(self):
        self.goes_on = False
        self.clock.join()
        for thread in self.threads:
            thread.join()
        if self.faults:
            raise RuntimeError(f"a call failed: {self.faults[0]}")


def active(server):
    return len(Connection(server).call("GET", "/api/v1/sessions?status=Active&limit=500")["sessions"])


def stream(server, seconds, folder, with_calls):
    """Answers the media's p99 in us, and the times of the calls made meanwhile."""
    report = f"{folder}/load.json"
    load = subprocess.Popen(
        ["taskset", "-c", str(GENERATOR_CORE), LENS, "load", "--server", f"http://127.0.0.1:{server.port}", "--sessions",
         str(STREAMING), "--duration", str(seconds), "--talkback", "--log-level", "warning", "--report", report],
        env=dict(os.environ, LENS_API_KEY=KEY), stdout=subprocess.DEVNULL)
    end = time.time() + 60
    while active(server) < STREAMING:
        if time.time() > end or load.poll() is not None:
            raise RuntimeError("the sessions were not set up")
        time.sleep(0.2)
    callers = Callers(server, RATE) if with_calls else None
    began = time.time()
    load.wait()
    if callers:
        span = time.time() - began
        callers.stop()
        if len(callers.times) < 0.95 * RATE * span:
            raise RuntimeError(f"{len(callers.times)} calls were made in {span:.0f} s; {RATE * span:.0f} were to be")
    result = json.load(open(report))
    if result["packetsLost"] or result["failed"]:
        raise RuntimeError(f"media was lost: {result['packetsLost']} packets, {result['failed']} sessions failed")
    return result["latencyMicroseconds"]["p99"], callers.times if callers else []


def beside_media(rounds, seconds):
    alone, beside, times = [], [], []
    with tempfile.TemporaryDirectory(dir=ROOT / ".build") as folder:
        kind = subprocess.run(["stat", "-f", "-c", "%T", folder], capture_output=True, text=True).stdout.strip()
        if kind in ("tmpfs", "ramfs"):
            raise RuntimeError(f"{folder} is on {kind}, where nothing waits for a disk")
        print(f"service: data on {kind}", file=sys.stderr)
        server = Server(f"{folder}/data", RELAY_CORE)
        try:
            for number in range(rounds):
                for with_calls in (False, True) if number % 2 == 0 else (True, False):
                    p99, made = stream(server, seconds, folder, with_calls)
                    (beside if with_calls else alone).append(p99)
                    times += made
                    print(
                        f"service: round {number + 1}, {'with' if with_calls else 'without'} calls: media p99 {p99:.0f} us"
                        + (f", calls p99 {percentile(made, 0.99):.1f} ms" if made else ""), file=sys.stderr)
        finally:
            server.stop()
    return statistics.median(alone), statistics.median(beside), percentile(times, 0.99), len(times)


def fill(data, count):
    """Stores sessions by the thousand, copies of one that the service has stored: ended, declined, and invites that were never taken up, of
    four owners and two groups."""
    with sqlite3.connect(f"{data}/lens.sqlite") as database:
        columns = [row[1] for row in database.execute("PRAGMA table_info(session)") if row[1] != "number"]
        model = dict(zip(columns, database.execute(
            f"SELECT {', '.join(columns)} FROM session WHERE status = 'Closed' LIMIT 1").fetchone()))
        marks = ", ".join("?" * len(columns))
        kinds = [("Closed", 1), ("TimedOut", 1), ("Declined", 0)]

        def rows():
            for number in range(count):
                status, listed = kinds[number % 3]
                row = dict(
                    model, id=f"{random.getrandbits(128):032x}", status=status, isListed=listed,
                    owner=["key:api-key", "technician:ann", "technician:ben", "key:crm"][number % 4],
                    groupID=["support", "second"][number % 2], visibility=["group", "private"][number // 2 % 2])
                row["document"] = model["document"].replace(model["id"], row["id"])
                yield [row[name] for name in columns]

        database.executemany(f"INSERT INTO session ({', '.join(columns)}) VALUES ({marks})", rows())
        return [row[0] for row in database.execute("SELECT id FROM session")]


class Stored:
    """A server with so many sessions, and the calls that are timed."""

    def __init__(self, folder, count):
        data = f"{folder}/{count}"
        server = Server(data)
        steps = Callers._steps(Connection(server))
        for _ in range(10):
            next(steps)
        server.stop()
        self.ids = fill(data, count - 1)
        self.server = Server(data)
        self.connection = Connection(self.server)
        self.times = {}

    def measure(self):
        call = self.connection.call
        for name, path in [
            ("list", "/api/v1/sessions"), ("list by status", "/api/v1/sessions?status=Waiting,Active"),
            ("list of invites", "/api/v1/sessions?status=Connecting,Declined"),
            ("list of ended ones", "/api/v1/sessions?status=Closed,TimedOut,Declined,Aborted&limit=50"),
            ("lookup", f"/api/v1/sessions/{random.choice(self.ids)}"),
        ]:
            began = time.perf_counter()
            call("GET", path)
            self.times.setdefault(name, []).append((time.perf_counter() - began) * 1e3)

    def medians(self):
        return {name: statistics.median(values) for name, values in self.times.items()}


def stored(few, many, calls):
    """Answers the median times in ms of lists and lookups, in turn on a server with few sessions and on one with many."""
    with tempfile.TemporaryDirectory(dir=ROOT / ".build") as folder:
        servers = []
        try:
            for count in (few, many):
                servers.append(Stored(folder, count))
            for _ in range(calls):
                for each in servers:
                    each.measure()
            return [each.medians() for each in servers]
        finally:
            for each in servers:
                each.server.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    if not shutil.which(LENS):
        sys.exit(f"service: no {LENS}; make build makes it")
    missed = False

    def verdict(what, limit, value, good):
        nonlocal missed
        missed |= not good
        print(f"| {what} | {limit} | {value} | {'ok' if good else 'MISSED'} |", flush=True)

    # The relay has its core for itself.
    os.sched_setaffinity(0, {GENERATOR_CORE})
    print("| limit | must be | is | |\n|---|---:|---:|---|", flush=True)
    try:
        alone, beside, calls, count = beside_media(1 if options.quick else 5, 15)
        verdict(
            f"session calls, p99 of {count:,}, beside {STREAMING} sessions that stream", "≤ 20 ms", f"{calls:.1f} ms",
            calls <= 20)
        ratio = beside / alone
        verdict(
            f"media p99 beside calls ÷ without ({beside:.0f}, {alone:.0f} µs)", "≤ 1.20", f"{ratio:.2f}",
            options.quick or ratio <= 1.2)
    except RuntimeError as fault:
        verdict(f"session calls beside media: {fault}", "", "", False)
    many_sessions = 10_000 if options.quick else 100_000
    few, many = stored(100, many_sessions, 300)
    for name in few:
        verdict(
            f"{name}: {many_sessions:,} stored ÷ 100 ({many[name]:.2f}, {few[name]:.2f} ms)", "≤ 2",
            f"{many[name] / few[name]:.2f}", options.quick or many[name] <= 2 * few[name])
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Allocations per 1,000 packets in the whole process of `lens serve`, while `lens load` sends through it.

  process_allocations.py LENS [--sessions 100] [--seconds 30]

Prints a table by thread. Exit 1 if the process allocates once or more per 1,000 packets, or a shard at all.
"""

import argparse
import json
import os
import secrets
import socket
import struct
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

COUNTER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "Sources", "CAllocationCounter")
# As allocation_counter.h says: the thread's number, and its allocations by the program, by libraries, and its frees.
PLACE = struct.Struct("=4Q")
LIMIT = 1.0
# Sessions come up, retransmission caches and first reports are allocated.
SETTLING = 10


class Failure(Exception):
    """What went wrong."""


def build_counter(folder):
    library = os.path.join(folder, "allocation_counter.so")
    subprocess.run(
        [
            "cc", "-O2", "-shared", "-fPIC", "-I", os.path.join(COUNTER, "include"), "-o", library,
            os.path.join(COUNTER, "allocation_counter.c"),
        ],
        check=True,
    )
    return library


def counts(path):
    """Allocations by thread number so far."""
    with open(path, "rb") as file:
        table = file.read()
    places = (PLACE.unpack_from(table, offset) for offset in range(0, len(table) - PLACE.size + 1, PLACE.size))
    return {thread: program + libraries for thread, program, libraries, _ in places if thread}


def names(process):
    """Thread names by number."""
    found = {}
    for thread in os.listdir(f"/proc/{process}/task"):
        try:
            with open(f"/proc/{process}/task/{thread}/comm", encoding="utf-8") as file:
                found[int(thread)] = file.read().strip()
        except OSError:
            pass
    return found


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until_ready(url, server):
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urllib.request.urlopen(url + "/readyz", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise Failure("lens serve does not get ready")


def measure(lens, sessions, seconds, folder):
    """Packets, and allocations by thread name, of `seconds` in the middle of a load."""
    table = os.path.join(folder, "allocations")
    report = os.path.join(folder, "load.json")
    key = secrets.token_hex(16)
    url = f"http://127.0.0.1:{free_port()}"
    environment = dict(os.environ, LENS_API_KEY=key)
    counting = dict(environment, LD_PRELOAD=build_counter(folder), LENS_ALLOCATION_TABLE=table)
    server = subprocess.Popen(
        [lens, "serve", "--http", url.removeprefix("http://"), "--media-port", "0", "--log-level", "warning"], env=counting
    )
    try:
        wait_until_ready(url, server)
        # Keys in the SDP: it is the path of media that is counted, and answers to checks of ICE allocate a few times each.
        load = subprocess.Popen(
            [
                lens, "load", "--sdes", "--server", url, "--sessions", str(sessions), "--duration", str(seconds + SETTLING + 5),
                "--talkback", "--max-loss", "1", "--max-p99", "10000", "--report", report,
            ],
            env=environment, stdout=subprocess.DEVNULL,
        )
        try:
            # The ramp is 20 sessions a second.
            time.sleep(sessions / 20 + SETTLING)
            before = counts(table)
            start = time.monotonic()
            time.sleep(seconds)
            after = counts(table)
            span = time.monotonic() - start
            threads = names(server.pid)
            if load.wait() != 0:
                raise Failure(f"lens load ends with {load.returncode}")
        finally:
            if load.poll() is None:
                load.terminate()
                load.wait()
    finally:
        server.terminate()
        server.wait()
    with open(report, encoding="utf-8") as file:
        document = json.load(file)
    by_name = {}
    for thread, count in after.items():
        name = threads.get(thread, "ended")
        by_name[name] = by_name.get(name, 0) + count - before.get(thread, 0)
    return packet_rate(document) * span, by_name


def packet_rate(report):
    return report["packetsReceived"] / report["durationSeconds"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lens")
    parser.add_argument("--sessions", type=int, default=100)
    parser.add_argument("--seconds", type=int, default=30)
    arguments = parser.parse_args()
    try:
        with tempfile.TemporaryDirectory(prefix="lens-allocations-") as folder:
            packets, by_name = measure(arguments.lens, arguments.sessions, arguments.seconds, folder)
    except (Failure, OSError, subprocess.CalledProcessError) as error:
        print(f"process_allocations: {error}", file=sys.stderr)
        return 1
    total = sum(by_name.values())
    print("| thread of lens serve | allocations | per 1,000 packets |\n|---|---:|---:|")
    for name, count in sorted(by_name.items()):
        print(f"| {name} | {count:,} | {count * 1000 / packets:.3f} |")
    print(f"| **all**, over {packets:,.0f} packets in {arguments.seconds} s | {total:,} | {total * 1000 / packets:.3f} |")
    on_shards = sum(count for name, count in by_name.items() if name.startswith("shard-"))
    if total * 1000 >= LIMIT * packets or on_shards > 0:
        print(f"process_allocations: more than {LIMIT:g} per 1,000 packets, or {on_shards} on shards", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

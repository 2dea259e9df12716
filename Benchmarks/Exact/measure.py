"""Runs ExactCounts and counts: instructions and calls by callgrind, system calls by strace, allocations by its own counter."""

import glob
import json
import os
import re
import subprocess
import tempfile
from collections import Counter

from callgrind_profile import Profile
import syscall_trace

PROGRAM = "ExactCounts"
# The allocator in front of glibc's, which the program brings along to count.
_COUNTER = re.compile(
    r"^(malloc|calloc|realloc|reallocarray|posix_memalign|aligned_alloc|memalign|free|note|take_place|allocation_counter_\w+)$"
)
_RETAINS = re.compile(r"^_?swift_(retain|release|bridgeObjectRetain|bridgeObjectRelease)")
_EXCLUSIVITY = re.compile(r"^_?swift_(beginAccess|endAccess)")

# Name, profile, backend, batching, traffic.
CORE_RUNS = [
    ("GCM-128 ipsecmb, full batches", "gcm", "ipsecmb", "full", "reports"),
    ("GCM-128 ipsecmb, bursts", "gcm", "ipsecmb", "burst", "reports"),
    ("GCM-128 openssl, full batches", "gcm", "openssl", "full", "reports"),
    ("CM-80 ipsecmb, full batches", "cm80", "ipsecmb", "full", "reports"),
    ("media alone, GCM-128, bursts", "gcm", "ipsecmb", "burst", "media"),
    ("media alone, CM-80, full batches", "cm80", "ipsecmb", "full", "media"),
]
BURSTS = [("128 packets waiting", "many"), ("one frame waiting", "frame"), ("128 packets, frames by GSO", "segmented")]


class CountingError(Exception):
    """Something could not be counted, and what to do."""


def _run(command, environment=None):
    result = subprocess.run(command, capture_output=True, text=True, env=environment)
    if result.returncode != 0:
        raise CountingError(f"{' '.join(command)}: exit {result.returncode}\n{result.stdout}{result.stderr}".strip())
    return result.stdout


def core(program, run, folder):
    """One run of the core under callgrind: figures, and the profile."""
    name, *arguments = run
    output = os.path.join(folder, "callgrind.out")
    for old in glob.glob(output + "*"):
        os.remove(old)
    environment = dict(os.environ, SWIFT_DETERMINISTIC_HASHING="1")
    printed = _run(
        [
            "valgrind", "--tool=callgrind", f"--callgrind-out-file={output}",
            # The second file then holds what lies between: all of the measured function, and nothing else.
            "--dump-before=exact_counts_measured", "--dump-after=exact_counts_measured",
            program, "core", *arguments,
        ],
        environment,
    )
    try:
        counts = json.loads(printed.strip().splitlines()[-1])
        packets = counts["packets"]
        profile = Profile.open(output + ".2")
    except (OSError, ValueError, IndexError, KeyError) as error:
        raise CountingError(f"callgrind left no profile of '{name}': {error}") from error
    figures = {}
    if run[4] == "reports":
        own = sum(count for key, count in profile.instructions.items() if is_own(key))
        figures[f"instructions/{name}"] = own / packets
    else:
        leaving = Counter()
        for (caller, callee), count in profile.calls.items():
            if caller[0] == PROGRAM and callee[0] != PROGRAM:
                leaving[callee[1]] += count
        # Every packet goes through a cipher at least twice: a profile without that has lost its calls.
        if sum(leaving.values()) < 2 * packets:
            raise CountingError(f"the profile of '{name}' holds {sum(leaving.values())} calls into libraries only")
        for figure, pattern in [("retains and releases", _RETAINS), ("exclusivity checks", _EXCLUSIVITY)]:
            total = sum(count for callee, count in leaving.items() if pattern.match(callee))
            figures[f"{figure}/{name}"] = total * 1000 / packets
    figures[f"allocations/{name}"] = counts["allocations"] * 1000 / packets
    return figures, profile, packets


def is_own(key):
    """True for our own code: the program without its counter of allocations. All else lies in shared libraries."""
    return key[0] == PROGRAM and not _COUNTER.match(key[1])


def system_calls(program, name, burst, folder):
    output = os.path.join(folder, f"trace-{burst}")
    # Those left out are the participants', which would wait for the tracer otherwise; the relay does not make them.
    printed = _run(
        [
            "strace", "-ff", "--seccomp-bpf", "-e", "trace=!sendto,recvfrom,setsockopt",
            "-e", "raw=recvmmsg,sendmmsg,recvmsg,sendmsg", "-o", output, program, "calls", burst,
        ]
    )
    packets = json.loads(printed.strip().splitlines()[-1])["packets"]
    found = []
    for path in glob.glob(output + ".*"):
        with open(path, encoding="utf-8", errors="replace") as lines:
            found += syscall_trace.bursts(lines)
    if len(found) < 10:
        raise CountingError(f"strace saw {len(found)} bursts of '{name}'")
    # Nothing that disturbs, such as a timer, takes a call away; but it has to be seen more than once.
    calls = min(burst.calls for burst in found)
    same = [burst for burst in found if burst.calls == calls]
    if len(same) * 3 < len(found):
        raise CountingError(f"'{name}' takes other system calls each time: {sorted({burst.names for burst in found})}")
    messages = min(burst.messages for burst in same)
    figures = {
        f"system calls/{name}": calls * 1000 / packets,
        f"messages sent/{name}": messages * 1000 / packets,
    }
    return figures, same[0].names


def socket_allocations(program):
    counts = json.loads(_run([program, "allocations"]).strip().splitlines()[-1])
    if counts["packets"] < 5_000:
        raise CountingError(f"only {counts['packets']} packets were relayed; is the machine busy?")
    return counts["allocations"] * 1000 / counts["packets"]


def everything(program, say):
    """All figures, and lines that explain them."""
    figures, notes = {}, []
    with tempfile.TemporaryDirectory(prefix="lens-exact-") as folder:
        # This valgrind cannot read the compiler's debug information; names are all that is needed.
        stripped = os.path.join(folder, PROGRAM)
        _run(["strip", "--strip-debug", "-o", stripped, program])
        for run in CORE_RUNS:
            say(f"callgrind: {run[0]}")
            found, profile, packets = core(stripped, run, folder)
            figures.update(found)
            notes.append(elsewhere(run[0], profile, packets))
        for name, burst in BURSTS:
            say(f"strace: {name}")
            found, names = system_calls(program, name, burst, folder)
            figures.update(found)
            notes.append(f"{name}: {names}")
        say("allocations with sockets")
        figures["allocations/shard thread with sockets"] = socket_allocations(program)
    return figures, notes


def elsewhere(name, profile, packets):
    """Instructions per packet by object, which no threshold holds."""
    objects = {}
    for (thing, function), count in profile.instructions.items():
        label = "own code" if is_own((thing, function)) else thing or "?"
        objects[label] = objects.get(label, 0) + count
    parts = [f"{label} {count / packets:.1f}" for label, count in sorted(objects.items(), key=lambda item: -item[1])]
    return f"{name}, instructions per packet: " + ", ".join(parts)


def by_function(program, run):
    """A table of our own functions, their own instructions per packet."""
    with tempfile.TemporaryDirectory(prefix="lens-exact-") as folder:
        stripped = os.path.join(folder, PROGRAM)
        _run(["strip", "--strip-debug", "-o", stripped, program])
        _, profile, packets = core(stripped, run, folder)
    rows = [(count / packets, key[1]) for key, count in profile.instructions.items() if is_own(key)]
    rows = [row for row in sorted(rows, reverse=True) if row[0] >= 0.05]
    names = "\n".join(name for _, name in rows)
    readable = subprocess.run(
        ["swift", "demangle", "--compact", "--simplified"], input=names, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    return [f"{count:10.2f}  {name}" for (count, _), name in zip(rows, readable)]

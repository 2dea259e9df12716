"""What Wireshark's programs, tshark and dumpcap, see of the relay's packets."""

import os
import re
import shutil
import signal
import subprocess

#: Severities of what the dissectors complain about.
WARNING = 0x600000


def _program(name):
    found = shutil.which(name)
    if not found:
        raise RuntimeError(f"{name} is missing; Debian's package tshark has it")
    return found


class Capture:
    """Captures what goes from and to a UDP port over loopback. Everything that was sent within `with` is in the file afterwards."""

    def __init__(self, path, port):
        self.path = path
        self._process = subprocess.Popen(
            # The older format, one copy of each packet, and a buffer for a machine that is busy.
            [_program("dumpcap"), "-q", "-P", "-B", "64", "-i", "lo", "-f", f"udp port {port}", "-w", path],
            stderr=subprocess.PIPE, text=True)
        self._said = []
        # It names the file once it listens.
        for line in self._process.stderr:
            self._said.append(line)
            if line.startswith("File:"):
                return
        raise RuntimeError("dumpcap does not capture:\n" + "".join(self._said))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.send_signal(signal.SIGINT)
        rest = self._process.communicate(timeout=20)[1]
        count = re.search(r"received/dropped on interface .*: (\d+)/(\d+)", rest)
        if not count or count[2] != "0":
            raise RuntimeError("dumpcap lost packets:\n" + "".join(self._said) + rest)


def decode(path, fields, *, shown=None, options=()):
    """A dictionary for each packet that the filter `shown` leaves: of each field the list of its values."""
    command = [_program("tshark"), "-n", "-r", path, "-T", "fields", "-E", "occurrence=a", "-E", "aggregator=|", *options]
    for field in fields:
        command += ["-e", field]
    if shown:
        command += ["-Y", shown]
    done = subprocess.run(command, capture_output=True, text=True, env=dict(os.environ, LC_ALL="C.UTF-8"))
    if done.returncode != 0:
        raise RuntimeError(f"tshark ended with {done.returncode}:\n{done.stderr}")
    return [
        {field: value.split("|") if value else [] for field, value in zip(fields, line.split("\t"), strict=True)}
        for line in done.stdout.splitlines()
    ]


#: Ask for these to use `complaints`.
COMPLAINTS = ("frame.number", "_ws.malformed", "_ws.expert.severity", "_ws.expert.message")


def complaints(packets):
    """What the dissectors found wrong with packets: the frame's number, and what they say about it."""
    found = []
    for packet in packets:
        bad = [value for value in packet["_ws.expert.severity"] if int(value, 0) >= WARNING]
        if packet["_ws.malformed"] or bad:
            found.append((packet["frame.number"][0], packet["_ws.malformed"] + packet["_ws.expert.message"]))
    return found

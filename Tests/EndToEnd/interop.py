"""The table of docs/interop.md, from what the pairs' test has seen."""

import subprocess

RESULTS = {}

_HEAD = """# Who works with whom

Every client publishes by WHIP and plays by WHEP, each with each, through one `lens serve` on this machine: VP8 at 640x480, 30 frames a
second, with Opus, protected by AEAD_AES_128_GCM wherever the client can. The picture carries its frame number, which is read back at the
player. Written by `make soak` ({versions}).

In each cell: frames read back in {seconds} s of watching, and how often a number was skipped. Frames of a Firefox that publishes come from a
canvas, which skips some of itself. "Lens" is `lens customer` and `lens technician`. A player that is a program watches from its start, so
that its first frames may be more than those of the time watched.

"""


def note(publisher, player, frames, gaps):
    RESULTS[publisher, player] = frames, gaps


def write(path, names, seconds):
    titles = [name.capitalize() for name in names]
    lines = ["| publisher \\ player | " + " | ".join(titles) + " |", "|---|" + "---|" * len(names)]
    for publisher, title in zip(names, titles):
        cells = ["{}, {}".format(*RESULTS[publisher, player]) if (publisher, player) in RESULTS else "failed" for player in names]
        lines.append(f"| {title} | " + " | ".join(cells) + " |")
    with open(path, "w", encoding="utf-8") as file:
        file.write(_HEAD.format(versions=_versions(), seconds=seconds) + "\n".join(lines) + "\n")


def _versions():
    import aiortc

    def version(package):
        found = subprocess.run(
            ["dpkg-query", "-W", "-f", "${Version}", package], capture_output=True, text=True, check=True).stdout
        return found.split("-")[0].split("+")[0].split("~")[0]

    return ", ".join([
        f"Chromium {version('chromium').split('.')[0]}", f"Firefox {version('firefox-esr').split('.')[0]}",
        f"aiortc {aiortc.__version__}", f"GStreamer {version('gstreamer1.0-plugins-bad')}",
        f"pion {version('golang-github-pion-webrtc.v3-dev')}",
    ])

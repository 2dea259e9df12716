#!/usr/bin/env python3
"""Records the sizes of the RTP packets that Chromium sends in a call: camera 640x480 at 30 fps as VP8 at 1.2 Mbit/s,
microphone as Opus. Writes chromium-sizes.txt. Needs root, the packages chromium and iproute2, and a quiet machine.

  ffmpeg -i Fixtures/customer.ivf -pix_fmt yuv420p customer.y4m && ffmpeg -i Fixtures/customer.ogg customer.wav
  chromium_record.py [--seconds 20] --video customer.y4m --audio customer.wav

The page runs in a network namespace that has only the loopback, so all UDP there is the call's. Datagrams are read by a
packet socket. SRTP leaves the RTP header in the clear: SSRC, payload type, marker and timestamp tell streams and frames.
"""

import argparse
import collections
import functools
import http.server
import os
import pathlib
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
OUTPUT = HERE / "chromium-sizes.txt"
# Bandwidth estimation has settled after this.
SETTLE = 12
OUTGOING = 4
FLAGS = [
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
    "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream=fps=30", "--allow-loopback-in-peer-connection",
    "--autoplay-policy=no-user-gesture-required", "--disable-features=WebRtcHideLocalIpsWithMdns",
    "--disable-renderer-backgrounding",
]


class Page(http.server.SimpleHTTPRequestHandler):
    said = {}

    def do_POST(self):
        Page.said[self.path] = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--video", help="Y4M file in place of Chromium's test picture")
    parser.add_argument("--audio", help="WAV file in place of its beeps")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def datagrams(seconds):
    """UDP payloads on the loopback, with their time."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800)) as capture:
        capture.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        capture.bind(("lo", 0))
        capture.settimeout(1)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                frame, address = capture.recvfrom(65536)
            except TimeoutError:
                continue
            packet = frame[14:]
            # The loopback shows each packet twice: as it leaves and as it comes.
            if address[2] == OUTGOING or packet[9] != socket.IPPROTO_UDP:
                continue
            yield packet[(packet[0] & 15) * 4 + 8:struct.unpack_from("!H", packet, 2)[0]]


def is_rtp(data):
    return len(data) > 12 and data[0] >> 6 == 2 and not 192 <= data[1] <= 223


def record(seconds):
    """RTP datagrams by (SSRC, payload type): (sequence, timestamp, marker, size)."""
    streams = collections.defaultdict(list)
    for data in datagrams(seconds):
        if is_rtp(data):
            marker_and_type, sequence, timestamp, ssrc = struct.unpack_from("!BHII", data, 1)
            streams[ssrc, marker_and_type & 127].append((sequence, timestamp, marker_and_type >> 7, len(data)))
    return streams


def chosen(streams):
    """The stream with the most bytes is the camera's; of the others, the one whose timestamps step by 960 the voice's."""
    video = max(streams, key=lambda name: sum(packet[3] for packet in streams[name]))
    audio = [
        name for name, packets in streams.items()
        if name != video and len(packets) > 1 and (packets[1][1] - packets[0][1]) % 960 == 0 and packets[1][1] != packets[0][1]
    ]
    return streams[video], streams[max(audio, key=lambda name: len(streams[name]))]


def frames(packets, tag):
    """Sizes by frame, whole frames only."""
    by_time = collections.OrderedDict()
    for sequence, timestamp, marker, size in packets:
        by_time.setdefault(timestamp, []).append((sequence, marker, size - tag))
    whole = list(by_time.values())[1:-1]
    return [[size for _, _, size in sorted(frame)] for frame in whole if frame[-1][1]]


def write(video, audio, seconds, source, version):
    equal = sum(1 for frame in video for one, other in zip(frame, frame[1:]) if one == other)
    pairs = sum(len(frame) - 1 for frame in video)
    rate = sum(map(sum, video)) * 8 / seconds / 1e6
    lines = [
        f"# RTP packet sizes of {version}, bytes without the SRTP tag, in order; made by chromium_record.py from {source}:",
        f"# camera 640x480 VP8, at most 1.2 Mbit/s, microphone Opus, {seconds:g} s after bandwidth estimation had settled.",
        f"# {len(video)} frames, {sum(map(len, video))} packets, {rate:.2f} Mbit/s; {len(audio)} audio packets; of two neighbours",
        f"# in a frame {100 * equal / max(1, pairs):.0f} % have one size.",
        "# 'v' is a frame of video and its packets, 'a' a packet of audio.",
    ]
    lines += ["v " + " ".join(map(str, frame)) for frame in video]
    lines += [f"a {size}" for size in audio]
    OUTPUT.write_text("\n".join(lines) + "\n")
    print("\n".join(lines[:5]))


def main():
    options = arguments()
    if not options.inside:
        script = "ip link set lo up && exec \"$0\" \"$@\""
        os.execvp("unshare", ["unshare", "--net", "sh", "-c", script, sys.executable, __file__, "--inside", *sys.argv[1:]])
    handler = functools.partial(Page, directory=HERE)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 8000), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    flags = list(FLAGS)
    if options.video:
        flags.append(f"--use-file-for-fake-video-capture={os.path.abspath(options.video)}")
    if options.audio:
        flags.append(f"--use-file-for-fake-audio-capture={os.path.abspath(options.audio)}")
    version = subprocess.run(["chromium", "--version"], capture_output=True, text=True, check=True).stdout
    with tempfile.TemporaryDirectory() as profile:
        browser = subprocess.Popen(
            ["chromium", *flags, f"--user-data-dir={profile}", "http://localhost:8000/chromium-call.html"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        try:
            time.sleep(SETTLE)
            streams = record(options.seconds)
        finally:
            browser.terminate()
            browser.wait()
    if len(streams) < 2 or "/cipher" not in Page.said:
        sys.exit(f"no call was seen, only {len(streams)} streams; the page said {Page.said}")
    video, audio = chosen(streams)
    tag = 16 if "GCM" in Page.said["/cipher"] else 10
    files = [os.path.basename(path) for path in (options.video, options.audio) if path]
    source = " and ".join(files) or "Chromium's test picture and beeps"
    write(frames(video, tag), [packet[3] - tag for packet in audio], options.seconds, source, " ".join(version.split()[:2]))


if __name__ == "__main__":
    main()

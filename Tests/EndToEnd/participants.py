"""Everyone who can publish to the relay or play from it, by one face.

A publisher is opened, and closed. A player is opened, answers `watch(seconds)` with what it saw, and is closed. The session is started
between the two, unless the player does that itself (`starts`).
"""

import dataclasses
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import browsers
import clip
import lens
import strip

HERE = os.path.dirname(os.path.abspath(__file__))


@dataclasses.dataclass
class Place:
    """Where a participant finds the server, and what it may use."""

    server: object
    clip: object
    namespace: object
    folder: str

    def url(self, inside=False):
        host = self.namespace.host_address if inside else "127.0.0.1"
        return f"http://{host}:{self.server.port}"


@dataclasses.dataclass
class Seen:
    """What a player saw."""

    #: (number, Unix time in ms) of each frame; -1 where no number could be read.
    frames: list
    #: Packets or frames of sound.
    sounds: int
    #: Sum of squares times time, in full scale squared seconds; None where the player does not decode sound.
    energy: float | None
    cipher: str | None = None


class Participant:
    starts = False


class Browser(Participant):
    def __init__(self, place, page, inside):
        self.place, self.page, self.inside = place, page, inside

    def close(self):
        self.page.close()


class BrowserPublisher(Browser):
    def open(self, session):
        url = self.place.url(self.inside)
        if self.inside:
            self.page.open_with_canvas(url, session.id, session.join())
        else:
            self.page.open(url, "publish", session.id, session.join())
        self.page.wait_until_connected()


class BrowserPlayer(Browser):
    def open(self, session):
        self.page.open(self.place.url(self.inside), "play", session.id, lens.KEY)
        self.page.wait_until_connected()

    def watch(self, seconds):
        self.page.read_marks("seen")
        time.sleep(seconds)
        statistics = self.page.statistics()
        sound = next(entry for entry in statistics["inbound-rtp"] if entry["kind"] == "audio")
        cipher = next((entry.get("srtpCipher") for entry in statistics.get("transport", [])), None)
        return Seen(self.page.marks("seen"), sound["packetsReceived"], sound.get("totalAudioEnergy"), cipher)


class Program(Participant):
    """A client that is a program; what it prints to stderr is shown when it fails."""

    def __init__(self, place, command, inside=False):
        self.place, self.command, self.process = place, command, None
        self.url = place.url(inside)
        self.prefix = place.namespace.prefix if inside else ()
        self.errors = tempfile.TemporaryFile("w+")

    def start(self, *arguments):
        environment = dict(os.environ, LENS_API_KEY=lens.KEY, LENS_SERVER=self.url)
        self.process = subprocess.Popen(
            [*self.prefix, *self.command, *arguments], stdout=subprocess.PIPE, stderr=self.errors, text=True, env=environment)

    def wait(self, condition, what):
        end = time.monotonic() + 30
        while not condition():
            if self.process.poll() is not None or time.monotonic() > end:
                self.complain(what)
            time.sleep(0.05)

    def interrupt(self):
        """Ends what it does before its time, as at Ctrl-C; it reports all the same."""
        self.process.send_signal(signal.SIGINT)

    def complain(self, what):
        self.errors.seek(0)
        raise AssertionError(f"{os.path.basename(self.command[-1])} {what}:\n{self.errors.read()[-4000:]}")

    def close(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
        if self.process:
            self.process.wait()
            self.process.stdout.close()
        self.errors.close()


class ProgramPublisher(Program):
    def __init__(self, place, command, picture, sound, inside=False):
        super().__init__(place, command, inside)
        self.files = picture, sound

    def open(self, session):
        self.start("publish", f"{self.url}/whip/{session.id}", session.join(), *self.files)
        self.wait(lambda: session.media["packetsReceived"] > 0, "sends nothing")


class ProgramPlayer(Program):
    """Its time begins with its start, so it gets some for the way there."""

    ARRIVAL = 2

    def open(self, session):
        self.target = f"{self.url}/whep/{session.id}", lens.KEY

    def watch(self, seconds):
        self.start("play", *self.target, str(seconds + self.ARRIVAL), *self.more())
        output, _ = self.process.communicate(timeout=seconds + 60)
        if self.process.returncode != 0:
            self.complain(f"ended with {self.process.returncode}")
        return self.read(json.loads(output))

    def more(self):
        return ()

    def read(self, report):
        return Seen([tuple(frame) for frame in report["frames"]], report["audioPackets"], report["energy"])


class PionPlayer(ProgramPlayer):
    """It decodes nothing: ffmpeg reads the pictures out of what it left."""

    def more(self):
        self.file = os.path.join(self.place.folder, f"pion-{time.monotonic_ns()}.ivf")
        return (self.file,)

    def read(self, report):
        return Seen(_numbers(self.file), report["audioPackets"], None)


class LensPublisher(Program):
    """`lens customer`, which goes through the gates by itself."""

    def __init__(self, place, inside=False):
        super().__init__(place, [lens.PROGRAM, "customer"], inside)

    def open(self, session):
        made = self.place.clip
        self.start("--join", session.pin, "--video", made.vp8, "--audio", made.sound, "--bitrate", "1500000")
        self.wait(lambda: session.status == "Waiting", "does not get to wait")


class LensPlayer(Program):
    """`lens technician`, which starts the session."""

    starts = True

    def __init__(self, place):
        super().__init__(place, [lens.PROGRAM, "technician"])

    def open(self, session):
        self.session = session

    def watch(self, seconds):
        output = os.path.join(self.place.folder, f"technician-{time.monotonic_ns()}")
        report = output + ".json"
        self.start("--session", self.session.id, "--duration", str(seconds), "--output", output, "--report", report)
        self.process.communicate(timeout=seconds + 60)
        # Its own verdict is about quality, which a busy machine may spoil; here counts what the report says.
        if not os.path.exists(report):
            self.complain(f"ended with {self.process.returncode}")
        with open(report, encoding="utf-8") as file:
            found = json.load(file)
        return Seen(
            _numbers(os.path.join(output, "received.ivf")), found["audio"]["packetsReceived"], None,
            "SRTP_" + found["srtpProfile"])


def _numbers(path):
    """The frame numbers in a file of VP8."""
    width = clip.WIDTH
    # Where the publisher began smaller, the strip is scaled along.
    luma = subprocess.run(
        ["ffmpeg", "-hide_banner", "-loglevel", "error", "-i", path, "-vf",
         f"scale={width}:{clip.HEIGHT}:flags=neighbor,crop={width}:1:0:{strip.middle_row(clip.HEIGHT)},format=gray",
         "-fps_mode", "passthrough", "-f", "rawvideo", "-"], check=True, capture_output=True).stdout
    return [(strip.number(luma[start : start + width]), 0.0) for start in range(0, len(luma), width)]


def _python(name):
    return [sys.executable, os.path.join(HERE, "clients", name)]


def _system_python(name):
    """GStreamer's bindings belong to Debian's Python."""
    return ["/usr/bin/python3", os.path.join(HERE, "clients", name)]


def pion(folder):
    """Builds the program; Debian's packages are a GOPATH, so the source has to be in one too."""
    source = os.path.join(folder, "src", "lens-pion")
    os.makedirs(source, exist_ok=True)
    for name in ("main.go", "go.mod"):
        shutil.copy(os.path.join(HERE, "clients", "pion", name), source)
    program = os.path.join(folder, "pion")
    environment = dict(
        os.environ, GO111MODULE="off", GOPATH=f"{folder}:/usr/share/gocode", GOCACHE=os.path.join(folder, "cache"),
        GOFLAGS="")
    built = subprocess.run(["go", "build", "-o", program, "."], cwd=source, env=environment, capture_output=True, text=True)
    if built.returncode != 0:
        raise RuntimeError(built.stderr)
    return program


def publisher(name, place, inside=False):
    """`inside` the namespace, as Firefox always is."""
    made = place.clip
    match name:
        case "chromium": return BrowserPublisher(
            place, browsers.chromium(made.picture, made.sound, place.namespace if inside else None), inside)
        case "firefox": return BrowserPublisher(place, browsers.firefox(place.namespace), True)
        case "aiortc": return ProgramPublisher(place, _python("aiortc_client.py"), made.vp8, made.sound, inside=inside)
        case "gstreamer": return ProgramPublisher(place, _system_python("gstreamer_client.py"), made.picture, made.sound)
        case "pion": return ProgramPublisher(place, [os.path.join(place.folder, "pion")], made.vp8, made.opus)
        case "lens": return LensPublisher(place, inside)
    raise ValueError(name)


def player(name, place):
    match name:
        case "chromium": return BrowserPlayer(place, browsers.chromium(), False)
        case "firefox": return BrowserPlayer(place, browsers.firefox(place.namespace), True)
        case "aiortc": return ProgramPlayer(place, _python("aiortc_client.py"))
        case "gstreamer": return ProgramPlayer(place, _system_python("gstreamer_client.py"))
        case "pion": return PionPlayer(place, [os.path.join(place.folder, "pion")])
        case "lens": return LensPlayer(place)
    raise ValueError(name)

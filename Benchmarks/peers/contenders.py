"""The relays that are compared: how each is started fresh, given its calls, and stopped."""

import contextlib
import dataclasses
import os
import pathlib
import resource
import shutil
import signal
import subprocess
import time

import calls
import gstreamer
import janus
import lens
import machine
import rtpengine

HERE = pathlib.Path(__file__).resolve().parent
BUILD = HERE / ".build"
LIMIT, BLAST = BUILD / "limit", BUILD / "blast"
LENS_HTTP, LENS_MEDIA, API_KEY = 18080, 17000, "bench"
NG_PORT = 12223  # not 2223, which Debian's service has


@dataclasses.dataclass
class Setting:
    """What a run wants: how many calls, which suite, whether processes get a real-time class."""

    calls: int = 100
    suite: str = "gcm"
    real_time: bool = True
    lens: str = ""
    preferred: bool = False  # where no real-time class will do: a high priority


@dataclasses.dataclass
class Relay:
    pid: int
    streams: pathlib.Path
    server: lens.Server = None


@dataclasses.dataclass
class Contender:
    name: str
    title: str
    run: object  # a context manager: Setting -> Relay
    cap: int = 700_000  # packets a second that flat may need at most
    search_from: int = 200_000  # where the search for the loss-free rate begins
    color: str = "#888888"

    def missing(self, setting):
        """Why it cannot run here, or None."""
        return None


def allow_many_sockets():
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


@contextlib.contextmanager
def started(command, setting, log_name, first=signal.SIGTERM, **options):
    """The process, logging to a file; its end is part of the run."""
    log_path = BUILD / f"{log_name}.log"
    with open(log_path, "wb") as log:
        process = machine.start(
            command, machine.RELAY_CORE, setting.real_time, preferred=setting.preferred, stdin=subprocess.DEVNULL,
            stdout=log, stderr=subprocess.STDOUT, **options,
        )
    try:
        yield process, log_path
    finally:
        machine.stop(process, first)


def alive(process, log_path):
    if process.poll() is not None:
        raise RuntimeError(f"it ended: {log_path.read_text(errors='replace')[-400:]}")


def limit(io):
    @contextlib.contextmanager
    def run(setting):
        path = BUILD / "limit.streams"
        calls.write(path, calls.direct(setting.calls, setting.suite))
        with started([LIMIT, path, "--io", io], setting, "limit") as (process, log):
            machine.wait_until(lambda: alive(process, log) or b"ready" in log.read_bytes(), 10, "limit's start")
            yield Relay(process.pid, path)

    return run


def serve(*flags):
    @contextlib.contextmanager
    def run(setting):
        path = BUILD / "lens.streams"
        command = [
            setting.lens, "serve", "--http", f"127.0.0.1:{LENS_HTTP}", "--media-port", str(LENS_MEDIA), "--shards", "1",
            *flags,
        ]
        machine.must_be_free("127.0.0.1", LENS_HTTP)
        environment = {**os.environ, "LENS_API_KEY": API_KEY}
        with started(command, setting, "lens", env=environment, cwd=BUILD) as (process, log):
            server = lens.Server("127.0.0.1", LENS_HTTP, API_KEY)
            machine.wait_until(lambda: alive(process, log) or server.is_ready(), 20, "lens serve's start")
            calls.write(path, [s for i in range(setting.calls) for s in server.call(i, setting.suite)])
            yield Relay(process.pid, path, server)

    return run


@contextlib.contextmanager
def run_rtpengine(setting):
    path = BUILD / "rtpengine.streams"
    # One worker, all in user space, as the kernel module is not the subject.
    command = [
        "rtpengine", "--config-file=none", "--table=-1", "--interface=127.0.0.1", f"--listen-ng=127.0.0.1:{NG_PORT}",
        "--foreground", "--log-stderr", "--log-level=4", "--num-threads=1", "--media-num-threads=0", "--port-min=26000",
        "--port-max=31999", "--timeout=600", "--silent-timeout=600", "--offer-timeout=600",
    ]
    with started(command, setting, "rtpengine") as (process, log):
        control = rtpengine.Control("127.0.0.1", NG_PORT)
        with contextlib.closing(control):
            machine.wait_until(lambda: alive(process, log) or control.is_ready(), 10, "rtpengine's start")
            calls.write(path, [s for i in range(setting.calls) for s in control.call(i, setting.suite)])
            yield Relay(process.pid, path)


@contextlib.contextmanager
def run_janus(setting):
    path = BUILD / "janus.streams"
    with janus.network(), janus_process(setting) as (process, socket):
        with janus.calls_up(BUILD, socket, setting.calls, setting.suite, path):
            yield Relay(process.pid, path)


@contextlib.contextmanager
def janus_process(setting):
    """Its transport's thread may start before the flag that it looks at is set; then Janus ends, and is started again."""
    with contextlib.ExitStack() as stack:
        for last in (False, False, False, False, True):
            configuration = stack.enter_context(janus.configuration(BUILD / "janus"))
            process, log = stack.enter_context(started(["janus", "-F", configuration], setting, "janus"))
            socket = configuration / "socket"
            try:
                machine.wait_until(lambda: alive(process, log) or socket.exists(), 10, "Janus's start")
                time.sleep(0.3)
                alive(process, log)
                break
            except RuntimeError:
                if last:
                    raise
                stack.pop_all().close()
        yield process, socket


@contextlib.contextmanager
def run_gstreamer(setting):
    path = BUILD / "gstreamer.streams"
    streams = list(calls.direct(setting.calls, setting.suite, port_step=2))
    calls.write(path, streams)
    with started(gstreamer.command(streams), setting, "gstreamer", signal.SIGINT) as (process, log):
        ports = {stream.relay[1] for stream in streams}
        machine.wait_until(lambda: alive(process, log) or gstreamer.listens(ports), 30, "GStreamer's start")
        yield Relay(process.pid, path)


@dataclasses.dataclass
class Lens(Contender):
    flags: tuple = ()

    def missing(self, setting):
        text = subprocess.run([setting.lens, "serve", "--help"], capture_output=True, text=True, check=False).stdout
        absent = [flag for flag in self.flags if flag.startswith("--") and flag not in text]
        return f"{setting.lens} serve knows no {absent[0]}" if absent else None


@dataclasses.dataclass
class Package(Contender):
    program: str = ""

    def missing(self, setting):
        if not shutil.which(self.program):
            return f"no program {self.program}; install.sh installs it"
        if self.program == "janus" and not janus.PYTHON.exists():
            return "no pyOpenSSL; install.sh installs it"
        if self.program == "janus" and os.geteuid() != 0:
            return "only root can make the network interface that it needs"
        return None


def lens_with(name, title, color, *flags, search_from=200_000):
    return Lens(name, title, serve(*flags), flags=flags, color=color, search_from=search_from)


ALL = [
    Contender("c-mmsg", "C, recvmmsg/sendmmsg", limit("mmsg"), color="#9aa0a6", search_from=200_000),
    Contender("c-gso", "C, recvmmsg + GSO send", limit("gso"), color="#5f6368", search_from=260_000),
    Contender("c-gro", "C, GRO receive + GSO send", limit("gro"), color="#202124", search_from=320_000),
    lens_with("lens", "lens serve", "#1a73e8", search_from=300_000),
    lens_with(
        "lens-openssl", "lens serve, OpenSSL, no offload", "#8ab4f8", "--srtp-backend", "openssl", "--udp-offload", "none"
    ),
    lens_with(
        "lens-openssl-gso", "lens serve, OpenSSL, GSO send", "#669df6", "--srtp-backend", "openssl", "--udp-offload", "send",
        search_from=240_000,
    ),
    Package("rtpengine", "rtpengine", run_rtpengine, 250_000, 70_000, "#d93025", program="rtpengine"),
    Package("janus", "Janus VideoRoom", run_janus, 200_000, 40_000, "#e37400", program="janus"),
    Package("gstreamer", "GStreamer", run_gstreamer, 200_000, 60_000, "#188038", program="gst-launch-1.0"),
]
BY_NAME = {contender.name: contender for contender in ALL}

"""Janus VideoRoom: its network, its configuration, and the helper process that holds the calls."""

import contextlib
import pathlib
import shutil
import subprocess

import machine

HERE = pathlib.Path(__file__).resolve().parent
PYTHON = HERE / ".build" / "venv" / "bin" / "python"
# Janus takes no loopback address, so it gets one end of a veth pair; packets between local addresses still go by lo.
LINK, OTHER_END, ADDRESS = "lensbench0", "lensbench1", "10.99.0.1"
PLUGIN = "libjanus_videoroom.so"
TRANSPORT = "libjanus_pfunix.so"


def ip(*words):
    subprocess.run(["ip", *words], check=True, capture_output=True, text=True)


@contextlib.contextmanager
def network():
    ip("link", "add", LINK, "type", "veth", "peer", "name", OTHER_END)
    try:
        ip("address", "add", f"{ADDRESS}/24", "dev", LINK)
        ip("link", "set", LINK, "up")
        ip("link", "set", OTHER_END, "up")
        yield
    finally:
        ip("link", "delete", LINK)


def library(kind):
    """Where Debian keeps Janus's plugins or transports."""
    found = list(pathlib.Path("/usr/lib").glob(f"*/janus/{kind}"))
    if not found:
        raise RuntimeError(f"no janus/{kind} below /usr/lib")
    return found[0]


def others(folder, kept):
    return ",".join(sorted(path.name for path in folder.glob("*.so") if path.name != kept))


@contextlib.contextmanager
def configuration(folder):
    """A folder with what Janus needs for VideoRoom over a local socket, and nothing else."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    plugins, transports = library("plugins"), library("transports")
    (folder / "janus.jcfg").write_text(f"""
general: {{
  configs_folder = "{folder}"
  plugins_folder = "{plugins}"
  transports_folder = "{transports}"
  events_folder = "{folder}/none"
  loggers_folder = "{folder}/none"
  debug_level = 2
  session_timeout = 0
}}
certificates: {{ }}
media: {{ rtp_port_range = "26000-31999" }}
nat: {{
  ice_lite = true
  full_trickle = false
  ice_tcp = false
  ice_enforce_list = "{LINK},{ADDRESS}"
}}
plugins: {{ disable = "{others(plugins, PLUGIN)}" }}
transports: {{ disable = "{others(transports, TRANSPORT)}" }}
""")
    (folder / "janus.transport.pfunix.jcfg").write_text(f"""
general: {{ enabled = true, json = "compact", path = "{folder}/socket", type = "SOCK_SEQPACKET" }}
admin: {{ admin_enabled = false }}
""")
    (folder / "janus.plugin.videoroom.jcfg").write_text("general: { }\n")
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def calls_up(build, socket, count, suite, streams):
    """The calls last until the helper's standard input closes."""
    with open(build / "janus-calls.log", "wb") as log:
        helper = subprocess.Popen(
            [PYTHON, HERE / "janus_calls.py", socket, ADDRESS, str(count), suite, streams],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
        )
        try:
            if helper.stdout.readline() != b"ready\n":
                helper.wait()
                raise RuntimeError(f"calls at Janus: {(build / 'janus-calls.log').read_text()[-400:]}")
            yield
        finally:
            helper.stdin.close()
            machine.stop(helper)
            helper.stdout.close()

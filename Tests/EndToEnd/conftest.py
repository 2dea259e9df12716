"""What the tests share: the clip, a namespace, a server that everyone reaches, pion built."""

import contextlib
import os

import pytest

import calls
import clip
import lens
import network
import participants

#: The long forms, as of `make soak`.
SOAK = os.environ.get("LENS_SOAK") == "1"


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    return str(tmp_path_factory.mktemp("end-to-end"))


@pytest.fixture(scope="session")
def recorded(folder):
    return clip.make(folder)


@pytest.fixture(scope="session")
def namespace():
    made = network.Namespace()
    yield made
    made.close()


@pytest.fixture(scope="session")
def pion(folder):
    return participants.pion(folder)


@pytest.fixture(scope="session")
def place(recorded, namespace, pion, folder):
    """One server for all, on loopback and on the namespace's side. It has to end as it should."""
    server = lens.Server(
        "--media-address", "127.0.0.1", "--media-address", namespace.host_address, host="0.0.0.0")
    namespace.origin = f"http://{namespace.host_address}:{server.port}"
    yield participants.Place(server, recorded, namespace, folder)
    server.stop()


@pytest.fixture
def single(recorded, namespace, pion, folder):
    """A server for one test, which sends each datagram by itself: a capture on loopback shows runs of them as one."""
    server = lens.Server("--udp-offload", "none")
    yield participants.Place(server, recorded, namespace, folder)
    server.stop()


@pytest.fixture
def call(place):
    """Sets up calls (`calls.call`) on the server for all, and closes them, the last first."""
    with contextlib.ExitStack() as stack:
        yield lambda *names, **how: stack.enter_context(calls.call(place, *names, **how))

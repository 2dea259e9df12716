"""What surrounds the calls: events, webhooks, TLS, figures."""

import contextlib
import hashlib
import hmac
import http.server
import json
import os
import resource
import socket
import ssl
import subprocess
import threading
import time
import urllib.error
import urllib.request

import pytest

import events
import lens

SECRET = "a-secret-of-the-tests"


def until(condition, seconds=10):
    end = time.time() + seconds
    while not condition():
        assert time.time() < end, "not in time"
        time.sleep(0.02)


@pytest.fixture(scope="module")
def server():
    made = lens.Server()
    yield made
    made.stop()


# Events

def test_S19_S20_S27_a_console_hears_each_change_as_it_happens(server):
    console = events.Listener(server, lens.KEY)
    session = lens.Session(server)
    session.join()
    until(lambda: console.statuses(session.id)[-1:] == ["Waiting"])
    session.do("start")
    session.do("end")
    until(lambda: console.statuses(session.id)[-2:] == ["Active", "Closed"])
    console.close()


def test_D4_a_customer_hears_the_own_session_until_its_end(server):
    session, other = lens.Session(server), lens.Session(server)
    token = session.join()
    page = events.Listener(server, token, "/api/v1/customer/events")
    other.join()
    session.do("start")
    session.do("end")
    until(lambda: page.ended)
    assert page.statuses(session.id)[-2:] == ["Active", "Closed"]
    heard = [event["data"] for event in page.events if event["event"] == "session"]
    assert {data["id"] for data in heard} == {session.id}
    assert all("notes" not in data and "customer" not in data for data in heard)


def test_a_listener_that_was_cut_off_goes_on_where_it_was(server):
    console = events.Listener(server, lens.KEY)
    session = lens.Session(server)
    until(lambda: console.statuses(session.id) == ["Connecting"])
    last = console.events[-1]["id"]
    console.close()
    session.join()
    again = events.Listener(server, lens.KEY, last=last)
    until(lambda: again.statuses(session.id)[-1:] == ["Waiting"])
    assert again.statuses(session.id).count("Waiting") == 1
    assert all(event["event"] != "reset" for event in again.events)
    again.close()


def test_a_listener_from_before_a_restart_is_told_to_read_anew(server):
    console = events.Listener(server, lens.KEY, last="1-5")
    until(lambda: console.events)
    assert console.events[0]["event"] == "reset"
    console.close()


def test_a_listener_whose_login_has_ended_hears_no_more():
    server = lens.Server()
    try:
        server.json("POST", "/api/v1/groups", {"id": "one", "name": "One", "permissions": ["lens"]})
        made = server.json(
            "POST", "/api/v1/technicians", {"email": "tess@example.org", "name": "Tess", "group": "one"})
        login = {"email": "tess@example.org", "password": made["password"]}
        first = server.json("POST", "/api/v1/login", login, "")["token"]
        server.call(
            "PUT", "/api/v1/me/password", {"old": made["password"], "new": "a password of tess"}, first)
        token = server.json("POST", "/api/v1/login", dict(login, password="a password of tess"), "")["token"]
        console = events.Listener(server, token)
        assert console.status == 200
        server.call("POST", "/api/v1/logout", {}, token)
        until(lambda: console.ended, 20)
    finally:
        server.stop()


def test_S24_chat_reaches_both_sides(server):
    session = lens.Session(server)
    token = session.join()
    console = events.Listener(server, lens.KEY)
    page = events.Listener(server, token, "/api/v1/customer/events")
    server.json("POST", f"/api/v1/sessions/{session.id}/chat", {"text": "hello"})
    server.json("POST", f"/api/v1/sessions/{session.id}/chat", {"text": "good day"}, token)
    for listener in (console, page):
        until(lambda: len([e for e in listener.events if e["event"] == "chat"]) >= 2)
        lines = [e["data"] for e in listener.events if e["event"] == "chat"][-2:]
        assert [(line["side"], line["text"]) for line in lines] == [("technician", "hello"), ("customer", "good day")]
        listener.close()


def test_many_listeners_hold_nobody_up(server):
    """10,000 in `make soak`, fewer here."""
    count = 10_000 if os.environ.get("LENS_SOAK") == "1" else 1_000
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, count + 1_000), hard))
    request = f"GET /api/v1/events HTTP/1.1\r\nHost: lens\r\nAuthorization: Bearer {lens.KEY}\r\n\r\n".encode()
    with contextlib.ExitStack() as stack:
        listeners = []
        for _ in range(count):
            listener = stack.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=60))
            listener.sendall(request)
            listeners.append(listener)
        for listener in listeners:
            assert b"200" in listener.recv(4096)
        session = lens.Session(server)
        session.join()
        for listener in listeners[:: count // 100]:
            heard = b""
            while b'"Waiting"' not in heard:
                heard += listener.recv(65536)
        assert session.status == "Waiting"


def test_a_stream_that_is_dropped_in_mid_event_goes_on_with_that_event(server):
    session = lens.Session(server)
    whole = events.Listener(server, lens.KEY)
    before = listeners(server)
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as dropped:
        dropped.sendall(f"GET /api/v1/events HTTP/1.1\r\nHost: lens\r\nAuthorization: Bearer {lens.KEY}\r\n\r\n".encode())
        heard = b""
        while b"\r\n\r\n" not in heard:
            heard += dropped.recv(1)
        token = session.join()
        until(lambda: "Waiting" in whole.statuses(session.id))
        # Twenty bytes of the first event, and away.
        dropped.recv(20)
    # Noticed with the next beat at the latest.
    until(lambda: listeners(server) <= before, 40)
    told = [e for e in whole.events if e["event"] == "session" and e["data"]["id"] == session.id]
    first = told[0]["id"]
    epoch, number = first.split("-")
    again = events.Listener(server, lens.KEY, last=f"{epoch}-{int(number) - 1}")
    until(lambda: "Waiting" in again.statuses(session.id))
    assert [e["id"] for e in again.events if e["event"] == "session" and e["data"]["id"] == session.id] == [e["id"] for e in told]
    server.json("POST", "/api/v1/customer/leave", {}, token)
    for listener in (whole, again):
        listener.close()


def listeners(server):
    text = server.call("GET", "/metrics")[2]
    return int(next(line for line in text.splitlines() if line.startswith("lens_event_listeners ")).split()[1])


def test_text_of_people_makes_no_events_of_its_own(server):
    """Line breaks of every kind in a name's place and in chat stay within their event."""
    session = lens.Session(server)
    session.join()
    console = events.Listener(server, lens.KEY)
    text = "a\n\nevent: session\ndata: {}\n\n\u2028id: 9\u2029end"
    server.json("POST", f"/api/v1/sessions/{session.id}/chat", {"text": text})
    until(lambda: [e for e in console.events if e["event"] == "chat"])
    assert [e["data"]["text"] for e in console.events if e["event"] == "chat"] == [text]
    assert {e["event"] for e in console.events} <= {"chat", "reset", "session"}
    for name in ("a\nb", "a\r\nevent: x", "a\u0000b"):
        with pytest.raises(lens.CallRefused) as refused:
            server.json("POST", "/api/v1/sessions", {"type": "lens", "name": name, "method": "pin"})
        assert refused.value.status == 422
    console.close()


def test_a_listener_that_reads_nothing_is_let_go():
    server = lens.Server()
    try:
        sessions = [lens.Session(server) for _ in range(3)]
        for session in sessions:
            session.join()
        deaf = socket.socket()
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.connect(("127.0.0.1", server.port))
        deaf.sendall(f"GET /api/v1/events HTTP/1.1\r\nHost: lens\r\nAuthorization: Bearer {lens.KEY}\r\n\r\n".encode())
        until(lambda: listeners(server) == 1)
        files = f"/proc/{server.process.pid}/fd"
        open_before = len(os.listdir(files))
        # More than the buffers of both sides and of the kernel hold.
        for number in range(3600):
            session = sessions[number % 3]
            server.json("POST", f"/api/v1/sessions/{session.id}/chat", {"text": f"{number} " + "x" * 3900})
            if number % 100 == 0 and listeners(server) == 0:
                break
        until(lambda: listeners(server) == 0)
        until(lambda: len(os.listdir(files)) < open_before, 45)
        deaf.close()
    finally:
        server.stop()


# Webhooks

class Receiver:
    """Keeps what is posted; answers what it is told to."""

    def __init__(self):
        receiver = self
        self.bodies, self.answers, self.pauses = [], [], []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if receiver.pauses:
                    time.sleep(receiver.pauses.pop(0))
                status, fields = receiver.answers.pop(0) if receiver.answers else (204, {})
                if status < 300:
                    receiver.bodies.append((self.headers["Lens-Signature"], body))
                self.send_response(status)
                for name, value in fields.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def statuses(self, session):
        told = [json.loads(body) for _, body in self.bodies]
        return [(note.get("previousStatus"), note["session"]["status"]) for note in told if note["session"]["id"] == session]


@pytest.fixture
def hooked(monkeypatch, tmp_path):
    monkeypatch.setenv("LENS_WEBHOOK_SECRET", SECRET)
    receiver = Receiver()
    server = lens.Server("--webhook", receiver.url, "--data", str(tmp_path / "data"))
    yield server, receiver
    server.stop()
    receiver.server.shutdown()


FLOW = [(None, "Connecting"), ("Connecting", "Waiting"), ("Waiting", "Active"), ("Active", "Closed")]


def test_a_webhook_is_told_of_each_status_in_order_and_signed(hooked):
    server, receiver = hooked
    sessions = [lens.Session(server) for _ in range(5)]
    for session in sessions:
        session.join()
    for session in sessions:
        session.do("start")
        session.do("end")
    for session in sessions:
        until(lambda: len(receiver.statuses(session.id)) == len(FLOW))
        assert receiver.statuses(session.id) == FLOW
    for signature, body in receiver.bodies:
        stamp, code = (part.split("=")[1] for part in signature.split(","))
        assert abs(int(stamp) - time.time()) < 60
        assert hmac.compare_digest(
            code, hmac.new(SECRET.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest())
        assert b'"pin"' not in body and b'"links"' not in body


def test_a_receiver_that_fails_is_told_again_in_order(hooked):
    server, receiver = hooked
    receiver.answers = [(500, {}), (503, {})]
    session = lens.Session(server)
    session.join()
    until(lambda: len(receiver.statuses(session.id)) == 2, 20)
    assert receiver.statuses(session.id) == FLOW[:2]


def test_a_redirection_is_not_followed(hooked):
    server, receiver = hooked
    inner = Receiver()
    receiver.answers = [(307, {"Location": inner.url})]
    session = lens.Session(server)
    until(lambda: receiver.statuses(session.id), 20)
    assert not inner.bodies
    inner.server.shutdown()


def test_a_receiver_that_is_slow_holds_nobody_up_and_is_told_in_order(hooked):
    server, receiver = hooked
    receiver.pauses = [12]
    session = lens.Session(server)
    began = time.time()
    session.join()
    session.do("start")
    session.do("end")
    for _ in range(20):
        server.json("GET", "/api/v1/sessions")
    assert time.time() - began < 5
    # The one that took too long is told again, and may have been heard twice.
    until(lambda: receiver.statuses(session.id)[-1:] == FLOW[-1:], 40)
    told = receiver.statuses(session.id)
    assert [status for number, status in enumerate(told) if status not in told[:number]] == FLOW


def test_what_was_not_told_is_told_after_a_restart(monkeypatch, tmp_path):
    monkeypatch.setenv("LENS_WEBHOOK_SECRET", SECRET)
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{place.getsockname()[1]}/hook"
        server = lens.Server("--webhook", url, "--data", str(tmp_path / "data"))
        session = lens.Session(server)
        time.sleep(0.5)
        server.stop()
    receiver = Receiver()
    server = lens.Server("--webhook", receiver.url, "--data", str(tmp_path / "data"))
    until(lambda: receiver.statuses(session.id) == FLOW[:1])
    server.stop()
    receiver.server.shutdown()


# TLS

def certificate(folder, name):
    paths = str(folder / "cert.pem"), str(folder / "key.pem")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", f"/CN={name}", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
         "-out", paths[0] + ".new", "-keyout", paths[1] + ".new"], check=True, capture_output=True)
    for path in paths:
        os.replace(path + ".new", path)
    return paths


def test_https_speaks_http_2_and_takes_a_renewed_certificate(tmp_path):
    paths = certificate(tmp_path, "first")
    server = lens.Server("--tls-certificate", paths[0], "--tls-key", paths[1])
    try:
        url = f"https://127.0.0.1:{server.port}/healthz"
        for version, option in [("2", "--http2"), ("1.1", "--http1.1")]:
            answer = subprocess.run(
                ["curl", "-sS", option, "--cacert", paths[0], "-w", "%{http_version}", url], capture_output=True, text=True)
            assert answer.stdout == '{"status":"ok"}' + version, answer.stderr

        def subject():
            shown = subprocess.run(
                ["openssl", "s_client", "-connect", f"127.0.0.1:{server.port}"], input="", capture_output=True, text=True)
            return [line for line in shown.stdout.splitlines() if line.startswith("subject=")][0]

        assert subject().endswith("first")
        certificate(tmp_path, "second")
        until(lambda: subject().endswith("second"), 30)
    finally:
        server.stop()


# Slow callers

def dripping(server, context=None):
    """A connection that sends a request's body byte by byte."""
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=60)
    if context:
        connection = context.wrap_socket(connection)
    connection.sendall(
        b"POST /api/v1/join HTTP/1.1\r\nHost: lens\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{")
    return connection


def test_slow_requests_and_handshakes_are_ended_and_hold_nobody_up(server, tmp_path):
    paths = certificate(tmp_path, "slow")
    secure = lens.Server("--tls-certificate", paths[0], "--tls-key", paths[1])
    context = ssl.create_default_context(cafile=paths[0])
    context.check_hostname = False
    try:
        began = time.time()
        with contextlib.ExitStack() as stack:
            slow = [stack.enter_context(dripping(server)) for _ in range(100)]
            slow += [stack.enter_context(dripping(secure, context)) for _ in range(20)]
            # Handshakes that never begin, and ones that stop at once.
            silent = [stack.enter_context(socket.create_connection(("127.0.0.1", secure.port))) for _ in range(100)]
            for connection in silent[50:]:
                connection.sendall(b"\x16\x03\x01\x02\x00")
            while time.time() < began + 10:
                for connection in slow:
                    connection.sendall(b" ")
                asked = time.time()
                lens.Session(server)
                assert time.time() - asked < 2
                time.sleep(0.5)
            for connection in slow:
                connection.settimeout(20)
                answer = b""
                while chunk := connection.recv(4096):
                    answer += chunk
                assert answer.startswith(b"HTTP/1.1 408"), answer
                assert b"application/problem+json" in answer
            for connection in silent:
                connection.settimeout(20)
                assert connection.recv(4096) == b""
        assert 14 < time.time() - began < 40
    finally:
        secure.stop()


def test_a_network_that_asks_too_often_is_told_to_wait():
    proxied = lens.Server("--trusted-proxy", "127.0.0.0/8", "--rate-limit", "20")
    try:
        def ask(address):
            try:
                return proxied.call("GET", "/api/v1/sessions", headers=[("X-Forwarded-For", address)])[0]
            except lens.CallRefused as refused:
                return refused.status

        answers = [ask("192.0.2.1") for _ in range(120)]
        assert answers[:40] == [200] * 40
        assert 429 in answers
        assert ask("192.0.2.2") == 200
        assert [ask("127.0.0.1") for _ in range(120)] == [200] * 120
    finally:
        proxied.stop()


# Figures

def test_S24_a_photo_reaches_the_technician(server):
    session = lens.Session(server)
    token = session.join()
    console = events.Listener(server, lens.KEY)
    picture = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 4000
    request = urllib.request.Request(
        server.url + "/api/v1/customer/photos", data=picture, method="POST",
        headers={"Authorization": f"Bearer {token}", "Content-Type": "image/jpeg"})
    with pytest.raises(urllib.error.HTTPError) as early:
        urllib.request.urlopen(request, timeout=10)
    assert early.value.code == 409
    session.do("start")
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.status == 201
    until(lambda: [e for e in console.events if e["event"] == "photo"])
    photo = [e["data"] for e in console.events if e["event"] == "photo"][0]
    assert photo["session"] == session.id and photo["bytes"] == len(picture)
    read = urllib.request.Request(server.url + photo["url"], headers={"Authorization": f"Bearer {lens.KEY}"})
    with urllib.request.urlopen(read, timeout=10) as answer:
        assert answer.read() == picture
    console.close()


def test_figures_have_stable_names(server):
    session = lens.Session(server)
    session.join()
    session.do("start")
    with pytest.raises(lens.CallRefused):
        server.json("POST", "/api/v1/join", {"pin": "no"}, "")
    text = server.call("GET", "/metrics")[2]
    figures = {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line[:1] != "#"}
    assert figures['lens_sessions{status="Active"}'] >= 1
    assert figures["lens_joins_total"] >= 1
    assert figures['lens_refusals_total{code="PINCODE_INVALID"}'] >= 1
    assert figures["lens_invite_to_waiting_seconds_count"] >= 1
    assert figures['lens_waiting_to_start_seconds_bucket{le="+Inf"}'] >= 1
    assert figures["process_resident_memory_bytes"] > 1e6
    names = {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")}
    assert {"lens_session_bytes_forwarded_before_start_total", "lens_session_jitter_seconds",
            "lens_session_loss_ratio", "lens_session_round_trip_seconds"} <= names
    dashboard = json.load(open(os.path.join(lens.ROOT, "deploy", "grafana-dashboard.json")))
    for panel in dashboard["panels"]:
        for target in panel["targets"]:
            used = [word for word in target["expr"].replace("(", " ").replace("{", " ").replace("[", " ").split()
                    if word.startswith(("lens_", "process_"))]
            for name in used:
                bare = name.strip(")").removesuffix("_bucket")
                assert bare in names, f"{bare} in '{panel['title']}'"

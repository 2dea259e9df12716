"""Invites by mail (S41 to S45, D16), through a real SMTP server on loopback."""

import email
import email.policy
import socket
import ssl
import subprocess
import threading
import time

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

import lens

USER, PASSWORD = "relay", "mail-password"


class Box:
    """Keeps what comes in; may refuse, or take its time."""

    def __init__(self):
        self.mails, self.refusals, self.attempts = [], [], 0

    async def handle_DATA(self, server, session, envelope):
        self.attempts += 1
        if self.refusals:
            return self.refusals.pop(0)
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        self.mails.append((envelope, message, session.authenticated, session.ssl is not None))
        return "250 taken"


def authenticate(server, session, envelope, mechanism, data):
    good = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
    # Not handled: the server answers the refusal itself.
    return AuthResult(success=good, handled=good)


@pytest.fixture(scope="module")
def certificate(folder):
    paths = f"{folder}/mail.pem", f"{folder}/mail.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-out", paths[0], "-keyout", paths[1]],
        check=True, capture_output=True)
    return paths


def start(box, certificate=None, implicit=False):
    options = {"hostname": "localhost", "port": 0}
    if certificate:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*certificate)
        if implicit:
            options["ssl_context"] = context
        else:
            options.update(tls_context=context, require_starttls=True, authenticator=authenticate, auth_required=True)
    controller = _Controller(box, **options)
    controller.start()
    return controller


class _Controller(Controller):
    """On a free port."""

    def _trigger_server(self):
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@pytest.fixture
def mailing(monkeypatch):
    """Starts servers of both kinds, and ends them."""
    started = []

    def make(box, *arguments, scheme="smtp-plain", certificate=None, implicit=False):
        controller = start(box, certificate, implicit)
        started.append(controller.stop)
        if certificate:
            arguments += ("--smtp-ca", certificate[0])
        server = lens.Server(
            "--smtp", f"{scheme}://localhost:{controller.port}", "--mail-from", "support@example.org",
            "--public-url", "http://lens.test", *arguments)
        started.append(server.stop)
        return server

    monkeypatch.setenv("LENS_SMTP_PASSWORD", "")
    monkeypatch.delenv("LENS_SMTP_PASSWORD")
    yield make
    for stop in reversed(started):
        stop()


def invite(server, **more):
    return server.json(
        "POST", "/api/v1/sessions",
        {"type": "lens", "name": "Jürg Müller", "method": "email", "email": "customer@example.org", **more})


def until(condition, seconds=10):
    end = time.time() + seconds
    while not condition():
        assert time.time() < end, "not in time"
        time.sleep(0.05)


def mail_of(server, session):
    return server.json("GET", f"/api/v1/sessions/{session['id']}")["mail"]


@pytest.mark.parametrize("language, words", [("en", "Hello Jürg Müller"), ("de", "Guten Tag Jürg Müller")])
def test_S42_S43_S45_the_mail_is_readable_and_its_link_joins(mailing, language, words):
    box = Box()
    server = mailing(box)
    session = invite(server, language=language)
    until(lambda: box.mails)
    envelope, message, _, _ = box.mails[0]
    assert envelope.rcpt_tos == ["customer@example.org"] and envelope.mail_from == "support@example.org"
    parts = {part.get_content_type(): part.get_content() for part in message.iter_parts()}
    link = f"http://lens.test/{session['pin']}"
    for text in parts.values():
        assert words in text and link in text
    assert set(parts) == {"text/plain", "text/html"}
    until(lambda: mail_of(server, session) == {"status": "sent"})
    assert server.json("POST", "/api/v1/join", {"pin": link.rsplit("/", 1)[1]})["session"]["id"] == session["id"]


def test_D16_a_wrong_address_is_refused_before_a_pin_is_made(mailing):
    server = mailing(Box())
    before = server.json("GET", "/api/v1/sessions?status=Connecting")["sessions"]
    for address in ["", "nobody", "a@b", "a b@example.org", "a@example.org\r\nBcc: x@example.org", "<a@example.org>"]:
        with pytest.raises(lens.CallRefused) as refused:
            invite(server, email=address)
        assert refused.value.status == 422
    assert server.json("GET", "/api/v1/sessions?status=Connecting")["sessions"] == before


def test_S41_without_a_mail_server_technicians_use_their_own():
    server = lens.Server("--public-url", "http://lens.test")
    try:
        with pytest.raises(lens.CallRefused) as refused:
            invite(server)
        assert refused.value.status == 422 and "MAIL_UNAVAILABLE" in str(refused.value)
        session = server.json(
            "POST", "/api/v1/sessions", {"type": "lens", "name": "Ada", "method": "email", "language": "de"})
        assert session["mailto"].startswith("mailto:?subject=Ihre%20Live-Support")
        assert session["pin"] in session["mailto"]
    finally:
        server.stop()


@pytest.mark.parametrize("scheme, implicit", [("smtp", False), ("smtps", True)])
def test_mail_goes_over_tls(mailing, certificate, monkeypatch, scheme, implicit):
    box = Box()
    login = ()
    if not implicit:
        monkeypatch.setenv("LENS_SMTP_PASSWORD", PASSWORD)
        login = ("--smtp-user", USER)
    server = mailing(box, *login, scheme=scheme, certificate=certificate, implicit=implicit)
    invite(server)
    until(lambda: box.mails)
    _, _, authenticated, encrypted = box.mails[0]
    # The server of TLS from the first byte takes nothing else, and says nothing of it.
    assert implicit or (encrypted and authenticated)


def test_a_wrong_password_is_seen_on_the_session(mailing, certificate, monkeypatch):
    monkeypatch.setenv("LENS_SMTP_PASSWORD", "wrong")
    box = Box()
    server = mailing(box, "--smtp-user", USER, scheme="smtp", certificate=certificate)
    session = invite(server)
    until(lambda: mail_of(server, session)["status"] != "queued" or "detail" in mail_of(server, session))
    assert not box.mails
    assert "wrong" not in mail_of(server, session)["detail"]


def test_a_server_that_offers_no_tls_gets_nothing(mailing):
    box = Box()
    server = mailing(box, scheme="smtp")
    session = invite(server)
    until(lambda: "detail" in mail_of(server, session))
    assert box.attempts == 0 and not box.mails


def test_a_refusal_for_good_is_final_and_one_for_now_is_tried_again(mailing):
    box = Box()
    box.refusals = ["451 later"]
    server = mailing(box)
    later = invite(server)
    until(lambda: "451" in mail_of(server, later).get("detail", ""))
    assert mail_of(server, later)["status"] == "queued"
    box.refusals = ["550 no such mailbox"]
    never = invite(server)
    until(lambda: mail_of(server, never)["status"] == "failed")
    assert "550" in mail_of(server, never)["detail"]
    until(lambda: mail_of(server, later) == {"status": "sent"}, 20)


def test_a_server_that_is_down_is_tried_again():
    with socket.socket() as taken:
        # Bound and not listening: connections are refused as long as the test runs.
        taken.bind(("127.0.0.1", 0))
        server = lens.Server(
            "--smtp", f"smtp-plain://127.0.0.1:{taken.getsockname()[1]}", "--mail-from", "support@example.org")
        try:
            session = invite(server)
            until(lambda: "detail" in mail_of(server, session))
            assert mail_of(server, session)["status"] == "queued"
        finally:
            server.stop()


def test_a_server_that_says_nothing_holds_nobody_up():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        server = lens.Server(
            "--smtp", f"smtp-plain://127.0.0.1:{silent.getsockname()[1]}", "--mail-from", "support@example.org")
        try:
            invite(server)
            time.sleep(1.5)
            began = time.time()
            for _ in range(20):
                server.json("GET", "/api/v1/sessions")
            assert time.time() - began < 5
        finally:
            server.stop()


def test_a_server_that_cuts_off_in_mid_mail_is_tried_again():
    """Takes the envelope and hangs up at the text, once; then it takes all."""
    taken = []
    with socket.create_server(("127.0.0.1", 0)) as rude:
        def serve():
            for number in range(2):
                connection, _ = rude.accept()
                lines = connection.makefile("rb")
                connection.sendall(b"220 rude\r\n")
                while line := lines.readline():
                    word = line.split()[0].upper() if line.split() else b""
                    if word == b"DATA":
                        connection.sendall(b"354 go on\r\n")
                        if number == 0:
                            break
                        text = b""
                        while (part := lines.readline()) not in (b".\r\n", b""):
                            text += part
                        taken.append(text)
                    if word == b"QUIT":
                        break
                    connection.sendall(b"250 ok\r\n")
                connection.shutdown(socket.SHUT_RDWR)
                lines.close()
                connection.close()

        threading.Thread(target=serve, daemon=True).start()
        server = lens.Server(
            "--smtp", f"smtp-plain://127.0.0.1:{rude.getsockname()[1]}", "--mail-from", "support@example.org")
        try:
            session = invite(server)
            until(lambda: "detail" in mail_of(server, session))
            assert mail_of(server, session)["status"] == "queued"
            until(lambda: mail_of(server, session) == {"status": "sent"}, 20)
            assert len(taken) == 1
        finally:
            server.stop()


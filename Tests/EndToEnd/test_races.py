"""Many at once over real HTTP: of any number of claims and of Starts exactly one wins (D3, D10)."""

import collections
import http.client
import json
import threading

import pytest

import lens

RACERS = 1_000
#: Connections at a time; each makes its share of the calls, all beginning together.
CONNECTIONS = 100


@pytest.fixture(scope="module", params=["memory", "sqlite"])
def server(request, tmp_path_factory):
    more = ["--data", str(tmp_path_factory.mktemp("races"))] if request.param == "sqlite" else []
    made = lens.Server(*more)
    yield made
    made.stop()


def login(server, name):
    """Makes an account and answers the token of its login."""
    email, password = f"{name}@example.org", "a password of the tests"
    made = server.json("POST", "/api/v1/technicians", {"email": email, "name": name, "group": "support"})
    first = server.json("POST", "/api/v1/login", {"email": email, "password": made["password"]}, "")["token"]
    server.call("PUT", "/api/v1/me/password", {"old": made["password"], "new": password}, first)
    return server.json("POST", "/api/v1/login", {"email": email, "password": password}, "")["token"]


def race(server, calls):
    """Makes all calls at once, each `(path, body, token)`; answers how often each status and code came."""
    outcomes, lock, gate = collections.Counter(), threading.Lock(), threading.Barrier(CONNECTIONS)

    def run(share):
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        connection.connect()
        gate.wait()
        for path, body, token in share:
            fields = {"Content-Type": "application/json"}
            if token:
                fields["Authorization"] = f"Bearer {token}"
            connection.request("POST", path, json.dumps(body), fields)
            answer = connection.getresponse()
            text = answer.read()
            code = json.loads(text).get("code") if answer.status >= 400 else None
            with lock:
                outcomes[answer.status, code] += 1
        connection.close()

    threads = [threading.Thread(target=run, args=(calls[number::CONNECTIONS],)) for number in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def test_D3_of_a_thousand_claims_one_wins(server):
    session = lens.Session(server)
    outcomes = race(server, [("/api/v1/join", {"pin": session.pin}, None)] * RACERS)
    assert outcomes == {(200, None): 1, (409, "PINCODE_ALREADYUSED"): RACERS - 1}


def test_S21_of_a_thousand_starts_of_one_session_one_wins(server):
    session = lens.Session(server)
    session.join()
    outcomes = race(server, [(f"/api/v1/sessions/{session.id}/start", {}, lens.KEY)] * RACERS)
    assert outcomes == {(200, None): 1, (409, "SESSION_ALREADY_STARTED"): RACERS - 1}


def test_S44_D10_of_a_technicians_thousand_starts_one_wins(server):
    sessions = [lens.Session(server) for _ in range(20)]
    for session in sessions:
        session.join()
    calls = [
        (f"/api/v1/sessions/{sessions[number % 20].id}/start", {"technician": "tess"}, lens.KEY)
        for number in range(RACERS)]
    outcomes = race(server, calls)
    assert outcomes.pop((200, None)) == 1
    # Whoever is late for the one that won hears that; all others hear that tess is busy.
    assert set(outcomes) <= {(409, "TECHNICIAN_BUSY"), (409, "SESSION_ALREADY_STARTED")}
    assert sum(outcomes.values()) == RACERS - 1
    assert [session.status for session in sessions].count("Active") == 1


def test_S21_D10_of_two_technicians_starts_of_one_session_one_wins(server):
    tokens = [login(server, name) for name in ("ann", "ben")]
    for _ in range(10):
        made = server.json(
            "POST", "/api/v1/sessions", {"type": "lens", "name": "Race", "method": "pin", "visibility": "group"}, tokens[0])
        session = lens.Session.of(server, made)
        session.join()
        outcomes = race(server, [(f"/api/v1/sessions/{session.id}/start", {}, tokens[number % 2]) for number in range(100)])
        assert outcomes.pop((200, None)) == 1
        assert set(outcomes) <= {(409, "SESSION_ALREADY_STARTED"), (403, "TOKEN_NOT_FOR_SESSION")}
        session.do("end")


"""D8 over real HTTP: what the throttle admits is what its simulation admits, and honest customers come in meanwhile."""

import http.client
import os
import random
import threading
import time

import lens

SECONDS = 60 if os.environ.get("LENS_SOAK") == "1" else 15
#: Guesses in all, each second.
RATE = 1_000
#: What a network may try at once, and until it may try one more, in seconds.
FREE, FORGIVENESS = 5, 60


class Guesser(threading.Thread):
    """Guesses PINs from one address, as fast as its share of the rate."""

    def __init__(self, server, address, rate, live):
        super().__init__(daemon=True)
        self.server, self.address, self.rate, self.live = server, address, rate, live
        self.looked_at, self.refused, self.goes_on = 0, 0, True

    def run(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, source_address=(self.address, 0), timeout=30)
        due = time.monotonic()
        while self.goes_on:
            pin = f"{random.randrange(1_000_000):06}"
            while pin in self.live:
                pin = f"{random.randrange(1_000_000):06}"
            connection.request("POST", "/api/v1/join", f'{{"pin":"{pin}"}}', {"Content-Type": "application/json"})
            answer = connection.getresponse()
            answer.read()
            if answer.status == 429:
                self.refused += 1
            else:
                assert answer.status in (404, 410)
                self.looked_at += 1
            due += 1 / self.rate
            time.sleep(max(0, due - time.monotonic()))
        connection.close()


def guess(addresses):
    """Answers the guessers after their time, and how long honest customers waited."""
    server = lens.Server()
    try:
        sessions = [lens.Session(server) for _ in range(50)]
        live = {session.pin for session in sessions}
        guessers = [Guesser(server, address, RATE / len(addresses), live) for address in addresses]
        began = time.monotonic()
        for guesser in guessers:
            guesser.start()
        waits = []
        for number in range(SECONDS):
            # From addresses that nobody guesses from.
            connection = http.client.HTTPConnection(
                "127.0.0.1", server.port, source_address=(f"127.1.0.{number + 1}", 0), timeout=30)
            before = time.monotonic()
            connection.request(
                "POST", "/api/v1/join", f'{{"pin":"{sessions[number % 50].pin}"}}' if number < 50 else "{}",
                {"Content-Type": "application/json"})
            status = connection.getresponse().status
            waits.append(time.monotonic() - before)
            assert status == 200 or number >= 50
            time.sleep(max(0, began + number + 1 - time.monotonic()))
        for guesser in guessers:
            guesser.goes_on = False
        for guesser in guessers:
            guesser.join()
        return guessers, time.monotonic() - began, waits
    finally:
        server.stop()


def admitted(seconds):
    """What the simulation admits of one network that never stops."""
    return FREE + int(seconds // FORGIVENESS)


def test_D8_one_address_gets_what_the_simulation_says():
    guessers, seconds, waits = guess(["127.0.0.2"])
    assert admitted(seconds - 1) <= guessers[0].looked_at <= admitted(seconds)
    assert guessers[0].refused > 20 * SECONDS
    assert max(waits) < 2


def test_D8_many_addresses_get_as_much_each_and_hold_no_honest_customer_up():
    guessers, seconds, waits = guess([f"127.0.1.{number + 1}" for number in range(100)])
    for guesser in guessers:
        assert guesser.looked_at <= admitted(seconds)
    assert sum(guesser.looked_at for guesser in guessers) >= 100 * FREE * 0.9
    assert max(waits) < 2

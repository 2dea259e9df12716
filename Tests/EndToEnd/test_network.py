"""What networks do: addresses that change in mid-call, and UDP that is blocked."""

import time

import pytest


@pytest.mark.parametrize("publisher", ["lens", "aiortc", "chromium"])
def test_the_picture_goes_on_from_another_address(place, call, publisher):
    receiver = call(publisher, "chromium", inside=True).receiver
    receiver.page.read_marks("seen")
    receiver.page.wait("return window.marks.seen.length > 30", 30, "a second of picture")
    place.namespace.move()
    try:
        # What was on its way has come by then.
        time.sleep(1)
        count = len(receiver.page.marks("seen"))
        receiver.page.wait(f"return window.marks.seen.length > {count + 60}", 30, "frames from the other address")
        assert place.namespace.moved_packets() > 60
    finally:
        place.namespace.unfilter()


def test_where_udp_is_blocked_the_call_runs_over_tcp(place, call):
    place.namespace.block_udp()
    try:
        made = call("firefox", "chromium")
        receiver = made.receiver
        receiver.page.read_marks("seen")
        receiver.page.wait("return window.marks.seen.filter(([number]) => number >= 0).length > 45", 30, "frames")
        statistics = made.sender.page.statistics()
        chosen = next(pair for pair in statistics["candidate-pair"] if pair.get("selected"))
        local = next(found for found in statistics["local-candidate"] if found["id"] == chosen["localCandidateId"])
        assert local["protocol"] == "tcp"
        assert made.session.media["authenticationFailures"] == 0
    finally:
        place.namespace.unfilter()


def test_D13_a_connection_that_is_cut_is_reconnecting_and_comes_back_by_itself(place, call):
    made = call("aiortc", "chromium", inside=True)

    def until(condition, what):
        end = time.monotonic() + 20
        while not condition():
            assert time.monotonic() < end, f"{what}; the session is {made.session.status}"
            time.sleep(0.1)

    until(lambda: made.session.media["packetsForwarded"] > 50, "no media")
    assert made.session.status == "Active"
    place.namespace.block_udp()
    try:
        until(lambda: made.session.status == "Reconnecting", "not seen as lost")
    finally:
        place.namespace.unfilter()
    until(lambda: made.session.status == "Active", "not seen as back")
    before = made.session.media["packetsForwarded"]
    until(lambda: made.session.media["packetsForwarded"] > before + 50, "no media after it")

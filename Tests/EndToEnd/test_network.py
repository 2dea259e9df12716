"""What networks do: addresses that change in mid-call, and UDP that is blocked."""

import time

import pytest

import lens
import participants


def _longest_pause(marks, since):
    times = [at for number, at in marks if number >= 0]
    assert times and times[-1] > since, "no frame came any more"
    return max(later - earlier for earlier, later in zip(times, times[1:]) if later > since)


#: With the longest pause of the picture that is allowed, in ms: a browser checks its path every few seconds only.
@pytest.mark.parametrize("publisher, limit", [("lens", 1_000), ("aiortc", 1_000), ("chromium", 3_000)])
def test_the_picture_goes_on_from_another_address(place, opened, publisher, limit):
    session = lens.Session(place.server)
    opened(participants.publisher(publisher, place, inside=True)).open(session)
    session.do("start")
    receiver = opened(participants.player("chromium", place))
    receiver.open(session)
    receiver.page.read_marks("seen")
    receiver.page.wait("return window.marks.seen.length > 60", 15, "two seconds of picture")
    moved = time.time() * 1_000
    place.namespace.move()
    try:
        time.sleep(5)
        pause = _longest_pause(receiver.page.marks("seen"), moved)
        assert place.namespace.moved_packets() > 100
        assert pause < limit, f"the picture stood for {pause:.0f} ms"
    finally:
        place.namespace.unfilter()


def test_where_udp_is_blocked_the_call_runs_over_tcp(place, opened):
    place.namespace.block_udp()
    try:
        session = lens.Session(place.server)
        sender = opened(participants.publisher("firefox", place))
        sender.open(session)
        session.do("start")
        receiver = opened(participants.player("chromium", place))
        receiver.open(session)
        receiver.page.read_marks("seen")
        receiver.page.wait("return window.marks.seen.filter(([number]) => number >= 0).length > 45", 15, "frames")
        statistics = sender.page.statistics()
        chosen = next(pair for pair in statistics["candidate-pair"] if pair.get("selected"))
        local = next(found for found in statistics["local-candidate"] if found["id"] == chosen["localCandidateId"])
        assert local["protocol"] == "tcp"
        assert session.media["authenticationFailures"] == 0
    finally:
        place.namespace.unfilter()

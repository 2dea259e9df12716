"""A browser on the pages of `lens serve --dev`: what only a browser shows."""

import time


def test_nothing_arrives_before_the_start_and_all_after_it(call):
    """D14: the publisher may be there long before; the first frame comes with the start."""
    made = call("chromium", "chromium", start=False)
    session, receiver = made.session, made.receiver
    receiver.page.read_marks("seen")
    time.sleep(1.5)
    assert receiver.page.marks("seen") == []
    media = session.media
    assert media["packetsForwarded"] == 0 and media["packetsDroppedAtGate"] > 0

    session.do("start")
    receiver.page.wait("return window.marks.seen.length > 15", 30, "frames after the start")
    assert session.media["mediaBytesForwardedBeforeStart"] == 0
    # Hold stops both ways (the rule's first half), resuming brings the picture back.
    session.do("hold")
    time.sleep(0.5)
    held = len(receiver.page.marks("seen"))
    time.sleep(1)
    assert len(receiver.page.marks("seen")) == held
    session.do("resume")
    receiver.page.wait(f"return window.marks.seen.length > {held + 15}", 30, "frames after the hold")


def test_an_ice_restart_in_mid_call_breaks_nothing(call):
    made = call("chromium", "chromium")
    receiver = made.receiver
    receiver.page.read_marks("seen")
    for page in (made.sender.page, receiver.page):
        before = _pair(page)
        page.driver.execute_async_script("const done = arguments[0]; mediaClient.restart().then(() => done())")
        end = time.monotonic() + 30
        while _pair(page) == before:
            assert time.monotonic() < end, "no path was chosen anew"
            time.sleep(0.1)
        page.wait_until_connected()
    count = len(receiver.page.marks("seen"))
    receiver.page.wait(f"return window.marks.seen.length > {count + 30}", 30, "frames after the restart")


def _pair(page):
    """The path in use, by its names, which are new after a restart."""
    return [
        (entry["localCandidateId"], entry["remoteCandidateId"])
        for entry in page.statistics()["candidate-pair"] if entry.get("nominated") and entry["state"] == "succeeded"
    ]

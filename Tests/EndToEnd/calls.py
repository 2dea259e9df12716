"""A call as the tests need it: a session, somebody who publishes to it, and somebody who plays from it."""

import contextlib
import dataclasses

import lens
import participants


@dataclasses.dataclass
class Call:
    session: lens.Session
    sender: participants.Participant
    receiver: participants.Participant


@contextlib.contextmanager
def call(place, publisher, player, *, inside=False, start=True, play=True):
    """The publisher sends (from `inside` the namespace or not), the session is started, the player is opened; at the end both
    are closed, the player first. Without `start` it stays to be started, without `play` the player stays to be opened."""
    with contextlib.ExitStack() as stack:
        session = lens.Session(place.server)
        sender = stack.enter_context(contextlib.closing(participants.publisher(publisher, place, inside)))
        sender.open(session)
        receiver = stack.enter_context(contextlib.closing(participants.player(player, place)))
        if start and not receiver.starts:
            session.do("start")
        if play:
            receiver.open(session)
        yield Call(session, sender, receiver)

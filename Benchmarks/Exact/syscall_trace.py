"""Reads what strace writes of a shard's thread: system calls and messages of each burst between its "begin" and "end"."""

import re

_CALL = re.compile(r"^(\w+)\((.*?)(?:\)\s+=\s+(\S+).*)?$")
_RECEIVES = {"recvmmsg", "recvmsg"}
_SENDS = {"sendmmsg", "sendmsg"}
# A look at how full the socket is: a shard takes it when it is late, and the hold before a burst makes it late or not.
_PASSED_OVER = {"getsockopt"}


class Burst:
    """What the thread asked of the kernel from its first receive of the burst to its last send."""

    def __init__(self, calls):
        starts = [index for index, (name, result) in enumerate(calls) if name in _RECEIVES and result > 0]
        sends = [index for index, (name, _) in enumerate(calls) if name in _SENDS]
        if not starts or not sends:
            raise ValueError("a burst without a receive or a send in the trace")
        # Before and after come commands and sleep, which depend on time: a shard sleeps in a poll, or in the next receive when
        # datagrams come fast.
        own = [call for call in calls[starts[0] : sends[-1] + 1] if call[0] not in _PASSED_OVER]
        self.calls = len(own)
        self.messages = sum(max(0, result) for name, result in own if name == "sendmmsg")
        self.messages += sum(1 for name, result in own if name == "sendmsg" and result >= 0)
        self.names = " ".join(name for name, _ in own)


def bursts(lines):
    """The bursts of one thread's trace."""
    found = []
    current = None
    for line in lines:
        match = _CALL.match(line.rstrip("\n"))
        if not match:
            continue
        name, arguments, result = match.groups()
        if name == "write" and '"begin ' in arguments:
            current = []
        elif name == "write" and '"end ' in arguments:
            if current is None:
                raise ValueError("an end without a beginning in the trace")
            found.append(Burst(current))
            current = None
        elif current is not None:
            current.append((name, _number(result)))
    return found


def _number(text):
    try:
        return int(text or "", 0)
    except ValueError:
        return -1

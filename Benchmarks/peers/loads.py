"""What is sent, to whom, how often."""

import dataclasses

C = ("c-mmsg", "c-gso", "c-gro")
LENS = ("lens", "lens-openssl", "lens-openssl-gso")
PACKAGES = ("rtpengine", "janus", "gstreamer")
EVERYONE = C + LENS + PACKAGES
PLOTTED = ("c-mmsg", "c-gso", "lens", "rtpengine", "janus", "gstreamer")


@dataclasses.dataclass
class Load:
    name: str
    title: str
    options: tuple  # of blast
    contenders: tuple
    suite: str = "gcm"
    calls: int = 100
    share: float = 1  # of the rounds
    seldom: tuple = ()  # contenders that no ratio of this load needs: three rounds of them do
    close: tuple = ()  # contenders whose ratios are close to a limit: each round has `turns` of them
    turns: int = 1
    real_time: bool = True
    takes: int = 1  # at most, until the hypervisor has let one run alone


def paced(rate, frame=5, seconds=2):
    return ("--load", "paced", "--rate", str(rate), "--frame", str(frame), "--seconds", str(seconds), "--warm", "0.5")


FLAT = ("--load", "flat", "--seconds", "1.5", "--warm", "0.5")
# Long enough that no relay hides in its buffers what it cannot carry.
SEARCH = ("--load", "search", "--seconds", "3")
SIZES = ("--sizes", "chromium-sizes.txt")
SLOW = ("janus", "gstreamer")
UNJUDGED = (*SLOW, "c-gro")
RAMP_RATES = (5_000, 10_000, 20_000, 40_000, 60_000, 90_000, 130_000, 180_000, 240_000, 320_000)

ALL = [
    Load(
        "gcm-flat", "AES-GCM, flat out", FLAT, EVERYONE, seldom=UNJUDGED, turns=2,
        close=("c-mmsg", "c-gso", "lens", "lens-openssl", "lens-openssl-gso"),
    ),
    Load(
        "gcm-20k", "AES-GCM, 20,000 packets/s in frames of 5", paced(20_000), EVERYONE, seldom=UNJUDGED, turns=3,
        close=("c-mmsg", "lens", "rtpengine"), takes=4,
    ),
    Load(
        "gcm-20k-even", "AES-GCM, 20,000 packets/s evenly spaced", paced(20_000, frame=1), EVERYONE, seldom=UNJUDGED,
        share=0.5, takes=3,
    ),
    Load(
        "cm80-flat", "AES_CM_128_HMAC_SHA1_80, flat out", FLAT, ("c-mmsg", "c-gso", "lens", "rtpengine"), suite="cm80",
        turns=3, close=("c-gso", "lens"),
    ),
    Load("chromium-flat", "AES-GCM, packet sizes of Chromium, flat out", FLAT + SIZES, C + ("lens", "rtpengine")),
    Load(
        "sessions-10", "10 calls, 20,000 packets/s", paced(20_000), ("lens", "c-mmsg", "c-gso"), calls=10, turns=2,
        close=("lens",),
    ),
    Load(
        "sessions-1000", "1,000 calls, 20,000 packets/s", paced(20_000), ("lens", "c-mmsg", "c-gso"), calls=1000, turns=2,
        close=("lens",),
    ),
    Load(
        "loss-free", "AES-GCM, highest rate without loss", SEARCH, ("c-mmsg", "c-gso", "lens", "lens-openssl") + PACKAGES,
        seldom=(*SLOW, "lens-openssl"), share=0.5,
    ),
    Load(
        "chromium-loss-free", "AES-GCM, packet sizes of Chromium, highest rate without loss", SEARCH + SIZES,
        ("c-mmsg", "c-gso", "lens"), share=0.3,
    ),
    # Under SCHED_FIFO a relay at full load would leave its own HTTP threads no time. On one core the generator does not reach
    # half again of what lens serve takes with everything on; it does with the plain system calls and OpenSSL.
    Load(
        "overload", "AES-GCM, 1.5 x the loss-free rate for 10 s", (), ("lens", "lens-openssl", "c-mmsg"), share=0.3,
        real_time=False, takes=3,
    ),
    *(
        Load(f"ramp-{rate}", f"AES-GCM, {rate:,} packets/s", paced(rate, seconds=1), PLOTTED, share=0.2)
        for rate in RAMP_RATES
    ),
]
BY_NAME = {load.name: load for load in ALL}
QUICK = ("gcm-flat", "gcm-20k")


def matches(load, name):
    """By its name, or by a beginning such as 'ramp' that is no load's whole name."""
    return load.name == name if name in BY_NAME else load.name.startswith(name)

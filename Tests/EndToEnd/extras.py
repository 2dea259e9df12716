"""What aiortc can, but does not offer by itself."""

import functools
import itertools

from aiortc import RTCRtpHeaderExtensionParameters
from aiortc.codecs import CODECS, HEADER_EXTENSIONS
from aiortc.rtcrtpparameters import RTCRtcpFeedback
from aiortc.rtp import RtpPacket

EXTENSIONS = {
    5: "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
    6: "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time",
}


@functools.cache
def offer_more():
    """Offers feedback for the whole transport, and numbers packets for it; and the time of capture, of which aiortc only takes the
    bytes. From now on, in all of the process."""
    for kind in ("audio", "video"):
        for number, uri in EXTENSIONS.items():
            HEADER_EXTENSIONS[kind].append(RTCRtpHeaderExtensionParameters(id=number, uri=uri))
        for codec in CODECS[kind]:
            codec.rtcpFeedback.append(RTCRtcpFeedback(type="transport-cc"))
    numbers = itertools.count()
    serialize = RtpPacket.serialize

    def numbered(self, *arguments):
        self.extensions.transport_sequence_number = next(numbers) & 0xFFFF
        return serialize(self, *arguments)

    RtpPacket.serialize = numbered

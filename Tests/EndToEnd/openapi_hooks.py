"""Tells schemathesis how bodies of SDP and pictures are sent: as they are."""

import schemathesis


@schemathesis.serializer("application/sdp", "application/trickle-ice-sdpfrag", "image/jpeg", "image/png", "image/webp")
def plain(_context, value):
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")

"""Tells schemathesis how bodies of SDP are sent: as the text that they are."""

import schemathesis


@schemathesis.serializer("application/sdp", "application/trickle-ice-sdpfrag")
def sdp(_context, value):
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")

"""One gst-launch process with a pipeline for each stream: udpsrc ! srtpdec ! srtpenc ! udpsink."""

import base64

CIPHERS = {"gcm": ("aes-128-gcm", "null"), "cm80": ("aes-128-icm", "hmac-sha1-80")}


def hexadecimal(key):
    return base64.b64decode(key).hex()


def pipeline(stream):
    cipher, authentication = CIPHERS[stream.in_suite]
    names = f"srtp-cipher=(string){cipher},srtp-auth=(string){authentication}"
    caps = (
        f"application/x-srtp,ssrc=(uint){stream.ssrc},srtp-key=(buffer){hexadecimal(stream.in_key)},"
        f"{names},{names.replace('srtp-', 'srtcp-')}"
    )
    cipher, authentication = CIPHERS[stream.out_suite]
    return [
        "udpsrc", f"address={stream.relay[0]}", f"port={stream.relay[1]}", "buffer-size=2000000", f"caps={caps}",
        "!", "srtpdec", "!", "srtpenc", f"key={hexadecimal(stream.out_key)}", f"rtp-cipher={cipher}",
        f"rtp-auth={authentication}", f"rtcp-cipher={cipher}", f"rtcp-auth={authentication}",
        "!", "udpsink", f"host={stream.sink[0]}", f"port={stream.sink[1]}", "sync=false", "async=false",
    ]


def command(streams):
    return ["gst-launch-1.0", "-q", *(word for stream in streams for word in pipeline(stream))]


def listens(ports):
    """Whether every port is bound."""
    with open("/proc/net/udp") as file:
        bound = {int(line.split()[1].split(":")[1], 16) for line in list(file)[1:]}
    return ports <= bound

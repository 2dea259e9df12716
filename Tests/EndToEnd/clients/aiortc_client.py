"""aiortc as a WHIP publisher or WHEP player. A player prints a report in JSON when it has played long enough.

    aiortc_client.py publish URL TOKEN PICTURE SOUND
    aiortc_client.py play URL TOKEN SECONDS

With LENS_PLAIN_PACKETS, a folder, it leaves there what it received as plain RTP and RTCP, in publish.pcap or play.pcap; then it
offers more than it does by itself, and loses some packets.
"""

import array
import asyncio
import itertools
import json
import math
import os
import sys
import time
import urllib.request

from aiortc import RTCDtlsTransport, RTCPeerConnection, RTCSessionDescription
from aiortc.contrib.media import MediaPlayer
from aiortc.mediastreams import MediaStreamError
from aiortc.rtp import is_rtcp

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import extras
import pcap
import strip

#: What the plain packets are written with, so that a decoder tells them apart.
RTP_PORT, RTCP_PORT = 5004, 5005
#: One packet of so many is lost meanwhile.
LOSS = 50


def post(url, token, sdp):
    request = urllib.request.Request(
        url, data=sdp.encode(), method="POST",
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/sdp"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.read().decode()


async def connect(connection, url, token):
    await connection.setLocalDescription(await connection.createOffer())
    answer = await asyncio.to_thread(post, url, token, connection.localDescription.sdp)
    await connection.setRemoteDescription(RTCSessionDescription(sdp=answer, type="answer"))


async def publish(url, token, picture, sound):
    connection = RTCPeerConnection()
    camera = MediaPlayer(picture, loop=True)
    microphone = MediaPlayer(sound, loop=True)
    connection.addTransceiver(microphone.audio, direction="sendonly")
    video = connection.addTransceiver(camera.video, direction="sendonly")
    video.setCodecPreferences(
        [codec for codec in type(video.sender).getCapabilities("video").codecs if codec.mimeType != "video/H264"])
    await connect(connection, url, token)
    await asyncio.Event().wait()


async def play(url, token, seconds):
    connection = RTCPeerConnection()
    connection.addTransceiver("audio", direction="recvonly")
    connection.addTransceiver("video", direction="recvonly")
    report = {"frames": [], "audioPackets": 0, "energy": 0.0}
    tasks = []

    async def watch(track):
        while True:
            frame = await track.recv()
            if track.kind == "audio":
                samples = array.array("h", bytes(frame.planes[0])[: 4 * frame.samples])
                report["audioPackets"] += 1
                report["energy"] += math.fsum(value * value for value in samples) / 32768**2 / max(1, len(samples)) * 0.02
                continue
            plane = frame.planes[0]
            row = strip.middle_row(frame.height)
            luma = bytes(plane)[row * plane.line_size : row * plane.line_size + frame.width]
            report["frames"].append((strip.number(luma), time.time() * 1000))

    @connection.on("track")
    def on_track(track):
        tasks.append(asyncio.ensure_future(watch(track)))

    await connect(connection, url, token)
    await asyncio.sleep(seconds)
    for task in tasks:
        task.cancel()
        if task.done() and not task.cancelled() and not isinstance(task.exception(), MediaStreamError):
            raise task.exception()
    print(json.dumps(report), flush=True)
    await connection.close()


def keep_plain_packets(path):
    """Writes down what comes out of SRTP. Some packets each way are lost, so that both sides ask for them again."""
    writer = pcap.Writer(path)
    take_rtp, take_rtcp = RTCDtlsTransport._handle_rtp_data, RTCDtlsTransport._handle_rtcp_data
    send = RTCDtlsTransport._send_rtp
    counts = {take_rtp: itertools.count(1), send: itertools.count(1)}

    def is_lost(way):
        return next(counts[way]) % LOSS == 0

    async def rtp(self, data, arrival_time_ms):
        writer.write(data, RTP_PORT, time.time())
        if not is_lost(take_rtp):
            await take_rtp(self, data, arrival_time_ms=arrival_time_ms)

    async def rtcp(self, data):
        writer.write(data, RTCP_PORT, time.time())
        await take_rtcp(self, data)

    async def send_some(self, data):
        if is_rtcp(data) or not is_lost(send):
            await send(self, data)

    RTCDtlsTransport._handle_rtp_data, RTCDtlsTransport._handle_rtcp_data = rtp, rtcp
    RTCDtlsTransport._send_rtp = send_some


verb, url, token, *rest = sys.argv[1:]
if folder := os.environ.get("LENS_PLAIN_PACKETS"):
    keep_plain_packets(os.path.join(folder, verb + ".pcap"))
    extras.offer_more()
asyncio.run(publish(url, token, *rest) if verb == "publish" else play(url, token, float(rest[0])))

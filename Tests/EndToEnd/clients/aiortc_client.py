"""aiortc as a WHIP publisher or WHEP player. A player prints a report in JSON when it has played long enough.

    aiortc_client.py publish URL TOKEN PICTURE SOUND
    aiortc_client.py play URL TOKEN SECONDS
"""

import array
import asyncio
import json
import math
import os
import sys
import time
import urllib.request

from aiortc import RTCPeerConnection, RTCSessionDescription
from aiortc.contrib.media import MediaPlayer
from aiortc.mediastreams import MediaStreamError

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import strip


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


verb, url, token, *rest = sys.argv[1:]
asyncio.run(publish(url, token, *rest) if verb == "publish" else play(url, token, float(rest[0])))

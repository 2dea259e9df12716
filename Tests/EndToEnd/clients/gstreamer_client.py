"""GStreamer's webrtcbin as a WHIP publisher or WHEP player. A player prints a report in JSON when it has played long enough.

    gstreamer_client.py publish URL TOKEN PICTURE SOUND
    gstreamer_client.py play URL TOKEN SECONDS
"""

import array
import json
import math
import os
import sys
import time
import urllib.request

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstWebRTC", "1.0")
gi.require_version("GstSdp", "1.0")
from gi.repository import GLib, Gst, GstSdp, GstWebRTC

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import strip

VIDEO = "application/x-rtp,media=video,encoding-name=VP8,payload=96,clock-rate=90000,rtcp-fb-nack=true,rtcp-fb-nack-pli=true"
AUDIO = "application/x-rtp,media=audio,encoding-name=OPUS,payload=111,clock-rate=48000,encoding-params=(string)2"
PUBLISHER = f"""
webrtcbin name=peer bundle-policy=max-bundle
multifilesrc location={{picture}} loop=true caps=image/jpeg,framerate=30/1 ! jpegparse ! jpegdec ! videoconvert
  ! video/x-raw,format=I420 ! clocksync sync=true ! queue
  ! vp8enc deadline=1 cpu-used=8 target-bitrate=1500000 keyframe-max-dist=300 ! rtpvp8pay pt=96 ! {VIDEO} ! peer.
audiotestsrc is-live=true wave=ticks freq=880 volume=0.5 ! audioconvert ! audioresample ! audio/x-raw,rate=48000,channels=2
  ! opusenc ! rtpopuspay pt=111 ! {AUDIO} ! peer.
"""


def describe(kind, text):
    """A description whose message is its own: the binding frees that of an answered promise too early."""
    _, message = GstSdp.SDPMessage.new()
    GstSdp.sdp_message_parse_buffer(text.encode(), message)
    return GstWebRTC.WebRTCSessionDescription.new(kind, message)


class Client:
    def __init__(self, url, token):
        self.url, self.token = url, token
        self.loop = GLib.MainLoop()
        self.report = {"frames": [], "audioPackets": 0, "energy": 0.0}

    def fail(self, why):
        print(why, file=sys.stderr, flush=True)
        os._exit(1)

    def watch(self, pipeline):
        self.pipeline = pipeline
        bus = pipeline.get_bus()
        bus.add_signal_watch()
        bus.connect("message::error", lambda _, message: self.fail(message.parse_error()))

    def negotiate(self, peer):
        """Offers once the candidates are gathered."""
        self.peer = peer
        peer.connect("notify::ice-gathering-state", self._gathered)

        def offered(promise):
            # Each owns what the next one points into.
            reply = promise.get_reply()
            made = reply.get_value("offer")
            offer = describe(GstWebRTC.WebRTCSDPType.OFFER, made.sdp.as_text())
            peer.emit("set-local-description", offer, Gst.Promise.new())

        peer.emit("create-offer", None, Gst.Promise.new_with_change_func(offered))

    def _gathered(self, peer, _):
        if peer.get_property("ice-gathering-state") != GstWebRTC.WebRTCICEGatheringState.COMPLETE:
            return
        local = peer.get_property("local-description")
        offer = local.sdp.as_text()
        request = urllib.request.Request(
            self.url, data=offer.encode(), method="POST",
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/sdp"})
        with urllib.request.urlopen(request, timeout=10) as reply:
            answer = describe(GstWebRTC.WebRTCSDPType.ANSWER, reply.read().decode())
        peer.emit("set-remote-description", answer, Gst.Promise.new())

    def publish(self, picture, sound):
        self.watch(Gst.parse_launch(PUBLISHER.format(picture=picture)))
        peer = self.pipeline.get_by_name("peer")
        peer.connect("on-negotiation-needed", self.negotiate)
        for index in range(2):
            transceiver = peer.emit("get-transceiver", index)
            if transceiver:
                transceiver.set_property("direction", GstWebRTC.WebRTCRTPTransceiverDirection.SENDONLY)
        self.pipeline.set_state(Gst.State.PLAYING)
        self.loop.run()

    def play(self, seconds):
        self.watch(Gst.Pipeline.new())
        peer = Gst.ElementFactory.make("webrtcbin", "peer")
        peer.set_property("bundle-policy", GstWebRTC.WebRTCBundlePolicy.MAX_BUNDLE)
        self.pipeline.add(peer)
        peer.connect("pad-added", self._pad_added)
        receive = GstWebRTC.WebRTCRTPTransceiverDirection.RECVONLY
        for caps in (AUDIO, VIDEO):
            peer.emit("add-transceiver", receive, Gst.Caps.from_string(caps))
        self.pipeline.set_state(Gst.State.PLAYING)
        self.negotiate(peer)
        GLib.timeout_add(int(seconds * 1000), self.loop.quit)
        self.loop.run()
        print(json.dumps(self.report), flush=True)
        self.pipeline.set_state(Gst.State.NULL)

    def _pad_added(self, _, pad):
        if pad.get_direction() != Gst.PadDirection.SRC:
            return
        if "VP8" in pad.get_current_caps().to_string():
            text = "rtpvp8depay ! vp8dec ! videoconvert ! video/x-raw,format=GRAY8 ! appsink name=sink sync=false"
            handler = self._picture
        else:
            text = "rtpopusdepay ! opusdec ! audioconvert ! audio/x-raw,format=S16LE,channels=1 ! appsink name=sink sync=false"
            handler = self._sound
        branch = Gst.parse_bin_from_description("queue ! " + text, True)
        sink = branch.get_by_name("sink")
        sink.set_property("emit-signals", True)
        sink.connect("new-sample", handler)
        self.pipeline.add(branch)
        branch.sync_state_with_parent()
        pad.link(branch.get_static_pad("sink"))

    def _picture(self, sink):
        at = time.time() * 1000
        sample = sink.emit("pull-sample")
        shape = sample.get_caps().get_structure(0)
        width, height = shape.get_value("width"), shape.get_value("height")
        start = strip.middle_row(height) * ((width + 3) // 4 * 4)
        row = sample.get_buffer().extract_dup(start, width)
        self.report["frames"].append((strip.number(row), at))
        return Gst.FlowReturn.OK

    def _sound(self, sink):
        buffer = sink.emit("pull-sample").get_buffer()
        samples = array.array("h", buffer.extract_dup(0, buffer.get_size()))
        self.report["audioPackets"] += 1
        self.report["energy"] += math.fsum(value * value for value in samples) / 32768**2 / 48_000
        return Gst.FlowReturn.OK


Gst.init(None)
verb, url, token, *rest = sys.argv[1:]
client = Client(url, token)
if verb == "publish":
    client.publish(*rest)
else:
    client.play(float(rest[0]))

import { run } from "/dev/dev-page.js";

run("whip", async (client) => {
  const stream = await navigator.mediaDevices.getUserMedia({
    audio: { echoCancellation: true },
    video: { width: 640, height: 480, frameRate: 30 },
  });
  document.getElementById("video").srcObject = stream;
  for (const track of stream.getTracks()) client.connection.addTransceiver(track, { direction: "sendonly", streams: [stream] });
  return () => stream.getTracks().forEach((track) => track.stop());
});

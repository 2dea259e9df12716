import { run } from "/dev/dev-page.js";
import { soundApart } from "/dev/media-client.js";

run("whep", (client) => {
  const stream = new MediaStream();
  const video = document.getElementById("video");
  video.srcObject = stream;
  client.connection.addEventListener("track", ({ track }) => {
    stream.addTrack(track);
    video.play().catch(() => {});
  });
  client.prepare = soundApart;
  for (const kind of ["audio", "video"]) client.connection.addTransceiver(kind, { direction: "recvonly" });
  return () => (video.srcObject = null);
});

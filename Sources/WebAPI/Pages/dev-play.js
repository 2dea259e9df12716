import { run } from "/dev/dev-page.js";

run("whep", (client) => {
  const stream = new MediaStream();
  const video = document.getElementById("video");
  video.srcObject = stream;
  client.connection.addEventListener("track", ({ track }) => {
    stream.addTrack(track);
    video.play().catch(() => {});
  });
  for (const kind of ["audio", "video"]) client.connection.addTransceiver(kind, { direction: "recvonly" });
  return () => (video.srcObject = null);
});

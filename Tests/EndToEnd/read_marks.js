// Reads the frame numbers of a video track as its frames come: window.marks[name] = [[number, Unix time in ms], …].
// Called with the name, a track, and what the strip looks like: {cells, numberBits, checkBits, checkModulus}.
(function (name, track, strip) {
  const marks = [];
  (window.marks ??= {})[name] = marks;
  const now = () => performance.timeOrigin + performance.now();

  function number(draw, width, height) {
    const rows = Math.max(4, Math.floor(height / 12));
    const canvas = (number.canvas ??= new OffscreenCanvas(width, rows));
    if (canvas.width !== width || canvas.height !== rows) Object.assign(canvas, { width, height: rows });
    const context = (number.context ??= canvas.getContext("2d", { willReadFrequently: true }));
    draw(context, width, rows);
    const row = context.getImageData(0, rows >> 1, width, 1).data;
    const bits = Array.from({ length: strip.cells }, (_, cell) => {
      const x = Math.floor(((cell + 0.5) * width) / strip.cells);
      return row[4 * x + 1] > 127 ? 1 : 0;
    });
    if (bits[0] !== 1 || bits[strip.cells - 1] !== 0) return -1;
    const value = (from, count) => bits.slice(from, from + count).reduce((sum, bit) => 2 * sum + bit, 0);
    const found = value(1, strip.numberBits);
    return found % strip.checkModulus === value(1 + strip.numberBits, strip.checkBits) ? found : -1;
  }

  async function byFrames() {
    const reader = new MediaStreamTrackProcessor({ track: track.clone(), maxBufferSize: 2 }).readable.getReader();
    for (;;) {
      const { value: frame, done } = await reader.read();
      if (done) return;
      const at = now();
      const found = number(
        (context, width, rows) => context.drawImage(frame, 0, 0, frame.displayWidth, rows, 0, 0, width, rows),
        frame.displayWidth, frame.displayHeight);
      frame.close();
      marks.push([found, at]);
    }
  }

  function byElement() {
    const video = document.createElement("video");
    Object.assign(video, { muted: true, srcObject: new MediaStream([track]) });
    video.play();
    const look = () => {
      const at = now();
      marks.push([
        number((context, width, rows) => context.drawImage(video, 0, 0, width, rows, 0, 0, width, rows),
          video.videoWidth, video.videoHeight), at]);
      video.requestVideoFrameCallback(look);
    };
    video.requestVideoFrameCallback(look);
  }

  if (window.MediaStreamTrackProcessor) byFrames();
  else byElement();
})(arguments[0], arguments[1] ?? document.getElementById("video").srcObject.getVideoTracks()[0], arguments[2]);

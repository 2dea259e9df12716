// A camera made of a canvas that shows the frame number, for browsers whose fake camera plays no file. Called with what the strip
// looks like and the rate; the microphone stays the browser's own fake one.
(function (strip, rate) {
  const original = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = async (wanted) => {
    const sound = await original({ audio: wanted.audio });
    const canvas = Object.assign(document.createElement("canvas"), { width: 640, height: 480 });
    const context = canvas.getContext("2d");
    const cell = canvas.width / strip.cells;
    let n = 0;
    const draw = () => {
      context.fillStyle = `hsl(${n % 360} 60% 50%)`;
      context.fillRect(0, 0, canvas.width, canvas.height);
      context.fillStyle = "#fff";
      context.fillRect((n * 7) % 600, 200, 40, 120);
      context.fillStyle = "#000";
      context.fillRect(0, 0, canvas.width, canvas.height / 12);
      context.fillStyle = "#fff";
      const bit = (value, count, place) => (value >> (count - 1 - place)) & 1;
      for (let place = 0; place < strip.cells - 1; place++) {
        const isWhite =
          place === 0 ||
          (place <= strip.numberBits
            ? bit(n, strip.numberBits, place - 1)
            : bit(n % strip.checkModulus, strip.checkBits, place - 1 - strip.numberBits));
        if (isWhite) context.fillRect(place * cell, 0, cell, canvas.height / 12);
      }
      n = (n + 1) % (1 << strip.numberBits);
    };
    draw();
    setInterval(draw, 1000 / rate);
    return new MediaStream([...canvas.captureStream(rate).getVideoTracks(), ...sound.getAudioTracks()]);
  };
})(arguments[0], arguments[1]);

"""The clip that publishers show: a moving picture with its frame number in a strip that survives VP8, and a beep each full second."""

import os
import subprocess

from strip import CELLS, CHECK_BITS, CHECK_MODULUS, NUMBER_BITS

WIDTH, HEIGHT, RATE, SECONDS = 640, 480, 30, 20


def _strip():
    """White, 14 bits of n, 4 bits of n mod 13, black: 20 cells over the width, a twelfth of the height."""
    cell = WIDTH // CELLS
    box = f"y=0:w={cell}:h={HEIGHT // 12}:t=fill"
    parts = [f"drawbox=x=0:y=0:w={WIDTH}:h={HEIGHT // 12}:t=fill:color=black", f"drawbox=x=0:{box}:color=white"]
    for place in range(NUMBER_BITS + CHECK_BITS):
        if place < NUMBER_BITS:
            bit = f"mod(floor(n/{2 ** (NUMBER_BITS - 1 - place)}),2)"
        else:
            bit = f"mod(floor(mod(n,{CHECK_MODULUS})/{2 ** (NUMBER_BITS + CHECK_BITS - 1 - place)}),2)"
        parts.append(f"drawbox=x={(place + 1) * cell}:{box}:color=white:enable='{bit}'")
    return ",".join(parts)


class Clip:
    """Picture as MJPEG, which Chromium's fake camera takes, and as VP8 in IVF; sound as WAV and as Opus in Ogg."""

    def __init__(self, folder):
        self.picture, self.sound, self.vp8, self.opus = (
            os.path.join(folder, "clip." + ending) for ending in ("mjpeg", "wav", "ivf", "ogg"))


def make(folder):
    made = Clip(folder)
    quiet = ["ffmpeg", "-hide_banner", "-loglevel", "error", "-y"]
    subprocess.run(
        [*quiet, "-f", "lavfi", "-i", f"testsrc2=size={WIDTH}x{HEIGHT}:rate={RATE}:duration={SECONDS}",
         "-vf", _strip() + ",format=yuvj420p", "-q:v", "4", "-f", "mjpeg", made.picture], check=True)
    subprocess.run(
        [*quiet, "-f", "lavfi", "-i",
         f"aevalsrc='0.5*sin(2*PI*880*t)*lt(mod(t,1),0.04)+0.02*sin(2*PI*220*t)':s=48000:d={SECONDS}",
         "-ac", "1", made.sound], check=True)
    subprocess.run(
        [*quiet, "-r", str(RATE), "-f", "mjpeg", "-i", made.picture, "-c:v", "libvpx", "-b:v", "1500k", "-deadline", "realtime",
         "-cpu-used", "8", "-g", "60", "-pix_fmt", "yuv420p", made.vp8], check=True)
    subprocess.run(
        [*quiet, "-i", made.sound, "-c:a", "libopus", "-b:a", "48k", "-ac", "2", "-frame_duration", "20",
         "-page_duration", "20000", made.opus], check=True)
    return made

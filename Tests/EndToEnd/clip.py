"""The clip that publishers show: a moving picture with its frame number in a strip that survives VP8, and a beep each full second."""

import os
import subprocess

WIDTH, HEIGHT, RATE, SECONDS = 640, 480, 30, 20
FRAMES = RATE * SECONDS
CELLS = 20
NUMBER_BITS, CHECK_BITS, CHECK_MODULUS = 14, 4, 13


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


def make(folder):
    """Paths of the picture (MJPEG, as Chromium's fake camera takes it) and of the sound (WAV)."""
    picture, sound = os.path.join(folder, "clip.mjpeg"), os.path.join(folder, "clip.wav")
    quiet = ["ffmpeg", "-hide_banner", "-loglevel", "error", "-y"]
    subprocess.run(
        [*quiet, "-f", "lavfi", "-i", f"testsrc2=size={WIDTH}x{HEIGHT}:rate={RATE}:duration={SECONDS}",
         "-vf", _strip() + ",format=yuvj420p", "-q:v", "4", "-f", "mjpeg", picture], check=True)
    subprocess.run(
        [*quiet, "-f", "lavfi", "-i",
         f"aevalsrc='0.5*sin(2*PI*880*t)*lt(mod(t,1),0.04)+0.02*sin(2*PI*220*t)':s=48000:d={SECONDS}",
         "-ac", "1", sound], check=True)
    return picture, sound

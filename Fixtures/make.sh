#!/bin/sh
# Makes the media fixtures of this folder again. Installs nothing; needs these Debian packages:
#   opencv-doc ffmpeg espeak-ng sox opus-tools
#
# usage: Fixtures/make.sh [OUTPUT-FOLDER]       (default: this folder)
set -eu

out=${1:-$(dirname "$0")}
source=/usr/share/doc/opencv-doc/opencv4/html
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for tool in ffmpeg espeak-ng sox opusenc zcat; do
    command -v "$tool" >/dev/null || {
        echo "make.sh: $tool is missing; install the packages named at the top of this script" >&2
        exit 1
    }
done
for clip in box cup; do
    [ -r "$source/$clip.mp4.gz" ] || {
        echo "make.sh: $source/$clip.mp4.gz is missing; install opencv-doc" >&2
        exit 1
    }
    zcat "$source/$clip.mp4.gz" >"$work/$clip.mp4"
done
mkdir -p "$out"

# Each decoded source frame becomes one frame at exactly 30 fps. Nothing is repeated or left out to keep the source's own
# time, so no two neighbouring frames are equal and a frame can be told from the one before it.
# -auto-alt-ref 0: every frame of the file is shown, so frame n is picture n.
video() { # input, filter, frames, output, encoder options…
    input=$1 filter=$2 frames=$3 output=$4
    shift 4
    ffmpeg -nostdin -v fatal -y -i "$work/$input" -an -vsync 0 -filter_complex "[0:v]$filter[v]" -map '[v]' \
        -r 30 -frames:v "$frames" -pix_fmt yuv420p -c:v libvpx -threads 1 -auto-alt-ref 0 "$@" \
        -bitexact -f ivf "$out/$output"
}

high='-deadline good -cpu-used 1 -lag-in-frames 16 -qmin 2 -qmax 40 -g 60'
video box.mp4 'setpts=N/30/TB' 360 customer.ivf $high -b:v 3000k -maxrate 6000k -bufsize 6000k
# The cup's clip has two repeated frames, which go, and 223 others: 12 s are the clip forwards, then backwards.
video cup.mp4 "select='not(eq(n,2)+eq(n,216))',setpts=N/30/TB,split[a][b];[b]reverse,trim=start_frame=1,setpts=N/30/TB[c];[a][c]concat,setpts=N/30/TB" \
    360 cup.ivf $high -b:v 1800k -maxrate 4000k -bufsize 4000k
# What a live sender makes: real-time deadline, error-resilient, one keyframe.
video box.mp4 'setpts=N/30/TB,scale=160:120:flags=area' 60 small.ivf \
    -deadline realtime -cpu-used 8 -lag-in-frames 0 -error-resilient default -g 9999 -b:v 200k -maxrate 200k -bufsize 200k

# Speech: pauses over 0.15 s are cut to that, then exactly 12 s at 48 kHz.
speech() { # voice, pitch, words a minute, serial, output, text
    espeak-ng -v "$1" -p "$2" -s "$3" -w "$work/speech.wav" "$6"
    sox -D "$work/speech.wav" "$work/tight.wav" silence -l 1 0.02 0.2% -1 0.15 0.2%
    sox -D "$work/tight.wav" -r 48000 -c 1 -b 16 "$work/clip.wav" trim 0 12 rate -v 48000 gain -n -3
    [ "$(soxi -s "$work/clip.wav")" -eq 576000 ] || {
        echo "make.sh: the text for $5 is too short for 12 s" >&2
        exit 1
    }
    opusenc --quiet --speech --bitrate 64 --comp 10 --framesize 20 --serial "$4" --discard-comments \
        "$work/clip.wav" "$out/$5"
}

speech en-gb 48 165 1 customer.ogg \
    "Hello, thanks for taking my call. I am standing in front of the heat pump in the basement, and the display has been \
blinking red since early this morning. I already switched it off and on again, but the same message comes back after about \
two minutes. Let me turn the camera a little so that you can see the label on the side. There, the serial number starts \
with seven four nine, and just below it there is a small yellow valve that I have never touched before."
speech de+f3 50 160 2 technician.ogg \
    "Guten Tag, hier ist der technische Kundendienst. Ich sehe Ihr Bild jetzt ganz deutlich, vielen Dank. Bitte gehen Sie \
noch einen kleinen Schritt näher an das Gerät heran und halten Sie die Kamera ruhig. Genau so ist es gut. Links unten \
erkennen Sie einen schwarzen Hebel neben dem Ventil. Drehen Sie ihn langsam gegen den Uhrzeigersinn, bis er einrastet, und \
warten Sie dann, bis die Anzeige wieder grün leuchtet."
speech en-us+f2 55 170 3 second.ogg \
    "Good morning, I am calling about the black bottle that came with the last delivery. When I turn it around you can see \
that the lid does not close properly on this side, and water runs out as soon as I tilt it. I would like to know whether I \
can replace the seal on my own, or whether it has to be sent back to you. Look, I am holding it up to the light now, so \
that the crack near the bottom becomes visible."

ls -l "$out"/*.ivf "$out"/*.ogg

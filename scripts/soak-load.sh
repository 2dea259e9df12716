#!/usr/bin/env bash
# Long load on one server: 200 sessions with media for ten minutes without loss and without growing memory, then 10,000
# sessions that only stand, over ICE and DTLS and with keys in the SDP. Leaves the reports in soak-out/.
# SECONDS_OF_MEDIA shortens the first one, to no less than 120.
set -euo pipefail
cd "$(dirname "$0")/.."

lens=.build/release/lens
out=soak-out
media=${SECONDS_OF_MEDIA:-600}
mkdir -p "$out"
export LENS_API_KEY=soak

server=
stop() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    [ -z "$server" ] || wait "$server" 2>/dev/null || true
    server=
}
trap stop EXIT

# Sets url.
start() {
    "$lens" serve --http 127.0.0.1:0 --media-port 0 --shards 1 >"$out/serve.log" 2>&1 &
    server=$!
    for _ in $(seq 100); do
        url=$(sed -n 's/.*http=\(127\.0\.0\.1:[0-9]*\).*/http:\/\/\1/p' "$out/serve.log" | head -1)
        [ -z "$url" ] || return 0
        sleep 0.1
    done
    cat "$out/serve.log" >&2
    return 1
}

echo "200 sessions, $media s of media"
start
"$lens" load --server "$url" --sessions 200 --duration "$media" --talkback --max-growth 1 --log-level warning \
    --report "$out/load.json"
stop

# judge REPORT KIB PERCENT: memory of a session at most, CPU time in percent of a core below.
judge() {
    python3 - "$@" <<'PYTHON'
import json, sys

relay = json.load(open(sys.argv[1]))["relay"]
kib, share = relay["bytesPerSession"] / 1024, relay["cores"] * 100
most, below = float(sys.argv[2]), float(sys.argv[3])
print(f"{kib:.1f} KiB a session (at most {most:g}), {share:.2f} % of a core (below {below:g})")
sys.exit(not (kib <= most and share < below))
PYTHON
}

echo "10,000 sessions without media over ICE and DTLS: all connected, and kept so"
start
"$lens" load --server "$url" --sessions 10000 --no-media --duration 60 --log-level warning --report "$out/connected.json"
# Forty thousand peers check their paths every five seconds.
judge "$out/connected.json" 128 50
stop

echo "10,000 sessions without media, keys in the SDP"
start
"$lens" load --server "$url" --sessions 10000 --sdes --no-media --duration 30 --log-level warning --report "$out/idle.json"
judge "$out/idle.json" 64 1

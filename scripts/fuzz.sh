#!/usr/bin/env bash
# Builds the fuzzers with libFuzzer and runs each for a while. What makes one fail is left in fuzz-out/.
#
#   scripts/fuzz.sh [NAME...]    all of them if none is named
#   LENS_FUZZ_SECONDS=60         for each
set -euo pipefail

cd "$(dirname "$0")/.."
seconds=${LENS_FUZZ_SECONDS:-60}
names=("$@")
[ ${#names[@]} -gt 0 ] || names=(STUN SDP RTP RTCP TCPFraming DTLS Shard)
swift build --package-path Fuzz -c release --sanitize fuzzer
mkdir -p fuzz-out
for name in "${names[@]}"; do
    echo "fuzz: $name for $seconds s"
    corpus=fuzz-out/corpus-$name
    mkdir -p "$corpus"
    seeds=()
    [ "$name" = SDP ] && seeds=(Fixtures/sdp)
    "Fuzz/.build/release/Fuzz$name" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=4096 -print_final_stats=1 -verbosity=0 \
        -artifact_prefix="fuzz-out/$name-" "$corpus" "${seeds[@]}" 2>&1 |
        grep -E "number_of_executed_units|ERROR|Test unit written|SUMMARY|deadly" || true
    if compgen -G "fuzz-out/$name-*" >/dev/null; then
        echo "fuzz: $name failed; run Fuzz/.build/release/Fuzz$name on the file in fuzz-out/ that is named above" >&2
        exit 1
    fi
done
echo "fuzz: nothing found"

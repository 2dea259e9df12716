#!/bin/sh
# Exact counts of the packet path against Benchmarks/thresholds.json: check, update, or functions.
#
#   LENS_EXACT_SCRATCH=DIR     where to build, Benchmarks/Exact/.build if not given
set -eu

cd "$(dirname "$0")/.."
action=${1:-check}
scratch=${LENS_EXACT_SCRATCH:-$PWD/Benchmarks/Exact/.build}
log=$(mktemp)
trap 'rm -f "$log"' EXIT
trap 'exit 130' HUP INT TERM

python3 -m unittest discover -q -s Benchmarks/Exact/tests

echo "thresholds: building" >&2
# SwiftPM looks for new files of a package that another names by path only when the latter's manifest is newer.
touch Benchmarks/Exact/Package.swift
if ! swift build --package-path Benchmarks/Exact --scratch-path "$scratch" -c release --product ExactCounts \
    > "$log" 2>&1; then
    cat "$log" >&2
    echo "thresholds: ExactCounts does not build; the lines above say why" >&2
    exit 1
fi
python3 Benchmarks/Exact/thresholds.py "$action" "$scratch/release/ExactCounts"

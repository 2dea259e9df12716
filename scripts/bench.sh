#!/bin/sh
# All benchmarks on a quiet machine: builds release, runs rounds, prints their table; times a call between two browsers, and session calls
# beside media; then compares with other relays (Benchmarks/peers) and ends with that table and the limits. Exit status 1 if a limit is missed.
#
#   LENS_BENCH_FORCE=1         goes on though the machine is not quiet
#   LENS_BENCH_ROUNDS=3        rounds; the table gives the median and the range
#   LENS_BENCH_FILTER=REGEX    only the benchmarks whose whole name matches, and no comparison
#   LENS_BENCH_SCRATCH=DIR     where to build, Benchmarks/.build if not given
#   LENS_PEERS_ROUNDS=10       rounds of the comparison; 0: none
#   LENS_PEERS_LENS=FILE       the lens to compare, .build/release/lens if not given
set -eu

cd "$(dirname "$0")/.."
rounds=${LENS_BENCH_ROUNDS:-3}
scratch=${LENS_BENCH_SCRATCH:-$PWD/Benchmarks/.build}
say() { echo "bench: $*" >&2; }

peers_rounds=${LENS_PEERS_ROUNDS:-10}
lens=${LENS_PEERS_LENS:-$PWD/.build/release/lens}
[ -n "${LENS_BENCH_FILTER:-}" ] && peers_rounds=0

case $peers_rounds in
    '' | *[!0-9]*) say "LENS_PEERS_ROUNDS is '$peers_rounds'; give a number"; exit 2 ;;
esac
case $rounds in
    '' | *[!0-9]* | 0) say "LENS_BENCH_ROUNDS is '$rounds'; give a number from 1 on"; exit 2 ;;
esac

# CPU time of all processors that was not idle, in ticks.
busy_ticks() { awk '/^cpu / { print $2 + $3 + $4 + $7 + $8 + $9 }' /proc/stat; }

# Every process with the ticks that it has used: "PID TICKS NAME".
process_ticks() {
    cat /proc/[0-9]*/stat 2>/dev/null | awk '{
        # The name stands in brackets and may hold spaces and brackets.
        open = index($0, "("); close_at = match($0, /\)[^)]*$/)
        name = substr($0, open + 1, close_at - open - 1)
        split(substr($0, close_at + 2), field, " ")
        gsub(/[ \t]/, "_", name)
        print substr($0, 1, open - 2), field[12] + field[13], name
    }'
}

# Others may use less than a third of one core, over some seconds.
check_quiet() {
    seconds=5
    ticks=$(getconf CLK_TCK)
    before=$(mktemp) after=$(mktemp)
    process_ticks > "$before"
    busy_before=$(busy_ticks)
    sleep "$seconds"
    busy_after=$(busy_ticks)
    process_ticks > "$after"
    share=$(((busy_after - busy_before) * 100 / (ticks * seconds)))
    disturbing=$(awk -v span=$((ticks * seconds)) '
        NR == FNR { used[$1] = $2; next }
        { ticks = $2 - used[$1]; sum[$3] += ticks; if (ticks > 0) { count[$3]++; last[$3] = $1 } }
        END {
            for (name in sum) {
                share = sum[name] * 100 / span
                if (share < 2) continue
                who = count[name] == 1 ? "process " last[name] : count[name] " processes"
                printf "%d%% %s (%s)\n", share, name, who
            }
        }
    ' "$before" "$after" | sort -rn | head -5 | paste -sd ';' | sed 's/;/; /g')
    rm -f "$before" "$after"
    [ "$share" -lt 33 ] && return 0
    say "the machine is not quiet: $share% of a core is in use: ${disturbing:-nobody longer than a moment}"
    if [ "${LENS_BENCH_FORCE:-0}" = 1 ]; then
        say "going on all the same; these figures compare with nothing"
        return 0
    fi
    say "end or wait for these processes and run again, or set LENS_BENCH_FORCE=1 to measure all the same"
    exit 2
}

check_quiet

say "building"
log=$(mktemp)
results=$(mktemp -d)
trap 'rm -rf "$log" "$results"' EXIT
trap 'exit 130' HUP INT TERM
if ! swift build --package-path Benchmarks --scratch-path "$scratch" -c release > "$log" 2>&1; then
    cat "$log" >&2
    say "the benchmarks do not build; the lines above say why"
    exit 1
fi

# Building heats the machine up and leaves writes behind.
check_quiet

round=1
while [ "$round" -le "$rounds" ]; do
    say "round $round of $rounds"
    mkdir "$results/$round"
    set -- --format jmh --path "$results/$round" --no-progress
    [ -n "${LENS_BENCH_FILTER:-}" ] && set -- "$@" --filter "$LENS_BENCH_FILTER"
    if ! swift package --package-path Benchmarks --scratch-path "$scratch" --disable-sandbox \
        --allow-writing-to-directory "$results" benchmark "$@" > "$log" 2>&1; then
        cat "$log" >&2
        say "a benchmark failed; the lines above say which"
        exit 1
    fi
    if [ ! -s "$results/$round/Current_run.jmh.json" ]; then
        cat "$log" >&2
        say "round $round left no results; LENS_BENCH_FILTER must match a whole name"
        exit 1
    fi
    round=$((round + 1))
done

"$scratch/release/BenchTable" "$results"/*/Current_run.jmh.json

status=0
if [ -z "${LENS_BENCH_FILTER:-}" ]; then
    say "allocations of the whole process"
    python3 Benchmarks/Exact/process_allocations.py "$lens" 2> "$log" || { status=1; tail -20 "$log" >&2; }
    say "a call between two browsers"
    LENS_PROGRAM="$lens" scripts/end-to-end.sh Tests/EndToEnd/timing.py -s || status=1
    say "session calls beside media, and with 100,000 sessions stored"
    LENS_PROGRAM="$lens" python3 Benchmarks/service/run.py || status=1
fi

[ "$peers_rounds" -eq 0 ] && exit "$status"
set -- --rounds "$peers_rounds" --lens "$lens"
[ "${LENS_BENCH_FORCE:-0}" = 1 ] && set -- "$@" --force
Benchmarks/peers/run.py "$@" || status=$?
exit "$status"

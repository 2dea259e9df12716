"""The table, the verdicts, and the pages of docs/ that show them."""

import pathlib
import sys

import contenders
import loads
import plot
import verdicts
from figures import Results

DOCS = pathlib.Path(__file__).resolve().parents[2] / "docs"
PAGE, PICTURE = DOCS / "performance.md", DOCS / "performance-peers.svg"
IDLE = {True: "Idle processors were kept from halting, for every relay alike.", False: "Idle processors halted."}
BEGIN, END = "<!-- peers:begin -->", "<!-- peers:end -->"


def one_line(run):
    text = f"{run['load_name']:18} {run['contender']:17}"
    if run["load"] == "search":
        return f"{text} {run['loss_free_pps']:,.0f} packets/s without loss ({run['limited_by']} stops), {run['bad']} bad"
    text += f" {run['cpu_ns_per_packet']:6,.0f} ns, {run['received_pps']:8,.0f}/s, relay {run['relay_cpu_percent']:.0f} %, "
    text += f"p50 {run['p50_us']:,.0f} p99 {run['p99_us']:,.0f} us, lost {run['lost']:,}, bad {run['bad']}"
    if run.get("takes", 1) > 1:
        text += f", take of {run['takes']} with the least steal ({run['steal_percent']:.1f} %)"
    if run["load"] == "overload":
        during = run["during"]
        text += f"; audio lost {during['audio_lost']:,} of {during['audio_sent']:,}, frames shed {during['frames_shed']:,} cut "
        text += f"{during['frames_cut']:,} of {during['frames']:,}, loss-free after {run['loss_free_after_ms']:.0f} ms"
    return text


def markdown(header, rows):
    right = ["---" if i == 0 else "---:" for i in range(len(header))]
    return ["| " + " | ".join(row) + " |" for row in (header, right, *rows)]


def steady_table(results, load):
    reference = results.of(load.name, "rtpengine")
    rows = []
    for name in load.contenders:
        figures = results.of(load.name, name)
        if not figures:
            continue
        cpu = figures.median("cpu_ns_per_packet")
        low, high = figures.range("cpu_ns_per_packet")
        row = [contenders.BY_NAME[name].title, str(len(figures.runs)), f"{cpu:,.0f}", f"{low:,.0f}–{high:,.0f}"]
        row.append(f"{cpu / reference.median('cpu_ns_per_packet'):.2f}" if reference else "–")
        row.append(f"{figures.median('received_pps') / 1000:,.0f}")
        row.append(f"{figures.median('relay_cpu_percent'):.0f}")
        row += [f"{figures.percentile(0.5):,.0f}", f"{figures.percentile(0.99):,.0f}"] if "paced" in load.options else ["–", "–"]
        row.append(f"{figures.sum('lost'):,}")
        rows.append(row)
    header = ["relay", "runs", "ns a packet", "range", "× rtpengine", "1,000 packets/s", "CPU %", "p50 µs", "p99 µs", "lost"]
    return markdown(header, rows) if rows else []


def search_table(results, load):
    rows = []
    for name in load.contenders:
        figures = results.of(load.name, name)
        if figures:
            low, high = figures.range("loss_free_pps")
            stops = sorted(set(figures.values("limited_by")))
            rows.append([
                contenders.BY_NAME[name].title, str(len(figures.runs)), f"{figures.median('loss_free_pps'):,.0f}",
                f"{low:,.0f}–{high:,.0f}", f"{figures.median('relay_cpu_percent'):.0f}", " or ".join(stops),
            ])
    header = ["relay", "runs", "packets/s without loss", "range", "CPU % there", "stopped by"]
    return markdown(header, rows) if rows else []


def overload_table(results, load):
    rows = []
    for name in load.contenders:
        for run in results.of(load.name, name).runs:
            during = run["during"]
            share = lambda lost, sent: f"{100 * during[lost] / max(1, during[sent]):.2f} %"
            rows.append([
                contenders.BY_NAME[name].title, f"{run['sent_pps']:,.0f}", f"{run['received_pps']:,.0f}",
                share("audio_lost", "audio_sent"), share("frames_shed", "frames"), share("frames_cut", "frames"),
                f"{run['loss_free_after_ms']:.0f} ms",
            ])
    header = ["relay", "packets/s in", "out", "audio lost", "frames shed whole", "frames cut", "loss-free again after"]
    return markdown(header, rows) if rows else []


def tables(results):
    lines = []
    for load in loads.ALL:
        if load.name.startswith("ramp-"):
            continue
        make = {"loss-free": search_table, "chromium-loss-free": search_table, "overload": overload_table}
        table = make.get(load.name, steady_table)(results, load)
        if table:
            lines += [f"**{load.title}**", "", *table, ""]
    return lines


def verdict_table(found):
    return markdown(["limit", "must be", "is", ""], [[v.what, v.limit, v.value, v.outcome] for v in found])


def disturbed(results):
    """Runs in which others worked on the relay's core, or the hypervisor took time away."""
    runs = [run for run in results.all["runs"] if "relay_core_percent" in run]
    beside = [run for run in runs if run["relay_core_percent"] - run["relay_cpu_percent"] > 10 or run["steal_percent"] > 5]
    return len(beside), len(runs), sum(run.get("takes", 1) - 1 for run in runs)


def page(results, found):
    facts = results.all["machine"]
    count, total, again = disturbed(results)
    lines = [
        BEGIN, "",
        f"{results.all['date']}, {facts.get('processor', '')}, {facts['cores']} cores, Linux {facts['kernel']}; "
        f"{results.all['rounds']} alternating rounds, medians, histograms pooled. "
        f"{IDLE[results.all.get('awake', False)]} "
        f"{again} runs were taken again because the hypervisor disturbed them; {count} of the {total} that count were disturbed still.",
        "", "![CPU per packet and p99 over load](performance-peers.svg)", "",
        *tables(results), "**Limits**", "", *verdict_table(found), "", END,
    ]
    return "\n".join(lines)


def write_docs(results, found):
    text = PAGE.read_text()
    if BEGIN not in text or END not in text:
        raise RuntimeError(f"{PAGE} has no {BEGIN} and {END}")
    before, rest = text.split(BEGIN, 1)
    PAGE.write_text(before + page(results, found) + rest.split(END, 1)[1])
    PICTURE.write_text(plot.picture(results))
    print(f"peers: wrote {PAGE} and {PICTURE}", file=sys.stderr)


def finish(raw, docs):
    """Prints the tables; 1 if a limit is missed, a run failed, or a whole comparison left a limit unmeasured."""
    results = Results(raw)
    found = verdicts.judge(results)
    print("\n".join(tables(results)))
    print("\n".join(verdict_table(found)))
    for failure in raw["failures"]:
        print(f"FAILED: round {failure['round'] + 1} {failure['load_name']} {failure['contender']}: {failure['error']}")
    count, total, again = disturbed(results)
    print(f"\n{count} of {total} runs were disturbed by other work on the relay's core or by the hypervisor; {again} were taken again.")
    if not raw["quiet"]:
        print("The machine was NOT QUIET: these figures compare with nothing.")
    if docs:
        write_docs(results, found)
    missed = any(verdict.outcome == "MISSED" for verdict in found)
    absent = raw["complete"] and any(verdict.outcome == "not measured" for verdict in found)
    return 1 if missed or absent or raw["failures"] else 0

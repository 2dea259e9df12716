#!/usr/bin/env python3
"""Holds exact figures against Benchmarks/thresholds.json.

  thresholds.py check PROGRAM          measures and compares; exit 1 if a figure is not what the file says
  thresholds.py update PROGRAM         measures and writes the file anew, for a commit that says why
  thresholds.py functions PROGRAM      our own functions by instructions per packet
"""

import argparse
import json
import os
import platform
import re
import subprocess
import sys

import measure

SCHEMA = "lens.thresholds/1"
ANYWHERE = "anywhere"
FILE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "thresholds.json")

# Unit, tolerance, and whether a figure depends on compiler and processor.
KINDS = {
    "instructions": ("of our own code per packet", {"relative": 0.02}, True),
    "retains and releases": ("per 1,000 packets", {"absolute": 0}, False),
    "exclusivity checks": ("per 1,000 packets", {"absolute": 0}, False),
    "allocations": ("per 1,000 packets", {"absolute": 0}, False),
    "system calls": ("per 1,000 packets", {"absolute": 0}, False),
    "messages sent": ("per 1,000 packets", {"absolute": 0}, False),
}


class ThresholdError(Exception):
    """The file cannot be used, and what to do."""


def toolchain():
    """The compiler and the processor that figures of our own instructions belong to."""
    printed = subprocess.run(["swift", "--version"], capture_output=True, text=True, check=True).stdout
    version = re.search(r"Swift version ([\w.]+(?:-dev)?)", printed)
    if not version:
        raise ThresholdError(f"'swift --version' names no version: {printed.strip()}")
    return f"Swift {version.group(1)}, {platform.machine()}"


def load(path):
    try:
        with open(path, encoding="utf-8") as file:
            document = json.load(file)
    except (OSError, ValueError) as error:
        raise ThresholdError(f"{path} cannot be read: {error}") from error
    if document.get("schema") != SCHEMA:
        raise ThresholdError(f"{path} has the schema '{document.get('schema')}', this script knows '{SCHEMA}'")
    return document


def allowance(entry, value):
    """How far from `value` a figure may lie."""
    tolerance = entry["tolerance"]
    if set(tolerance) == {"relative"}:
        return value * tolerance["relative"]
    if set(tolerance) == {"absolute"}:
        return tolerance["absolute"]
    raise ThresholdError(f"'{entry['name']}' needs either a relative or an absolute tolerance")


def verdict(entry, measured, key):
    """A row of the table: threshold, verdict, and whether it is good."""
    values = entry["values"]
    value = values.get(ANYWHERE, values.get(key))
    if value is None:
        return "none", f"not recorded for {key}", False
    allowed = allowance(entry, value)
    shown = f"{value:.3f}" + (f" ± {allowed:.3f}" if allowed else "")
    if measured is None:
        return shown, "not measured", False
    # Rounding to what the file holds is no difference.
    if measured > value + allowed + 0.0006:
        return shown, "OVER", False
    if measured < value - allowed - 0.0006:
        return shown, "better than recorded", False
    return shown, "ok", True


def compare(document, measured, key):
    """The table's rows (figure, measured, threshold, verdict), and what to do about the bad ones."""
    rows, advice = [], []
    known = set()
    for entry in document["figures"]:
        name = entry["name"]
        known.add(name)
        value = measured.get(name)
        threshold, text, good = verdict(entry, value, key)
        rows.append((f"{name} {entry['unit']}", "–" if value is None else f"{value:.3f}", threshold, text))
        if not good:
            advice.append(f"{name}: {text}")
    for name in sorted(set(measured) - known):
        rows.append((name, f"{measured[name]:.3f}", "none", "not recorded"))
        advice.append(f"{name}: not recorded")
    return rows, advice


def renewed(document, measured, key):
    """The document with what was measured; values of other compilers and processors stay."""
    old = {entry["name"]: entry for entry in document.get("figures", [])}
    figures = []
    for name, value in measured.items():
        kind = name.split("/")[0]
        unit, tolerance, depends = KINDS[kind]
        entry = old.get(name, {})
        values = dict(entry.get("values", {})) if depends else {}
        values[key if depends else ANYWHERE] = round(value, 3)
        figures.append(
            {"name": name, "unit": unit, "tolerance": entry.get("tolerance", tolerance), "values": dict(sorted(values.items()))}
        )
    return {"schema": SCHEMA, "figures": figures}


def table(rows):
    head = ("figure", "measured", "threshold", "verdict")
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(4)]
    def line(row):
        return f"{row[0]:<{widths[0]}}  {row[1]:>{widths[1]}}  {row[2]:>{widths[2]}}  {row[3]}"
    return "\n".join([line(head), *(line(row) for row in rows)])


NEXT_STEPS = """
A figure over its threshold is to be brought down; one that is better, or that is not recorded for this compiler and
processor, is to be recorded: 'make thresholds-update' measures again and writes Benchmarks/thresholds.json. Look at the
change, and commit it with its cause. 'make thresholds-functions' shows where the instructions go."""


def check(arguments):
    document = load(arguments.file)
    figures, notes = measure.everything(arguments.program, say)
    key = toolchain()
    rows, advice = compare(document, figures, key)
    print(table(rows))
    print("\nNot held by thresholds:\n" + "\n".join(notes))
    if not advice:
        return 0
    print(f"\nthresholds: {len(advice)} of {len(rows)} figures are not what {os.path.relpath(arguments.file)} says ({key}):")
    print("\n".join(f"  {line}" for line in advice) + NEXT_STEPS)
    return 1


def update(arguments):
    document = load(arguments.file) if os.path.exists(arguments.file) else {}
    figures, _ = measure.everything(arguments.program, say)
    key = toolchain()
    after = renewed(document, figures, key)
    if document:
        print(table([row for row in compare(document, figures, key)[0] if row[3] != "ok"]))
    with open(arguments.file, "w", encoding="utf-8") as file:
        json.dump(after, file, indent=2, ensure_ascii=False)
        file.write("\n")
    return 0


def functions(arguments):
    for run in measure.CORE_RUNS[:1]:
        print(f"{run[0]}: instructions per packet\n" + "\n".join(measure.by_function(arguments.program, run)))
    return 0


def say(text):
    print(f"thresholds: {text}", file=sys.stderr, flush=True)


def main(argv):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=["check", "update", "functions"])
    parser.add_argument("program", help="the ExactCounts program, built for release")
    parser.add_argument("--file", default=FILE)
    arguments = parser.parse_args(argv)
    try:
        return {"check": check, "update": update, "functions": functions}[arguments.action](arguments)
    except (ThresholdError, measure.CountingError) as error:
        say(str(error))
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

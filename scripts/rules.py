#!/usr/bin/env python3
"""Keeps docs/rules.md true: for each rule, the tests whose names name it (`S44_…`, `D3_…`).

  rules.py           writes the tests into the page
  rules.py --check   exits 1 if the page is not what the tests say, a rule has no test, or a test names a rule that is not there
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/rules.md"
TEST = re.compile(r"(?:func |def test_)((?:[SD]\d+_)+)(\w+)")
ROW = re.compile(r"^\| ((?:[SD]\d+)(?:, [SD]\d+)*) \| (.*?) \| ?(.*?) ?\|$")


def tests_by_rule():
    found = {}
    files = [*ROOT.glob("Tests/**/*.swift"), *ROOT.glob("Tests/EndToEnd/test_*.py")]
    for file in sorted(files):
        for tags, rest in TEST.findall(file.read_text()):
            for rule in tags.strip("_").split("_"):
                found.setdefault(rule, []).append((file.relative_to(ROOT), tags + rest))
    return found


def shown(tests):
    """The files, each with how many of its tests name the rule."""
    counts = {}
    for file, name in tests:
        counts.setdefault(file, []).append(name)
    return ", ".join(
        f"[{file.stem}](../{file})" + (f" ({len(names)})" if len(names) > 1 else "") for file, names in counts.items())


def main():
    found, lines, faults, listed = tests_by_rule(), [], [], set()
    for line in PAGE.read_text().splitlines():
        row = ROW.match(line)
        if row:
            rules = row[1].split(", ")
            listed.update(rules)
            tests = [test for rule in rules for test in found.get(rule, [])]
            faults += [f"no test names {rule}" for rule in rules if not found.get(rule)]
            line = f"| {row[1]} | {row[2]} | {shown(dict.fromkeys(tests))} |"
        lines.append(line)
    for rule in sorted(set(found) - listed):
        faults.append(f"{found[rule][0][0]} names {rule}, which docs/rules.md does not have")
    text = "\n".join(lines) + "\n"
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(text)
    elif text != PAGE.read_text():
        faults.append("docs/rules.md is not up to date; scripts/rules.py writes it")
    for fault in faults:
        print(f"rules: {fault}", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())

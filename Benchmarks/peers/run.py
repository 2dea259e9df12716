#!/usr/bin/env python3
"""Compares lens serve with other relays on the same traffic, in alternating rounds. README.md says more.

  run.py                                all of it, ten rounds; writes docs/performance.md and docs/performance-peers.svg
  run.py --quick                        two rounds of the two main loads against C and rtpengine; writes nothing
  run.py --only lens,c-gso --loads gcm-flat,ramp --rounds 3
  run.py --report                       the table and the verdicts of the last run again

Exit status: 0, or 1 if a limit is missed, 2 if nothing can be measured.
"""

import argparse
import contextlib
import json
import os
import subprocess
import sys
import time

import contenders
import loads
import machine
import overload
import report

RESULTS = contenders.BUILD / "results.json"
# Where the hypervisor takes more than this from the two cores, in percent of one, it decides the p99. Such a run is taken again if
# the load is judged by its delays, whoever's run it is, and the take that was disturbed least counts.
QUIET_STEAL = 1


def say(text):
    print(f"peers: {text}", file=sys.stderr, flush=True)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--only", default="", help="contenders, with commas: " + ", ".join(contenders.BY_NAME))
    parser.add_argument("--loads", default="", help="loads, with commas; a beginning such as 'ramp' stands for all of them")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--lens", default=str(contenders.HERE.parents[1] / ".build/release/lens"))
    parser.add_argument("--no-real-time", action="store_true", help="normal scheduling: rough figures, kinder to the machine")
    parser.add_argument("--let-halt", action="store_true", help="let idle processors halt: figures of a machine left as it is")
    parser.add_argument("--force", action="store_true", help="measure though the machine is not quiet")
    parser.add_argument("--no-docs", action="store_true", help="do not write docs/")
    parser.add_argument("--report", action="store_true")
    return parser.parse_args()


def chosen(options):
    names = [name for name in options.only.split(",") if name]
    wanted = [name for name in options.loads.split(",") if name]
    if options.quick:
        names = names or ["c-mmsg", "c-gso", "lens", "rtpengine"]
        wanted = wanted or list(loads.QUICK)
        options.rounds = min(options.rounds, 2)
    for name in names:
        if name not in contenders.BY_NAME:
            sys.exit(f"peers: no contender '{name}'; there are {', '.join(contenders.BY_NAME)}")
    for name in wanted:
        if not any(loads.matches(load, name) for load in loads.ALL):
            sys.exit(f"peers: no load '{name}'; there are {', '.join(loads.BY_NAME)}")
    names = names or list(contenders.BY_NAME)
    picked = [load for load in loads.ALL if not wanted or any(loads.matches(load, name) for name in wanted)]
    return names, picked


def is_due(round_index, rounds, share):
    """Whether a load with a share of the rounds runs in this one: at least once, evenly spread."""
    times = max(1, round(rounds * share))
    return (round_index * times) // rounds != ((round_index - 1) * times) // rounds or round_index == 0


class Comparison:
    def __init__(self, options, names):
        self.options, self.names = options, names
        self.real_time = not options.no_real_time and machine.may_use_real_time()
        self.awake = False
        self.runs, self.failures = [], []
        self.left_out = {}
        setting = contenders.Setting(lens=options.lens)
        for name in names:
            reason = contenders.BY_NAME[name].missing(setting)
            if reason:
                say(f"{name} is left out: {reason}")
                self.left_out[name] = reason

    def last(self, load, contender, value):
        for run in reversed(self.runs):
            if (run["load_name"], run["contender"]) == (load, contender):
                return run[value]
        return None

    def loss_free(self, contender):
        return self.last("loss-free", contender.name, "loss_free_pps") or contender.search_from

    def blast_options(self, load, contender):
        if load.name == "overload":
            return overload.blast_options(self.loss_free(contender))
        extra = []
        if "flat" in load.options:
            extra = ["--cap", str(contender.cap)]
        if "search" in load.options:
            known = self.last(load.name, contender.name, "loss_free_pps")
            extra = ["--rate", str(int(known or contender.search_from))]
        return [*load.options, *extra]

    def skip(self, load, contender):
        """The ramp ends for a contender where a lower rate was too much for it."""
        if not load.name.startswith("ramp-"):
            return False
        rate = int(load.name.split("-")[1])
        for run in self.runs:
            if run["contender"] == contender.name and run["load_name"].startswith("ramp-"):
                too_much = run["lost"] > 0 or run["relay_cpu_percent"] > 93 or run["behind"] > 2000
                if too_much and int(run["load_name"].split("-")[1]) < rate:
                    return True
        return False

    def run(self, round_index, load, contender):
        real_time = self.real_time and load.real_time
        preferred = self.real_time and not real_time
        setting = contenders.Setting(load.calls, load.suite, real_time, self.options.lens, preferred)
        with machine.unthrottled(self.real_time), contender.run(setting) as relay:
            command = [
                contenders.BLAST, relay.streams, "--pid", str(relay.pid), "--label", contender.name,
                *self.blast_options(load, contender),
            ]
            output, errors = contenders.BUILD / "blast.out", contenders.BUILD / "blast.log"
            with open(output, "wb") as out, open(errors, "wb") as log:
                generator = machine.start(
                    command, machine.GENERATOR_CORE, self.real_time, cwd=contenders.HERE, stdout=out, stderr=log
                )
            try:
                beside = overload.watch(generator, relay) if load.name == "overload" else {}
                generator.wait(timeout=300)
            finally:
                machine.stop(generator)
        if generator.returncode != 0:
            raise RuntimeError(f"blast: {errors.read_text(errors='replace')[-400:]}")
        result = {**json.loads(output.read_text()), **beside, "round": round_index, "load_name": load.name}
        result["contender"] = contender.name
        if load.name == "overload":
            result["loss_free_pps"] = self.loss_free(contender)
        result["real_time"] = real_time
        return result

    def quietest_run(self, round_index, load, contender):
        """What was measured while the hypervisor disturbed least."""
        takes = []
        while len(takes) < load.takes:
            takes.append(self.run(round_index, load, contender))
            if takes[-1].get("steal_percent", 0) <= QUIET_STEAL:
                break
        result = min(takes, key=lambda take: take.get("steal_percent", 0))
        result["takes"] = len(takes)
        self.runs.append(result)
        return result

    def take_turn(self, round_index, rounds, load, names):
        """Each of them once, another one first in each round."""
        names = [name for name in names if name in self.names and name not in self.left_out]
        first = round_index % len(names) if names else 0
        for name in names[first:] + names[:first]:
            contender = contenders.BY_NAME[name]
            if name in load.seldom and not is_due(round_index, rounds, 3 / rounds):
                continue
            if self.skip(load, contender):
                continue
            try:
                say(f"round {round_index + 1}: {report.one_line(self.quietest_run(round_index, load, contender))}")
            except Exception as error:  # one relay's failure must not cost the others' figures
                say(f"round {round_index + 1}: {load.name} {name} FAILED: {error}")
                self.failures.append({"round": round_index, "load_name": load.name, "contender": name,
                                      "error": str(error)})

    def go(self, picked, rounds):
        with contextlib.nullcontext(False) if self.options.let_halt else machine.awake() as self.awake:
            for round_index in range(rounds):
                began = time.monotonic()
                for load in picked:
                    if not is_due(round_index, rounds, load.share):
                        continue
                    for turn in range(load.turns):
                        self.take_turn(round_index, rounds, load, load.close if turn else load.contenders)
                say(f"round {round_index + 1} of {rounds} took {time.monotonic() - began:.0f} s")


def check_quiet(force):
    busy, steal = machine.disturbance()
    if busy < 33 and steal < 3:
        return True
    say(f"the machine is NOT QUIET: others use {busy:.0f} % of a core, the hypervisor takes {steal:.0f} %")
    if not force:
        say("end or wait for what runs, or measure all the same with --force")
        sys.exit(2)
    say("going on all the same; these figures compare with nothing")
    return False


def finish(results, options):
    """docs/ show only whole runs of a quiet machine."""
    return report.finish(results, docs=results["complete"] and results["quiet"] and not options.no_docs)


def main():
    options = arguments()
    contenders.BUILD.mkdir(exist_ok=True)
    if options.report:
        return finish(json.loads(RESULTS.read_text()), options)
    if os.cpu_count() < 2:
        sys.exit("peers: two cores are needed, one for the relay and one for the generator")
    names, picked = chosen(options)
    complete = picked == loads.ALL and names == list(contenders.BY_NAME) and options.rounds >= 10
    subprocess.run(["make", "-s", "-C", contenders.HERE], check=True)
    if not os.access(options.lens, os.X_OK):
        say(f"no {options.lens}; make build makes it")
        sys.exit(2)
    contenders.allow_many_sockets()
    quiet = check_quiet(options.force)
    comparison = Comparison(options, names)
    if not comparison.real_time:
        say("normal scheduling: other processes disturb more (a real-time class needs root)")
    try:
        comparison.go(picked, options.rounds)
    except KeyboardInterrupt:
        say("interrupted; what was measured is kept")
        complete = False
    results = {
        "machine": machine.description(), "quiet": quiet, "real_time": comparison.real_time,
        "awake": comparison.awake, "rounds": options.rounds,
        "date": time.strftime("%Y-%m-%d"), "complete": complete,
        "left_out": comparison.left_out, "failures": comparison.failures, "runs": comparison.runs,
    }
    RESULTS.write_text(json.dumps(results))
    return finish(results, options)


if __name__ == "__main__":
    sys.exit(main())

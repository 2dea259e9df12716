"""The limits that the comparison judges. A limit without figures counts as not measured, which is no pass."""

import dataclasses

PEERS = ("rtpengine", "janus", "gstreamer")


@dataclasses.dataclass
class Verdict:
    what: str
    limit: str
    value: str
    outcome: str  # ok, MISSED, not measured


class Judge:
    def __init__(self, results):
        self.results = results
        self.verdicts = []

    def add(self, what, limit, value, good):
        self.verdicts.append(Verdict(what, limit, value, "ok" if good else "MISSED"))

    def absent(self, what, limit):
        self.verdicts.append(Verdict(what, limit, "–", "not measured"))

    def ratio(self, what, load, ours, theirs, most, of=lambda figures: figures.median("cpu_ns_per_packet"), least=None):
        """Ours ÷ theirs at most (or at least) the limit."""
        limit = f"≥ {least:g}" if least else f"≤ {most:.2f}"
        one, other = self.results.of(load, ours), self.results.of(load, theirs)
        if not one or not other or not of(other):
            return self.absent(what, limit)
        value = of(one) / of(other)
        self.add(what, limit, f"{value:.2f}", value >= least if least else value <= most)

    def flat(self):
        load = "gcm-flat"
        self.ratio("GCM flat: CPU, OpenSSL no offload ÷ C recvmmsg/sendmmsg", load, "lens-openssl", "c-mmsg", 1.15)
        self.ratio("GCM flat: CPU, OpenSSL GSO ÷ C GSO", load, "lens-openssl-gso", "c-gso", 1.15)
        self.ratio("GCM flat: CPU, lens serve ÷ C GSO", load, "lens", "c-gso", 0.90)
        self.ratio("GCM flat: CPU, lens serve ÷ rtpengine", load, "lens", "rtpengine", 0.25)
        self.ratio("CM-80 flat: CPU, lens serve ÷ C GSO", "cm80-flat", "lens", "c-gso", 0.85)
        self.ratio("CM-80 flat: CPU, lens serve ÷ rtpengine", "cm80-flat", "lens", "rtpengine", 0.25)

    def paced(self):
        load = "gcm-20k"
        self.ratio("GCM 20,000/s: CPU, lens serve ÷ C recvmmsg/sendmmsg", load, "lens", "c-mmsg", 0.80)
        self.ratio("GCM 20,000/s: CPU, lens serve ÷ rtpengine", load, "lens", "rtpengine", 0.40)
        for name, share in (("p50", 0.5), ("p99", 0.99)):
            at = lambda figures, share=share: figures.percentile(share)
            self.ratio(f"GCM 20,000/s: {name}, lens serve ÷ C recvmmsg/sendmmsg", load, "lens", "c-mmsg", 1.2, at)
            self.ratio(f"GCM 20,000/s: {name}, lens serve ÷ rtpengine", load, "lens", "rtpengine", 1.0, at)

    def loss_free(self):
        rate = lambda figures: figures.median("loss_free_pps")
        load = "loss-free"
        self.ratio("Loss-free rate: lens serve ÷ C recvmmsg/sendmmsg", load, "lens", "c-mmsg", None, rate, least=1.2)
        measured = [name for name in PEERS if self.results.of(load, name)]
        best = max(measured, key=lambda name: rate(self.results.of(load, name)), default=None)
        what = f"Loss-free rate: lens serve ÷ best of {', '.join(PEERS)}"
        if len(measured) < len(PEERS):
            self.absent(what, "≥ 3")
        else:
            self.ratio(f"{what} ({best})", load, "lens", best, None, rate, least=3)

    def sessions(self):
        few, many = self.results.of("sessions-10", "lens"), self.results.of("sessions-1000", "lens")
        what = "CPU with 1,000 sessions ÷ with 10, 20,000/s"
        if not few or not many:
            return self.absent(what, "≤ 1.20")
        growth = many.median("cpu_ns_per_packet") / few.median("cpu_ns_per_packet")
        beside = []
        for name in ("c-mmsg", "c-gso"):
            few, many = self.results.of("sessions-10", name), self.results.of("sessions-1000", name)
            if few and many:
                beside.append(f"{name} {many.median('cpu_ns_per_packet') / few.median('cpu_ns_per_packet'):.2f}")
        self.add(what, "≤ 1.20", f"{growth:.2f}" + (f" ({', '.join(beside)})" if beside else ""), growth <= 1.2)

    def overload(self, name, title, must_reach):
        """A relay that the generator cannot bring to half again is judged at what it was brought to."""
        over = f"1.5 × loss-free rate, 10 s, {title}: "
        runs = self.results.of("overload", name).runs
        rows = ("audio loss", "≤ 1 %"), ("loss-free again after", "≤ 1,000 ms"), ("newcomers", "503, Retry-After")
        if not runs:
            for what, limit in rows:
                self.absent(over + what, limit)
            return
        reached = [run["sent_pps"] / run["loss_free_pps"] for run in runs]
        least = "≥ 1.45" if must_reach else "–"
        seen = f"{min(reached):.2f}"
        self.add(over + "load that the generator reached, worst run", least, seen, not must_reach or min(reached) >= 1.45)
        worst = max(100 * run["during"]["audio_lost"] / max(1, run["during"]["audio_sent"]) for run in runs)
        self.add(over + "audio loss, worst run", "≤ 1 %", f"{worst:.2f} %", worst <= 1)
        cut = max(100 * run["during"]["frames_cut"] / max(1, run["during"]["frames"]) for run in runs)
        self.add(over + "video frames cut, not shed whole, worst run", "≤ 1 %", f"{cut:.2f} %", cut <= 1)
        back = max(run["loss_free_after_ms"] for run in runs)
        self.add(over + "loss-free again after, worst run", "≤ 1,000 ms", f"{back:.0f} ms", back <= 1000)
        refusals = [run.get("newcomers", {}) for run in runs]
        good = all(answer.get("refused_status") == 503 and answer.get("retry_after") for answer in refusals)
        seen = ", ".join(sorted({str(answer.get("refused_status", "never refused")) for answer in refusals}))
        self.add(over + "newcomers", "503, Retry-After", seen, good)

    def integrity(self):
        """Whatever came out was what went in, authenticated and compared."""
        runs = [run for run in self.results.all["runs"] if run["contender"].startswith("lens")]
        if not runs:
            return
        wrong = sum(run["bad"] + run["unknown"] + run.get("duplicates", 0) for run in runs)
        checked = sum(run["checked"] for run in runs)
        self.add(f"Packets wrong, unknown or twice, of {checked:,} checked", "0", f"{wrong:,}", wrong == 0)
        steady = [run for run in runs if run["load_name"] in ("gcm-20k", "gcm-20k-even", "sessions-10", "sessions-1000")]
        lost = sum(run["lost"] for run in steady)
        if steady:
            self.add(f"Packets lost at 20,000/s, of {sum(run['sent'] for run in steady):,}", "0", f"{lost:,}", lost == 0)


def judge(results):
    judge = Judge(results)
    judge.flat()
    judge.paced()
    judge.loss_free()
    judge.sessions()
    judge.overload("lens", "lens serve", must_reach=False)
    judge.overload("lens-openssl", "OpenSSL, no offload", must_reach=True)
    judge.integrity()
    return judge.verdicts

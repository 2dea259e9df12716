"""Medians and pooled histograms of the runs of one contender under one load."""

import statistics


class Figures:
    def __init__(self, runs):
        self.runs = runs

    def __bool__(self):
        return bool(self.runs)

    def values(self, name):
        return [run[name] for run in self.runs]

    def median(self, name):
        return statistics.median(self.values(name))

    def range(self, name):
        return min(self.values(name)), max(self.values(name))

    def sum(self, name):
        return sum(run.get(name, 0) for run in self.runs)

    def pooled(self):
        pool = {}
        for run in self.runs:
            for lowest, count in run["histogram"]:
                pool[lowest] = pool.get(lowest, 0) + count
        return sorted(pool.items())

    def percentile(self, share):
        """Microseconds, of the histograms of all rounds together."""
        pool = self.pooled()
        wanted = share * sum(count for _, count in pool)
        seen = 0
        for lowest, count in pool:
            if seen + count > wanted:
                width = 1 << max(0, lowest.bit_length() - 7)
                return (lowest + width * (wanted - seen) / count) / 1000
            seen += count
        return float("nan")


class Results:
    def __init__(self, results):
        self.all = results
        self.by_key = {}
        for run in results["runs"]:
            self.by_key.setdefault((run["load_name"], run["contender"]), []).append(run)

    def of(self, load, contender):
        return Figures(self.by_key.get((load, contender), []))

#!/usr/bin/env python3
"""Plays many simulated clusters and reports what they came to.

play_seeds.py BUILD [--jobs N] [--times T] [--first SEED] [--fresh]

A fixed number of seeds: most with three nodes and a few with 2,000 entries, the full swarm with one to
seven, with and without decorations, and clusters that a quorum founds; and those that found something
once. T plays so many times as many, --first begins elsewhere, --fresh plays a tenth of them from a seed
that nobody has seen.

Fails where a seed fails (each says how to replay it), and, with fixed seeds, where a class of faults
struck less than a hundred times: a class that hardly ever strikes proves nothing.
"""
import argparse
import collections
import os
import re
import subprocess
import sys
import time

STRIKES_MIN = 100
# Loses what was acknowledged, since nobody can notice it: only played by name.
NEVER = {"volume-rollback"}

# Seeds that fail, and what is known of it: reported, until somebody finds the cause. One that passes
# has to go from here. As: "701 of --nodes 3 --entries 500": "what is known of it".
KNOWN: dict[str, str] = {}

# Seeds, and how they are played.
FIXED = (
    (1300, ["--nodes", "3", "--entries", "500"]),
    (200, ["--nodes", "3", "--entries", "2000"]),
    (60, ["--nodes", "3", "--entries", "500", "--decorations"]),
    (40, ["--nodes", "1", "--entries", "500", "--decorations"]),
    (40, ["--nodes", "2", "--entries", "500"]),
    (40, ["--nodes", "4", "--entries", "500", "--decorations"]),
    (60, ["--nodes", "5", "--entries", "500"]),
    (60, ["--nodes", "5", "--entries", "500", "--decorations"]),
    (40, ["--nodes", "5", "--entries", "300", "--founding", "quorum"]),
    (60, ["--nodes", "7", "--entries", "500"]),
    # After it a run has nothing more to show, so the others hardly ever draw it.
    (20, ["--nodes", "5", "--entries", "300", "--faults", "loss,crash,rot,rot-everywhere", "--exactly"]),
)
# Seeds beyond those that found something once. What it was has a test of its own; their histories go
# on to change with the code.
FOUND = (
    (6188, ["--nodes", "3", "--entries", "500"]),  # A node that ended without space span.
    (4173, ["--nodes", "3", "--entries", "500"]),
    (655, ["--nodes", "3", "--entries", "2000"]),  # Leaders of the past were shielded.
    (146, ["--nodes", "4", "--entries", "500", "--decorations"]),  # A definite failure of what happened.
    (225, ["--nodes", "5", "--entries", "500"]),  # A memory that was gone took the place of a living one.
    (918, ["--nodes", "5", "--entries", "500", "--decorations"]),  # Nobody vouched for a memory.
    (888, ["--nodes", "5", "--entries", "500", "--decorations"]),  # A map that came too late.
    (888, ["--nodes", "7", "--entries", "500"]),
    (1643, ["--nodes", "3", "--entries", "500"]),  # A snapshot of round 0 was served for ever.
)


class Sums:
    def __init__(self):
        self.counts = collections.Counter()
        self.struck = collections.Counter()
        self.damage = collections.Counter()
        self.never_reached = None
        self.marks = ""
        self.failed = 0
        self.known = set()

    def add(self, text, options):
        """What one run of synod-simulate printed, with --totals and --probes; False where a seed failed
        of which nothing is known."""
        sums = re.search(r"^(\d+) seeds, (\d+) beyond recovery, (\d+) simulated hours, (\d+) messages, "
                         r"(\d+) operations in (\d+) histories$", text, re.M)
        assert sums, text
        names = ("seeds", "beyond recovery", "simulated hours", "messages", "operations", "histories")
        self.counts.update(dict(zip(names, map(int, sums.groups()))))
        damage = re.search(r"^(\d+) bytes damaged on disks, (\d+) memories given up for it, "
                           r"(\d+) of these nodes voted again$", text, re.M)
        self.damage.update(dict(zip(("bytes", "given up", "vote again"), map(int, damage.groups()))))
        for name, count in re.findall(r"^  ([a-z-]+) +(\d+)$", text, re.M):
            self.struck[name] += int(count)
        unreached = {line.strip() for line in text.partition("not reached:\n")[2].splitlines()}
        self.never_reached = unreached if self.never_reached is None else self.never_reached & unreached
        self.marks = re.search(r"reached \d+ of (\d+) marks, \d+ of (\d+) buggify", text).groups()
        failed = {f"{seed} of {options}" for seed in re.findall(r"^seed (\d+) FAILED", text, re.M)}
        self.known |= failed & set(KNOWN)
        self.failed += len(failed - set(KNOWN))
        return not failed - set(KNOWN)

    def too_few(self):
        return sorted(name for name, count in self.struck.items()
                      if count < STRIKES_MIN and name not in NEVER)

    def print(self, seconds):
        print(", ".join(f"{self.counts[name]:,} {name}" for name in self.counts))
        rate = self.counts["messages"] / seconds if seconds else 0
        print(f"{seconds:.0f} s, {rate:,.0f} messages/s")
        print(f"{self.damage['bytes']:,} bytes damaged on disks, {self.damage['given up']:,} memories given up "
              f"for it, {self.damage['vote again']:,} of these nodes voted again")
        print("  ".join(f"{name} {count:,}" for name, count in sorted(self.struck.items())))
        declared = sum(int(number) for number in self.marks)
        print(f"{declared - len(self.never_reached)} of {declared} marks and buggify sites reached; "
              f"not: {' '.join(sorted(self.never_reached)) or 'none'}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--times", type=int, default=1)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--fresh", action="store_true")
    arguments = parser.parse_args()
    simulate = os.path.join(arguments.build, "core/src/simulation/tool/synod-simulate")
    first = time.time_ns() >> 10 if arguments.fresh else arguments.first
    sums, status, began = Sums(), 0, time.monotonic()
    share = (lambda seeds: max(1, seeds // 10)) if arguments.fresh else (lambda seeds: seeds * arguments.times)
    plays = [(first, share(seeds), options) for seeds, options in FIXED]
    plays += [] if arguments.fresh else [(seed, 1, options) for seed, options in FOUND]
    for start, seeds, options in plays:
        command = [simulate, "--seed", str(start), "--seeds", str(seeds), "--processes",
                   str(arguments.jobs), "--limit", "60", "--quiet", "--probes", "--totals", *options]
        print(" ".join(command[1:]), flush=True)
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
        for line in re.findall(r"^seed \d+ FAILED.*(?:\n  [A-Z].*|\n  replay:.*)*", done.stdout, re.M):
            print(line, flush=True)
        fine = sums.add(done.stdout, " ".join(options))
        died = done.returncode != 0 and "FAILED" not in done.stdout
        status = status or int(died or not fine)
    sums.print(time.monotonic() - began)
    if not arguments.fresh and sums.too_few():
        print(f"struck less than {STRIKES_MIN} times: " + " ".join(sums.too_few()))
        status = 1
    for seed in sorted(sums.known):
        print(f"known to fail: {seed}: {KNOWN[seed]}")
    played_all = not arguments.fresh and arguments.first == 1
    if played_all and sums.known != set(KNOWN):
        print("no longer fails: " + ", ".join(sorted(set(KNOWN) - sums.known)))
        status = 1
    failed = max(sums.failed, 1 if status else 0)
    print(f"{sums.counts['seeds'] - sums.failed - len(sums.known)} passed, {failed} failed, "
          f"{len(sums.known)} skipped")
    return 1 if status else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Proves that the tests bite: each seeded bug of a build with SYNOD_MUTANTS has to be found.

kill_mutants.py BUILD [--jobs N] [--seconds S] [NAME…]

Plays the stories of tests/traces against each mutant, then seeds, until the first thing that goes wrong;
prints what that was, how many seeds it took, and how long. A story kills by an invariant or an
expectation of its own, never by lines that merely differ. Fails where a mutant survives.
"""
import argparse
import concurrent.futures
import os
import re
import subprocess
import sys
import time

# What is played against a mutant whose own options say nothing else, in turn.
SWARMS = (["--nodes", "3", "--entries", "300"], ["--nodes", "5", "--entries", "300"])
SEEDS_A_RUN = 20


def run(command, seconds):
    """(exit status, what it said); None for the status of one that does not end."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False)
        return done.returncode, done.stdout + done.stderr
    except subprocess.TimeoutExpired:
        return None, "does not end"


def mutants_of(simulate):
    """(name, what it stands for, what it breaks, options) of each."""
    status, text = run([simulate, "--mutants"], 60)
    assert status == 0, text
    return [line.split("\t") for line in text.splitlines()]


def reason_in(text):
    """The first line that says what is wrong, without what only says where."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    for line in lines:
        if re.match(r"(I\d+|F\d+|CHECK|DEATH): ", line) or "check failed" in line.lower():
            return line
    return lines[0] if lines else "ends without a word"


def kill_by_seeds(simulate, name, options, until):
    """What killed it, or None, and how many seeds were played."""
    swarms = [options.split()] if options else SWARMS
    played = 0
    for first in range(1, 1_000_000, SEEDS_A_RUN):
        for swarm in swarms:
            left = until - time.monotonic()
            if left <= 0:
                return None, played
            command = [simulate, "--mutant", name, "--seed", str(first), "--seeds", str(SEEDS_A_RUN),
                       "--stop", *swarm]
            status, text = run(command, left)
            if status is None:
                return None, played
            seeds = re.findall(r"^seed (\d+) (ok|FAILED)", text, re.M)
            played += len(seeds)
            if status == 0:
                continue
            assert status != 2, text
            failed = next((seed for seed, word in seeds if word == "FAILED"), None)
            if failed is None:  # It died in the middle of the next one.
                played += 1
                failed = str(first + len(seeds))
                text = "\n".join(line for line in text.splitlines() if not line.startswith("seed "))
            return f"seed {failed} of {' '.join(swarm)}: {reason_in(text)}", played
    return None, played


def kill(build, mutant, seconds):
    name, _, _, options = mutant
    began = time.monotonic()
    status, text = run([os.path.join(build, "tests/traces/trace_test"), "--mutant", name], seconds)
    assert status != 2, text
    if status != 0:
        return f"story {text.splitlines()[0] if text else status}", 0, time.monotonic() - began
    simulate = os.path.join(build, "core/src/simulation/tool/synod-simulate")
    killer, played = kill_by_seeds(simulate, name, options, began + seconds)
    return killer, played, time.monotonic() - began


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("names", nargs="*")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--seconds", type=float, default=60, help="for each mutant")
    arguments = parser.parse_args()
    simulate = os.path.join(arguments.build, "core/src/simulation/tool/synod-simulate")
    mutants = [each for each in mutants_of(simulate) if not arguments.names or each[0] in arguments.names]
    survivors, seeds = [], []
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        fates = pool.map(lambda each: kill(arguments.build, each, arguments.seconds), mutants)
        for (name, guards, breaks, _), (killer, played, took) in zip(mutants, fates):
            if killer is not None:
                seeds.append(played)
            else:
                survivors.append(name)
            word = "killed  " if killer is not None else "SURVIVES"
            print(f"{word} {name} ({guards}: {breaks})\n"
                  f"           {killer or 'by nothing'}; {played} seeds, {took:.1f} s", flush=True)
    by_stories = seeds.count(0)
    needed = sorted(count for count in seeds if count > 0)
    if needed:
        print(f"by stories {by_stories}, by seeds {len(needed)}: median {needed[len(needed) // 2]}, "
              f"most {needed[-1]}")
    if survivors:
        print("survivors: " + " ".join(survivors))
    print(f"{len(seeds)} passed, {len(survivors)} failed, 0 skipped")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())

"""Has Spin search one model with certain settings, and says what the search found."""
import os
import re
import resource
import subprocess
import tempfile
from typing import List, NamedTuple

from runs import BROKEN, REACHED, SAFE

HERE = os.path.dirname(os.path.abspath(__file__))
DEPTH_MAX = 100000    # Steps from the first state; the deepest search of ours needs some hundreds.
MEMORY_MAX = 2000     # MB.
SECONDS_MAX = 240     # Of one program, on however slow a machine.

# What the models assert, and what it means that one of them does not hold.
VIOLATIONS = {"agreement": BROKEN, "!(met)": REACHED, "ghosts": "broken inside"}
# Whatever of this a search says, it did not see everything.
CUT_SHORT = ("max search depth too small", "Search not completed", "out of memory", "MEMLIM bound",
             "hash-table full")


class Finding(NamedTuple):
    verdict: str        # SAFE, BROKEN, REACHED, or what went wrong.
    states: int
    seconds: float      # Of processor time: translating, compiling and searching.
    steps: List[str]    # Of the counterexample.


class Failure(Exception):
    """A program that a search needs failed."""


def _call(arguments, folder):
    try:
        done = subprocess.run(arguments, cwd=folder, stdin=subprocess.DEVNULL, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=SECONDS_MAX)
    except FileNotFoundError:
        raise Failure(f"{arguments[0]} is not installed")
    except subprocess.TimeoutExpired:
        raise Failure(f"{arguments[0]} did not end within {SECONDS_MAX} s")
    return done.returncode, done.stdout


def _make(arguments, folder):
    code, said = _call(arguments, folder)
    if code != 0:
        raise Failure(f"{arguments[0]} failed: {said.strip().splitlines()[-1:]}")


def verdict_of(said):
    """What the output of a search comes to."""
    violated = re.search(r"^pan:\d+: assertion violated +(.+?) \(at depth \d+\)$", said, re.M)
    errors = re.search(r"errors: (\d+)", said)
    if errors is None:
        return "no result"
    if violated is not None:
        return VIOLATIONS.get(violated[1].strip(), "violated: " + violated[1])
    if errors[1] != "0":
        return f"{errors[1]} errors of another kind"
    for sign in CUT_SHORT:
        if sign in said:
            return "incomplete: " + sign
    # A bit-state or hash-compact search overlooks states.
    return SAFE if "Full statespace search" in said else "not a full search"


def _steps(folder):
    """What the shortest counterexample does, line by line, as the model's printf says it."""
    trails = [name for name in os.listdir(folder) if name.endswith(".trail")]
    _, said = _call(["./pan", "-r"] + trails, folder)
    steps = []
    for line in said.splitlines():
        if re.match(r"pan:|spin: trail ends", line):
            break
        if not re.match(r"\s*\d+:\s", line):
            steps.append(line.rstrip())
    return steps


def search(path, settings, expected, depth_max=DEPTH_MAX):
    """Searches the model at `path`: all of it where it should be safe; else, breadth first, up to
    the nearest violation."""
    with tempfile.TemporaryDirectory(prefix="synod-model-") as folder:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        try:
            _make(["spin", "-a"] + ["-D" + setting for setting in settings] + [path], folder)
            # A search of minutes is worth compiling well, one of a moment is not.
            how = ["-O2"] if expected == SAFE else ["-O0", "-DBFS"]
            _make(["gcc", "-w", "-DSAFETY", "-DNOREDUCE", f"-DMEMLIM={MEMORY_MAX}", *how,
                   "-o", "pan", "pan.c"], folder)
            _, said = _call(["./pan", f"-m{depth_max}", "-w22"], folder)
            verdict = verdict_of(said)
            steps = _steps(folder) if verdict in VIOLATIONS.values() else []
        except Failure as failure:
            verdict, said, steps = str(failure), "", []
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    stored = re.search(r"(\d+) states, stored", said)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Finding(verdict, int(stored[1]) if stored else 0, seconds, steps)


def judge(run, finding):
    """Why the finding is not what was expected; empty where it is."""
    if finding.verdict != run.expected:
        return f"expected {run.expected}, found {finding.verdict}"
    if run.states is not None and finding.states != run.states:
        return f"expected {run.states} states, found {finding.states}"
    return ""

#!/usr/bin/env python3
"""synod-simulate as a person uses it: what it prints, what it returns, how it ends."""
import os
import re
import signal
import subprocess
import sys
import tempfile
import unittest

SIMULATE = os.environ["SYNOD_SIMULATE"]
BROKEN = os.environ["SYNOD_BROKEN_SIMULATE"]
QUICK = ["--entries", "30", "--faults", "none"]


def run(*words):
    """Exit status, standard output, standard error."""
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


def replay_in(text):
    """The words of the first replay line in `text`."""
    return re.search(r"synod-simulate (--seed .*)", text).group(1).split()


class Usage(unittest.TestCase):
    def test_each_wrong_flag_is_named(self):
        for words, message in [
                (["--foo"], "there is no --foo"),
                (["--seed"], "--seed wants a number"),
                (["--seed", "x"], "--seed wants a number, not `x`"),
                (["--seed", "-1"], "not `-1`"),
                (["--seed=7x"], "not `7x`"),
                (["--seeds", "0"], "--seeds wants a number from 1 on, not `0`"),
                (["--cluster", "0"], "1 to 60 nodes"),
                (["--cluster", "5:2/2"], "quorums that meet"),
                (["--cluster", "5:6/5"], "quorums that meet"),
                (["--nodes", "61"], "1 to 60"),
                (["--faults", "rain"], "the classes: loss,duplication"),
                (["--strikes", "1,,2"], "--strikes wants numbers with commas"),
                (["--founding", "some"], "--founding wants all or quorum"),
                (["--mutant", "no-such"], "--mutant wants a mutant"),
                (["--until", "5"], "--until wants a time as 2s, 1500ms or 90us, not `5`"),
                (["--until", "99999999999999999999s"], "--until wants a time"),
                (["--html", ""], "--html wants the name of a file"),
                (["--from", "1s"], "--from is for --html"),
                (["--seeds", "2", "--html", "x"], "--html is for one seed"),
                (["--seeds", "2", "--trace"], "--trace is for one seed"),
                (["--seeds", "2", "--minimize"], "--minimize is for one seed")]:
            with self.subTest(words=words):
                status, out, err = run(SIMULATE, *words)
                self.assertEqual(status, 2)
                self.assertEqual(out, "")
                self.assertIn(message, err)

    def test_help_is_no_error_and_names_every_flag(self):
        status, out, _ = run(SIMULATE, "--help")
        self.assertEqual(status, 0)
        for flag in ("seed seeds nodes cluster entries concurrency faults exactly founding no-buggify decorations "
                     "mutant mutants strikes until trace html from events minimize quiet stop probes totals "
                     "processes limit").split():
            self.assertIn("--" + flag, out)

    def test_a_picture_that_cannot_be_written_is_told(self):
        status, _, err = run(SIMULATE, *QUICK, "--html", "/nowhere/at/all.html")
        self.assertEqual(status, 2)
        self.assertIn("cannot be written", err)


class OneSeed(unittest.TestCase):
    def test_a_failure_prints_the_line_that_replays_it(self):
        status, out, _ = run(BROKEN, "after-restart", "--seed", 3, "--entries", 300, "--faults", "crash",
                             "--exactly", "--cluster", "3:3/2")
        self.assertEqual(status, 1, out)
        self.assertEqual(out.count("replay: "), 1)
        again = run(BROKEN, "after-restart", *replay_in(out))
        self.assertEqual(again[:2], (1, out))

    def test_until_ends_it(self):
        status, out, _ = run(SIMULATE, "--seed", 3, "--until", "250ms")
        self.assertEqual(status, 0)
        self.assertIn(" 0 s, ", out)

    def test_a_trace_has_both_ends_of_a_message(self):
        _, out, _ = run(SIMULATE, *QUICK, "--trace")
        self.assertRegex(out, r"\] 1 > propose .* -> 2")
        self.assertRegex(out, r"\] 2 < propose .* from 1")
        self.assertRegex(out, r"r1 is chosen at c")


class ManySeeds(unittest.TestCase):
    def test_they_are_those_that_run_alone(self):
        status, out, _ = run(SIMULATE, "--seed", 5, "--seeds", 4, "--processes", 2, *QUICK)
        self.assertEqual(status, 0, out)
        seen = {line for line in out.splitlines() if line.startswith("seed ")}
        self.assertEqual(seen, {run(SIMULATE, "--seed", seed, *QUICK)[1].strip() for seed in range(5, 9)})

    def test_the_summary_adds_up(self):
        _, out, _ = run(SIMULATE, "--seeds", 3, *QUICK)
        each = [int(count) for count in re.findall(r"^seed .* (\d+) messages", out, re.M)]
        self.assertEqual(len(each), 3)
        last = out.splitlines()[-1]
        self.assertRegex(last, r"^3 seeds ok; reached \d+ of \d+ marks, \d+ of \d+ buggify sites; ")
        self.assertRegex(last, rf" seeds/s, .* messages/s, .* hours, {sum(each)} messages; 0 failed$")

    def test_many_come_to_what_each_comes_to(self):
        words = ["--entries", 60, "--totals", "--probes"]
        sums, reached = {}, []
        for seed in (1, 2, 3):
            _, out, _ = run(SIMULATE, "--seed", seed, *words)
            for name, count in re.findall(r"^  ([a-z-]+) +(\d+)$", out, re.M):
                sums[name] = sums.get(name, 0) + int(count)
            reached.append(set(out.partition("not reached:\n")[2].splitlines()))
        self.assertGreater(len(sums), 70)
        self.assertGreater(sum(sums.values()), 0)
        for processes in (1, 3):
            status, out, _ = run(SIMULATE, "--seeds", 3, "--processes", processes, "--quiet", *words)
            self.assertEqual(status, 0)
            self.assertRegex(out, r"(?m)^3 seeds, \d+ beyond recovery, \d+ simulated hours, \d+ messages, "
                                  r"\d+ operations in \d+ histories$")
            self.assertRegex(out, r"(?m)^\d+ bytes damaged on disks, \d+ memories given up for it, "
                                  r"\d+ of these nodes voted again$")
            found = {name: int(count) for name, count in re.findall(r"^  ([a-z-]+) +(\d+)$", out, re.M)}
            self.assertEqual(found, sums)
            missing = set(out.partition("not reached:\n")[2].splitlines())
            self.assertEqual(missing, set.intersection(*reached))

    def test_stop_ends_with_the_first_that_fails(self):
        status, out, _ = run(BROKEN, "aborts", "--seeds", 50, "--stop", *QUICK[2:])
        self.assertEqual(status, 1)
        self.assertEqual(re.findall(r"^seed (\d+) (ok|FAILED)", out, re.M), [("1", "FAILED")])

    def test_quiet_says_only_what_fails_and_the_summary_repeats_it(self):
        status, out, _ = run(BROKEN, "after-restart", "--seeds", 2, "--quiet", "--entries", 300, "--faults",
                             "crash", "--exactly")
        self.assertEqual(status, 1)
        self.assertIn("2 failed\n", out)
        summary = out[out.index(" seeds FAILED; "):]
        self.assertEqual(summary.count("synod-simulate --seed 1 "), 1)
        self.assertEqual(summary.count("synod-simulate --seed 2 "), 1)
        self.assertEqual(run(SIMULATE, "--seeds", 2, "--quiet", *QUICK)[1].count("\n"), 1)

    def test_an_interrupt_ends_all(self):
        process = subprocess.Popen([BROKEN, "hangs", "--seeds", "4", "--processes", "2", *QUICK[2:]],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        # Both children are there once /proc says so.
        children = f"/proc/{process.pid}/task/{process.pid}/children"
        pids = []
        while len(pids) < 2:
            with open(children, encoding="ascii") as file:
                pids = file.read().split()
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=120)
        self.assertEqual(process.returncode, 130)
        self.assertIn("interrupted: 0 seeds", out)
        for pid in pids:
            self.assertFalse(os.path.exists(f"/proc/{pid}"))


class Minimize(unittest.TestCase):
    def test_it_ends_with_a_smaller_line_that_fails_alike(self):
        words = ["--seed", 9, "--entries", 300, "--faults", "loss,delay,crash,pause", "--exactly"]
        with tempfile.TemporaryDirectory() as folder:
            html = os.path.join(folder, "small.html")
            status, out, err = run(BROKEN, "after-restart", *words, "--minimize", "--html", html)
            self.assertEqual(status, 1, err)
            self.assertTrue(os.path.getsize(html) > 10_000)
        self.assertRegex(out, r"fault classes 4 -> 1, strikes \d+ -> 1, entries 300 -> \d\d?, nodes 3 -> ")
        self.assertIn("1 strikes: still I16: ", err)
        replay = replay_in(out)
        self.assertIn("--strikes", replay)
        self.assertIn("--until", replay)
        again = run(BROKEN, "after-restart", *replay)
        self.assertEqual(again[0], 1)
        self.assertIn("I16", again[1])

    def test_a_healthy_seed_is_left_alone(self):
        status, out, _ = run(SIMULATE, *QUICK, "--minimize")
        self.assertEqual((status, out), (0, "seed 1 does not fail: there is nothing to make smaller\n"))

    def test_it_minimizes_what_aborts(self):
        status, out, _ = run(BROKEN, "aborts", "--seed", 2, "--minimize", "--entries", 100)
        self.assertEqual(status, 1)
        # What is appended after the healing has numbers, too: the fortieth comes by itself.
        self.assertIn("entries 100 -> 0,", out)
        self.assertIn("--faults none", out)


class Deaths(unittest.TestCase):
    def test_a_failed_check_of_one_is_told_and_drawn(self):
        with tempfile.TemporaryDirectory() as folder:
            html = os.path.join(folder, "run.html")
            status, _, err = run(BROKEN, "aborts", *QUICK[2:], "--html", html)
            self.assertEqual(status, -signal.SIGABRT)
            self.assertIn("replay: synod-simulate --seed 1 ", err)
            with open(html, encoding="utf-8") as file:
                self.assertIn("CHECK: ", file.read())

    def test_a_failed_check_of_many_ends_one(self):
        status, out, _ = run(BROKEN, "aborts", "--seeds", 3, *QUICK[2:])
        self.assertEqual(status, 1)
        self.assertIn("3 failed", out)
        summary = out[out.index(" seeds FAILED; "):]
        self.assertEqual(len(re.findall(r"^  CHECK: .*e40 is more than", summary, re.M)), 3)

    def test_a_process_that_dies_of_a_signal_is_told_and_counted(self):
        status, out, err = run(BROKEN, "dies", "--seeds", 3, "--processes", 2, "--totals", *QUICK[2:])
        self.assertEqual(status, 1)
        self.assertEqual(err.count("a process died of signal 9\n"), 3)
        self.assertEqual(len(re.findall(r"^seed \d FAILED", out, re.M)), 3)
        self.assertEqual(len(re.findall(r"^  DEATH: the process died of signal 9 \(Killed\): ", out, re.M)), 3)
        self.assertIn("\n3 seeds, 0 beyond recovery", out)

    def test_one_that_dies_costs_none_of_those_that_its_process_had_left(self):
        for wrong in ("aborts", "dies"):
            with self.subTest(wrong):
                _, out, _ = run(BROKEN, wrong, "--seeds", 20, "--entries", 30)
                told = re.findall(r"^seed (\d+) (ok|FAILED)", out, re.M)
                self.assertEqual([int(seed) for seed, _ in told], list(range(1, 21)))
                failed = [seed for seed, how in told if how == "FAILED"]
                self.assertGreater(len(failed), 3)
                self.assertLess(len(failed), 20)
                alone = [run(BROKEN, wrong, "--seeds", 1, "--seed", seed, "--entries", 30)[0] for seed, _ in told]
                self.assertEqual([status != 0 for status in alone], [how == "FAILED" for _, how in told])

    def test_what_takes_too_long_is_ended(self):
        status, out, _ = run(BROKEN, "hangs", "--seeds", 2, "--limit", 1, *QUICK[2:])
        self.assertEqual(status, 1)
        self.assertIn("LIMIT: the run does not end in time", out)
        self.assertIn("2 failed", out)


if __name__ == "__main__":
    sys.exit(unittest.main())

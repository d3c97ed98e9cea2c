#!/usr/bin/env python3
"""What tests/models/run says of models that are not as they should be, and of searches that saw too
little. A checker that finds nothing to complain of here would find nothing anywhere."""
import contextlib
import importlib.machinery
import importlib.util
import io
import os
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import checker  # noqa: E402
from runs import BROKEN, REACHED, RUNS, SAFE  # noqa: E402

loader = importlib.machinery.SourceFileLoader("run", os.path.join(HERE, "run"))
script = importlib.util.module_from_spec(importlib.util.spec_from_loader("run", loader))
loader.exec_module(script)

# Counts to 50, and breaks where it is told to.
COUNTER = """
byte count; bool agreement = true; bool met = false; bool ghosts = true; byte few[2];
active proctype counter() {
  end:
  do
  :: d_step { count < 50 -> count++; printf("counts to %d\\n", count)
#ifdef BREAKS
     ; agreement = count < 7
#endif
#ifdef REACHES
     ; met = count == 7
#endif
#ifdef BREAKS_INSIDE
     ; ghosts = count < 7
#endif
#ifdef FAILS
     ; assert(count < 7)
#endif
#ifdef STUMBLES
     ; few[count / 2] = 1
#endif
     ; assert(agreement); assert(!met); assert(ghosts)
  }
  od
}
"""


class SearchTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, "counter.pml")
        with open(self.path, "w", encoding="utf-8") as model:
            model.write(COUNTER)

    def verdict(self, *settings, expected=SAFE, **keys):
        return checker.search(self.path, settings, expected, **keys).verdict

    def test_a_model_without_a_violation_is_safe(self):
        finding = checker.search(self.path, (), SAFE)
        self.assertEqual((finding.verdict, finding.states), (SAFE, 51))

    def test_every_kind_of_violation_has_its_name_whatever_was_expected(self):
        for expected in (SAFE, BROKEN, REACHED):
            self.assertEqual(self.verdict("BREAKS", expected=expected), BROKEN)
            self.assertEqual(self.verdict("REACHES", expected=expected), REACHED)
            self.assertEqual(self.verdict("BREAKS_INSIDE", expected=expected), "broken inside")
            self.assertEqual(self.verdict("FAILS", expected=expected), "violated: (count<7)")

    def test_a_variant_that_does_not_fail_is_not_called_broken(self):
        self.assertNotIn(self.verdict(expected=BROKEN), (BROKEN, REACHED))

    def test_a_search_that_is_cut_short_is_not_safe(self):
        self.assertEqual(self.verdict(depth_max=20), "incomplete: max search depth too small")

    def test_a_model_that_stumbles_is_neither_safe_nor_broken(self):
        self.assertNotIn(self.verdict("STUMBLES"), (SAFE, BROKEN, REACHED))

    def test_a_model_that_is_no_promela_is_neither_safe_nor_broken(self):
        with open(self.path, "a", encoding="utf-8") as model:
            model.write("proctype {")
        self.assertTrue(self.verdict().startswith("spin failed"))

    def test_a_counterexample_is_shown_to_the_step(self):
        finding = checker.search(self.path, ("BREAKS",), BROKEN)
        self.assertEqual(finding.steps, [f"counts to {count}" for count in range(1, 8)])

    def test_what_overlooks_states_is_not_safe(self):
        said = "Hash-Compact 4 search for:\nState-vector 20 byte, depth reached 9, errors: 0\n"
        self.assertEqual(checker.verdict_of(said), "not a full search")


class RunTest(unittest.TestCase):
    def check(self, run):
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            failed = script.check([run], False)
        return failed, said.getvalue()

    def real(self, variant):
        return next(run for run in RUNS if run.variant == variant)

    def test_a_broken_variant_that_is_called_safe_fails_and_shows_how(self):
        run = self.real("highest ignored")._replace(expected=SAFE)
        failed, said = self.check(run)
        self.assertEqual(failed, 1)
        self.assertIn("FAILED: expected safe, found broken", said)
        self.assertIn("is chosen in round 1 as well", said)
        self.assertTrue(said.endswith("0 passed, 1 failed\n"), said)

    def test_a_safe_model_that_is_called_broken_fails(self):
        run = self.real("Lamport's, 2 numbers")._replace(expected=BROKEN, states=None)
        failed, said = self.check(run)
        self.assertEqual(failed, 1)
        self.assertIn("FAILED: expected broken, found", said)

    def test_a_safe_model_of_another_size_fails(self):
        failed, said = self.check(self.real("Lamport's, 2 numbers")._replace(states=3920))
        self.assertEqual(failed, 1)
        self.assertIn("FAILED: expected 3920 states, found 3921", said)

    def test_one_as_expected_passes(self):
        self.assertEqual(self.check(self.real("highest ignored"))[0], 0)

    def test_every_model_has_a_safe_run_a_broken_one_and_one_that_reaches(self):
        for name in (entry[:-4] for entry in os.listdir(HERE) if entry.endswith(".pml")):
            self.assertEqual({run.expected for run in RUNS if run.model == name},
                             {SAFE, BROKEN, REACHED}, name)

    def test_every_safe_run_says_how_many_states_it_has(self):
        for run in RUNS:
            self.assertEqual(run.expected == SAFE, run.states is not None, run.variant)


if __name__ == "__main__":
    unittest.main()

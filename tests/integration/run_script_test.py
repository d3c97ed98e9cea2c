#!/usr/bin/env python3
"""examples/calculator/run, with a program that is built already."""
import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import unittest

from cluster import PROGRAM, free_ports, wait_until

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "examples" / "calculator" / "run"


def processes_with(text):
    """The ids of all processes that have `text` in their command line."""
    found = []
    for folder in pathlib.Path("/proc").iterdir():
        if folder.name.isdigit() and folder.name != str(os.getpid()):
            try:
                if text.encode() in (folder / "cmdline").read_bytes():
                    found.append(int(folder.name))
            except OSError:
                pass
    return found


class RunScript(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory(prefix="run script ")
        self.folder = pathlib.Path(self.temporary.name)
        self.port = free_ports_in_a_row(10)

    def tearDown(self):
        self.assertEqual(processes_with(f"127.0.0.1:{self.port + 1}"), [])
        self.temporary.cleanup()

    def start(self, *arguments):
        return subprocess.Popen([SCRIPT, "--port", str(self.port), *arguments], cwd=self.folder,
                                env={**os.environ, "SYNOD_CALCULATOR": PROGRAM,
                                     "TMPDIR": str(self.folder)},
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True)

    def run_with(self, text, *arguments):
        process = self.start(*arguments)
        out, log = process.communicate(text, timeout=120)
        return process.returncode, out, log

    def test_calculates_and_leaves_nothing(self):
        self.assertEqual(self.run_with("add 5\nmul 3\nsub 1\ndiv 2\n"), (0, "5\n15\n14\n7\n", ""))
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_goes_on_from_where_it_was(self):
        arguments = ("--data", "kept here")
        self.assertEqual(self.run_with("add 5\n", *arguments)[:2], (0, "5\n"))
        self.assertEqual(self.run_with("mul 3\n", *arguments)[:2], (0, "15\n"))
        self.assertEqual(self.run_with("value\n", *arguments)[:2], (0, "15\n"))

    def test_takes_other_numbers_of_nodes(self):
        self.assertEqual(self.run_with("add 5\n", "--nodes", "1")[:2], (0, "5\n"))
        self.assertEqual(self.run_with("add 5\n", "--nodes", "5")[:2], (0, "5\n"))

    def test_hands_on_the_exit_status(self):
        self.assertEqual(self.run_with("div 0\n"), (1, "", "refused division-by-zero\n"))
        self.assertEqual(self.run_with("", "--nodes", "many")[0], 2)
        self.assertEqual(self.run_with("", "--frobnicate")[0], 2)

    def test_says_that_a_port_is_taken(self):
        with socket.create_server(("127.0.0.1", self.port + 2)):
            status, out, log = self.run_with("add 5\n")
        self.assertEqual((status, out), (1, ""))
        self.assertIn("taken; --port names others", log)

    def test_stops_on_signals(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            process = self.start()
            process.stdin.write("add 5\n")
            process.stdin.flush()
            self.assertEqual(process.stdout.readline(), "5\n")
            process.send_signal(number)
            self.assertEqual(process.wait(60), 128 + number)
            process.communicate()
            wait_until(lambda: not processes_with(f"127.0.0.1:{self.port + 1}"), "all is gone")


def free_ports_in_a_row(count):
    """The first of `count` neighbouring ports that were free a moment ago."""
    while True:
        first = free_ports(1)[0]
        try:
            for port in range(first, first + count):
                with socket.socket() as probe:
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    probe.bind(("127.0.0.1", port))
            return first
        except OSError:
            continue


if __name__ == "__main__":
    unittest.main()

#!/usr/bin/env python3
"""The calculator as a whole: real processes, sockets and journals, and `kill -9`."""
import os
import re
import signal
import subprocess
import threading
import unittest
import uuid

from cluster import PROGRAM, Cluster, Lines, Load, wait_until


def new_id():
    return str(uuid.uuid4())


class ClusterTest(unittest.TestCase):
    def setUp(self):
        self.cluster = Cluster()
        self.cluster.__enter__()

    def tearDown(self):
        outcome = self._outcome.result
        failed = any(test is self for test, _ in outcome.errors + outcome.failures)
        broken = [line for node in self.nodes() for line in node.says().splitlines()
                  if re.search("violation:|Sanitizer|broken invariant|ejected", line)]
        self.cluster.__exit__(AssertionError if failed or broken else None, None, None)
        self.assertEqual(broken, [])

    def nodes(self):
        return self.cluster.nodes

    def settled_value(self):
        return float(self.cluster.settle("value").split()[1])

    def check_exactly_once(self, load):
        """Each operation of `load` had its effect once, and has the answer that was given then."""
        load.settle_the_rest()
        self.assertEqual(self.settled_value(), len(load.acknowledged))
        values, rounds = set(), set()
        wait_until(self.nodes()[0].status, "node 1 answers")  # It may have been started just now.
        with Lines(self.cluster.nodes[0].port) as lines:
            for operation, answer in load.acknowledged.items():
                self.assertEqual(lines.ask(f"add 1 id={operation}"), answer)
                values.add(answer.split()[1])
                rounds.add(answer.split()[2])
        self.assertEqual(len(values), len(load.acknowledged))
        self.assertEqual(len(rounds), len(load.acknowledged))
        self.assertEqual(self.settled_value(), len(load.acknowledged))

    def check_agreement(self):
        """All nodes come to the same state once nothing happens any more."""
        def agree():
            statuses = [node.status() for node in self.nodes()]
            return len({(status.get("round"), status.get("log_digest"), status.get("state_digest"),
                         status.get("value")) for status in statuses}) == 1
        wait_until(agree, "all nodes agree")


class Answers(ClusterTest):
    def test_calculates_at_every_node_and_reads_its_own_writes(self):
        for number, (line, value) in enumerate([("add 5", "5"), ("* 3", "15"), ("- 1", "14"),
                                                ("div 2", "7"), ("add 0.1", "7.1")]):
            node = self.nodes()[number % 3]
            with Lines(node.port) as lines:
                self.assertRegex(lines.ask(line), rf"^ok {re.escape(value)} round=\d+$")
                self.assertRegex(lines.ask("value stale"), rf"^ok {re.escape(value)} round=\d+$")
            for other in self.nodes():
                self.assertRegex(other.ask("value"), rf"^ok {re.escape(value)} round=\d+$")

    def test_refuses_alike_everywhere_and_changes_nothing(self):
        self.assertTrue(self.cluster.settle(f"add 1e308 id={new_id()}").startswith("ok 1e+308 "))
        for node in self.nodes():
            self.assertEqual(node.ask("div 0"), "refused division-by-zero")
            self.assertEqual(node.ask("div -0"), "refused division-by-zero")
            self.assertEqual(node.ask("add inf"), "refused operand-not-finite")
            self.assertEqual(node.ask("mul nan"), "refused operand-not-finite")
            self.assertEqual(node.ask("mul 10"), "refused result-not-finite")
        self.assertTrue(self.nodes()[2].ask("value").startswith("ok 1e+308 "))
        self.check_agreement()

    def test_answers_lines_in_order_however_they_arrive(self):
        with Lines(self.nodes()[1].port) as lines:
            asked = b"".join(b"add 1\r\n" if i % 2 else b"nonsense\n" for i in range(200))
            lines.socket.sendall(asked + b"value")
            lines.socket.shutdown(1)  # The last line has no end.
            for i in range(200):
                expected = rf"ok {i // 2 + 1} " if i % 2 else "error "
                self.assertRegex(lines.receive(), "^" + expected)
            self.assertRegex(lines.receive(), r"^ok 100 round=\d+$")
            self.assertIsNone(lines.receive())

    def test_says_how_it_is(self):
        self.cluster.settle(f"add 3 id={new_id()}")
        wait_until(self.cluster.leader, "somebody leads")
        self.check_agreement()
        for node in self.nodes():
            status = node.status()
            self.assertEqual(status["id"], str(node.number))
            self.assertEqual(status["participation"], "active")
            self.assertEqual(status["members"], "1,2,3")
            self.assertEqual(status["further_losses"], "1")
            self.assertGreater(int(status["round"]), 0)
            self.assertGreater(int(status["journal"]), 0)
            self.assertIn("participation=active", node.says())
            self.assertRegex(node.ask("snapshot"), r"^ok snapshot round=\d+$")
            self.assertTrue(node.ask("help").startswith("help add X"))
        self.check_agreement()

    def test_stops_cleanly_on_both_signals(self):
        self.cluster.settle(f"add 3 id={new_id()}")
        idle = Lines(self.nodes()[0].port)
        for node, number in zip(self.nodes(), (signal.SIGTERM, signal.SIGINT, signal.SIGTERM)):
            node.process.send_signal(number)
        for node in self.nodes():
            self.assertEqual(node.process.wait(60), 0)
            self.assertIn("stopped", node.says())
        self.assertIsNone(idle.receive())
        idle.close()
        for node in self.nodes():
            node.start()
        self.assertTrue(self.cluster.settle("value").startswith("ok 3 "))


class Repeats(ClusterTest):
    def test_take_effect_once_and_give_the_first_result(self):
        operation = new_id()
        first = self.cluster.settle(f"add 5 id={operation}")
        self.cluster.settle(f"add 1 id={new_id()}")
        for node in self.nodes():
            self.assertEqual(node.ask(f"add 5 id={operation}"), first)
        self.assertEqual(self.settled_value(), 6)
        refused = new_id()
        for node in self.nodes():
            self.assertEqual(node.ask(f"div 0 id={refused}"), "refused division-by-zero")

    def test_are_remembered_by_the_snapshot_and_the_journal(self):
        operation = new_id()
        first = self.cluster.settle(f"add 5 id={operation}")
        for node in self.nodes():
            self.assertTrue(node.ask("snapshot").startswith("ok "))
            node.kill()
        for node in self.nodes():
            node.start()
        self.assertEqual(self.cluster.settle(f"add 5 id={operation}"), first)
        self.assertEqual(self.settled_value(), 5)

    def test_expire_where_the_client_says_so(self):
        for _ in range(4):
            self.cluster.settle(f"add 1 id={new_id()}")
        for node in self.nodes():
            self.assertEqual(node.ask(f"add 1 id={new_id()} before=2"), "unknown expired")
        self.assertEqual(self.settled_value(), 4)
        self.assertTrue(self.nodes()[0].ask(f"add 1 id={new_id()} before=100000").startswith("ok 5 "))


class Leadership(ClusterTest):
    def test_stays_where_it_is_under_clients_at_all_nodes(self):
        self.cluster.settle(f"add 0 id={new_id()}")
        wait_until(self.cluster.leader, "somebody leads")
        before = [node.status()["coord"] for node in self.nodes()]
        self.assertEqual(len(set(before)), 1)

        def client(node):
            with Lines(node.port) as lines:
                for _ in range(300):
                    answer = lines.ask("add 1")
                    if not answer.startswith("ok "):
                        failures.append(answer)

        failures = []
        threads = [threading.Thread(target=client, args=(self.nodes()[i % 3],)) for i in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])
        self.assertEqual([node.status()["coord"] for node in self.nodes()], before)
        self.assertEqual(self.settled_value(), 1800)
        self.check_agreement()


class Crashes(ClusterTest):
    def crash(self, victims_of):
        """Kills during load what `victims_of(leader)` names, and starts it again."""
        with Load(self.cluster, 6) as load:
            load.wait_for(100)
            leader = wait_until(self.cluster.leader, "somebody leads")
            victims = victims_of(leader)
            for node in victims:
                node.process.kill()
            for node in victims:
                node.process.wait()
            if len(victims) == 1:
                load.wait_for(100)
            for node in victims:
                node.start()
            load.wait_for(100)
        self.check_exactly_once(load)
        self.check_agreement()
        self.assertTrue(self.cluster.all_active())

    def test_of_a_follower_are_survived(self):
        self.crash(lambda leader: [next(node for node in self.nodes() if node is not leader)])

    def test_of_the_leader_are_survived(self):
        self.crash(lambda leader: [leader])

    def test_of_all_nodes_lose_nothing_that_was_acknowledged(self):
        self.crash(lambda leader: self.nodes())

    def test_one_after_the_other_lose_nothing(self):
        with Load(self.cluster, 3) as load:
            for node in self.nodes():
                load.wait_for(50)
                node.kill()
                load.wait_for(50)
                node.start()
                wait_until(lambda: node.status().get("participation") == "active", "it is back")
        self.check_exactly_once(load)
        self.check_agreement()


class Memory(ClusterTest):
    def test_a_wiped_node_says_so_and_the_others_go_on(self):
        for _ in range(20):
            self.cluster.settle(f"add 1 id={new_id()}")
        node = self.nodes()[2]
        node.kill()
        node.forget()
        node.log.unlink()
        node.start()
        says = r"participation=passive reason=memory-lost further_losses=\d+"
        wait_until(lambda: re.search(says, node.says()), "the node says that it lost its memory")
        # It learns, answers, and hands on what it is asked to append.
        wait_until(lambda: (node.ask("value stale") or "").startswith("ok 20 "), "it caught up")
        operation = new_id()
        wait_until(lambda: (node.ask(f"add 1 id={operation}") or "").startswith("ok 21 "),
                   "a passive node hands over")
        for other in self.nodes():
            self.assertTrue(self.cluster.settle("value").startswith("ok 21 "), other.number)
        self.check_agreement()


class Hostility(ClusterTest):
    def setUp(self):
        super().setUp()
        self.port = self.nodes()[0].port

    def check_others(self):
        """What somebody else notices: nothing."""
        answer = self.nodes()[0].ask(f"add 1 id={new_id()}")
        self.assertIsNotNone(answer)
        self.assertRegex(answer, "^ok ")

    def test_a_line_that_is_too_long(self):
        with Lines(self.port) as lines:
            lines.send("add " + "1" * 100_000)
            self.assertEqual(lines.receive(), "error the line is too long")
            self.assertRegex(lines.ask("add 1"), "^ok ")
            lines.socket.sendall(b"x" * 3_000_000)  # And its end never comes.
            self.check_others()

    def test_binary_rubbish(self):
        with Lines(self.port) as lines:
            rubbish = bytes(range(256)) * 16 + os.urandom(20_000).replace(b"add", b"xxx")
            lines.socket.sendall(rubbish + b"\n")
            lines.socket.shutdown(1)
            while (answer := lines.receive()) is not None:
                self.assertTrue(answer.startswith("error "), answer)
        self.check_others()

    def test_a_thousand_idle_connections(self):
        idle = [Lines(self.port) for _ in range(1000)]
        try:
            self.check_others()
            self.assertRegex(idle[0].ask("value"), "^ok ")
            self.assertRegex(idle[999].ask("value"), "^ok ")
        finally:
            for lines in idle:
                lines.close()
        self.check_others()

    def test_a_reader_that_does_not_read(self):
        with Lines(self.port) as lines:
            lines.socket.settimeout(1)
            try:  # Until all buffers between are full: the node reads no further.
                while True:
                    lines.socket.sendall(b"status\n" * 10_000)
            except TimeoutError:
                pass
            self.check_others()
        self.check_others()

    def test_connections_that_end_in_the_middle(self):
        for _ in range(50):
            with Lines(self.port) as lines:
                lines.send("add 0")
                lines.socket.setsockopt(1, 13, b"\1\0\0\0\0\0\0\0")  # SO_LINGER: a reset.
            with Lines(self.port) as lines:
                lines.socket.sendall(b"add 0")
        self.check_others()

    def test_a_stranger_at_the_nodes_own_port(self):
        for _ in range(20):
            with Lines(self.nodes()[0].peer_port) as lines:
                lines.socket.sendall(os.urandom(4096))
        self.check_others()


class Clients(ClusterTest):
    def client(self, *arguments, connect=None, text=None):
        return subprocess.run([PROGRAM, "client", "--connect", connect or self.cluster.addresses(),
                               "--timeout", "30s", *arguments],
                              input=text or "", capture_output=True, text=True, timeout=120)

    def test_prints_one_value_a_line(self):
        done = self.client(text="add 5\nmul 3\n\nsub 1\r\ndiv 2\nvalue\nvalue stale\n")
        self.assertEqual((done.returncode, done.stdout, done.stderr),
                         (0, "5\n15\n14\n7\n7\n7\n", ""))
        done = self.client("add", "-5", "mul 2.5")
        self.assertEqual((done.returncode, done.stdout), (0, "2\n5\n"))

    def test_says_everything_else_on_stderr(self):
        done = self.client("status", "help", "snapshot")
        self.assertEqual((done.returncode, done.stdout), (0, ""))
        self.assertEqual(len(done.stderr.splitlines()), 3)

    def test_tells_by_its_exit_status(self):
        self.assertEqual(self.client(text="add 5\n").returncode, 0)
        refused = self.client(text="div 0\nadd 5\n")
        self.assertEqual((refused.returncode, refused.stdout, refused.stderr),
                         (1, "10\n", "refused division-by-zero\n"))
        wrong = self.client(text="five\nadd 5\n")
        self.assertEqual((wrong.returncode, wrong.stdout), (2, "15\n"))
        self.assertEqual(self.client("five").returncode, 2)
        self.assertEqual(subprocess.run([PROGRAM, "client"], capture_output=True).returncode, 2)

    def test_says_unknown_or_failed_where_nobody_answers(self):
        closed = f"127.0.0.1:{self.nodes()[0].port}"
        self.nodes()[0].kill()
        done = self.client("--timeout", "1s", "add 1", connect=closed)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertRegex(done.stderr, "^(unknown|failed) ")

    def test_tries_the_next_node(self):
        self.nodes()[0].kill()
        done = self.client(text="add 1\nadd 2\n")
        self.assertEqual((done.returncode, done.stdout), (0, "1\n3\n"))

    def test_tries_the_next_node_where_one_only_hangs(self):
        wait_until(lambda: self.client("add 0").returncode == 0, "the cluster answers")
        self.nodes()[0].process.send_signal(signal.SIGSTOP)
        done = self.client(text="add 1\nadd 2\n")
        self.assertEqual((done.returncode, done.stdout), (0, "1\n3\n"))
        self.nodes()[0].process.send_signal(signal.SIGCONT)
        self.check_agreement()
        self.assertEqual(self.settled_value(), 3)

    def test_one_client_counts_through_the_crash_of_the_leader(self):
        self.cluster.settle(f"add 0 id={new_id()}")
        leader = wait_until(self.cluster.leader, "somebody leads")
        client = subprocess.Popen(
            [PROGRAM, "client", "--timeout", "60s", "--connect", self.cluster.addresses()],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        feeder = threading.Thread(
            target=lambda: (client.stdin.write("add 1\n" * 400), client.stdin.close()))
        feeder.start()
        for expected in range(1, 401):
            self.assertEqual(client.stdout.readline(), f"{expected}\n")
            if expected == 100:
                leader.kill()
        feeder.join()
        self.assertEqual(client.wait(60), 0)
        client.stdout.close()


if __name__ == "__main__":
    unittest.main()

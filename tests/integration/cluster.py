"""A cluster of real calculator processes, and clients that speak lines to it."""
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import uuid

PROGRAM = os.environ["SYNOD_CALCULATOR"]
PATIENCE = 60  # Seconds until what must happen is taken for what does not.


def wait_until(condition, what, patience=PATIENCE):
    """The first true value of `condition()`; fails where there is none in time."""
    end = time.monotonic() + patience
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not in {patience} s: {what}")
        time.sleep(0.01)


def free_ports(count):
    """Ports that were free a moment ago, below those that the system hands out by itself."""
    ports = []
    while len(ports) < count:
        port = random.randrange(10_000, 32_000)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        if port not in ports:
            ports.append(port)
    return ports


class Lines:
    """One connection to a clients' port."""

    def __init__(self, port, timeout=PATIENCE):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout)
        self.received = b""

    def send(self, line):
        self.socket.sendall(line.encode() + b"\n")

    def receive(self):
        """The next line without its end; None where the connection ended."""
        while b"\n" not in self.received:
            more = self.socket.recv(65536)
            if not more:
                return None
            self.received += more
        line, self.received = self.received.split(b"\n", 1)
        return line.decode()

    def ask(self, line):
        self.send(line)
        return self.receive()

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Node:
    def __init__(self, cluster, number, peer_port, client_port):
        self.cluster, self.number = cluster, number
        self.peer_port, self.port = peer_port, client_port
        self.directory = cluster.folder / f"node {number}"
        self.log = cluster.folder / f"node-{number}.log"
        self.process = None

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [PROGRAM, "node", "--id", str(self.number), "--cluster", self.cluster.members,
                 "--data", str(self.directory), "--clients", f"127.0.0.1:{self.port}"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def says(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        """The exit status after a SIGTERM."""
        self.process.terminate()
        return self.process.wait(PATIENCE)

    def forget(self):
        shutil.rmtree(self.directory)

    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def ask(self, line):
        """One question on a connection of its own; None where the node does not answer."""
        try:
            with Lines(self.port) as lines:
                return lines.ask(line)
        except OSError:
            return None

    def status(self):
        """The answer to `status` as a dictionary; empty where there is none."""
        words = (self.ask("status") or "").split()
        return dict(word.split("=", 1) for word in words if "=" in word)


class Cluster:
    """Nodes 1..count, started and taking part; a context manager that leaves nothing behind."""

    def __init__(self, count=3):
        self.count = count
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="synod calculator "))
        self.nodes, self.members = [], ""

    def __enter__(self):
        for _ in range(5):  # Somebody else may take a port between finding and binding it.
            self.make_nodes()
            for node in self.nodes:
                node.start()
            wait_until(lambda: self.all_active() or self.taken(), "the cluster takes part")
            if not self.taken():
                return self
            self.end()
        raise AssertionError("no free ports")

    def __exit__(self, kind, *_):
        if kind is not None:
            for node in self.nodes:
                print(f"--- node {node.number}\n{node.says()}")
        self.end()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __getitem__(self, number):
        return self.nodes[number - 1]

    def make_nodes(self):
        ports = free_ports(2 * self.count)
        self.members = ",".join(f"{i + 1}=127.0.0.1:{ports[i]}" for i in range(self.count))
        self.nodes = [Node(self, i + 1, ports[i], ports[self.count + i]) for i in range(self.count)]

    def taken(self):
        return any("in use" in node.says() for node in self.nodes)

    def all_active(self):
        return all(node.status().get("participation") == "active" for node in self.nodes)

    def end(self):
        for node in self.nodes:
            if node.process is not None:
                node.process.send_signal(signal.SIGCONT)
                node.kill()
            shutil.rmtree(node.directory, ignore_errors=True)
            node.log.unlink(missing_ok=True)

    def addresses(self):
        return ",".join(f"127.0.0.1:{node.port}" for node in self.nodes)

    def leader(self):
        """The node that leads, as it says itself and the others agree; None where there is none."""
        statuses = [node.status() for node in self.nodes if node.is_running()]
        named = {status.get("leader") for status in statuses}
        if len(named) != 1 or named & {"none", None}:
            return None
        leader = self[int(named.pop())]
        return leader if leader.is_running() else None

    def settle(self, line, patience=PATIENCE):
        """The answer to an operation with an id of its own, repeated until it is certain."""
        nodes = list(self.nodes)

        def ask():
            nodes.append(nodes.pop(0))
            answer = nodes[0].ask(line)
            certain = answer is not None and answer.startswith(("ok ", "refused ", "error "))
            return answer if certain else None

        return wait_until(ask, line, patience)


class Load:
    """Clients that add 1 again and again, each to a node of its own where that answers. Every operation
    has an id, and is repeated under it until its fate is certain."""

    def __init__(self, cluster, clients):
        self.cluster = cluster
        self.stopping = threading.Event()
        self.lock = threading.Lock()
        self.acknowledged = {}  # id -> answer
        self.under_way = {}     # client -> id
        self.threads = [threading.Thread(target=self.run, args=(i,)) for i in range(clients)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join()

    def count(self):
        with self.lock:
            return len(self.acknowledged)

    def wait_for(self, more):
        goal = self.count() + more
        wait_until(lambda: self.count() >= goal, f"{more} more operations are acknowledged")

    def run(self, client):
        at, lines, operation = client, None, str(uuid.uuid4())
        while not self.stopping.is_set():
            with self.lock:
                self.under_way[client] = operation
            try:
                lines = lines or Lines(self.cluster.nodes[at % self.cluster.count].port, 2)
                answer = lines.ask(f"add 1 id={operation} within=2s")
            except OSError:
                answer = None
            if answer is not None and answer.startswith("ok "):
                with self.lock:
                    self.acknowledged[operation] = answer
                    del self.under_way[client]
                operation = str(uuid.uuid4())
                continue
            if lines is not None:
                lines.close()
            at, lines = at + 1, None
            self.stopping.wait(0.01)  # A node that is down refuses at once.
        if lines is not None:
            lines.close()

    def settle_the_rest(self):
        """Repeats what nobody knows of; afterwards every operation is acknowledged."""
        for operation in list(self.under_way.values()):
            self.acknowledged[operation] = self.cluster.settle(f"add 1 id={operation}")
        self.under_way.clear()

"""Some hundred sessions on one ZooKeeper (zookeeper_sessions.py), and a bystander who reads meanwhile."""

import json
import os
import select
import subprocess
import sys
import time

from harness.zookeeper_wire import ZookeeperWire
from measure import cpu_seconds, milliseconds_since
from zookeeper_one import EncodedFleet

HERE = os.path.dirname(os.path.abspath(__file__))
DEPLOY_EVERY_SECONDS = 0.25  # hundreds of sessions in one process need some time for a change
PROBE_EVERY_SECONDS = 0.01


class Simulation:
    """The sessions, and a bystander."""

    def __init__(self, server, fleet, sessions):
        self.server, self.fleet = server, fleet
        encoded = isinstance(fleet, EncodedFleet)
        argv = [os.path.join(HERE, "zookeeper_sessions.py"), server.port, fleet.root, fleet.services, sessions]
        self.process = subprocess.Popen(
            [sys.executable, *map(str, argv), str(int(encoded))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.bystander = ZookeeperWire(server.port)
        self.probes = []

    def probe(self):
        began = time.perf_counter()
        self.bystander.children(self.fleet.root)
        self.probes.append(milliseconds_since(began))
        time.sleep(PROBE_EVERY_SECONDS)

    def command(self, word, seconds, meanwhile=None):
        """What the sessions counted, the bystander's times, and CPU seconds of the server."""
        self.probes, used = [], cpu_seconds(self.server.process.pid)
        self.process.stdin.write(f"{word} {seconds}\n")
        self.process.stdin.flush()
        if meanwhile:
            meanwhile()
        while not select.select([self.process.stdout], [], [], 0)[0]:
            self.probe()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("the sessions have ended")
        return json.loads(line), self.probes, cpu_seconds(self.server.process.pid) - used

    def deploy(self, backends):
        """Each backend of one service goes and returns, one after the other."""
        fleet, writer = self.fleet, self.fleet.writer
        for backend in range(backends):
            for change in (
                lambda b=backend: writer.delete(fleet.node(0, b)),
                lambda b=backend: writer.create(fleet.node(0, b), fleet.data(0, b)),
            ):
                change()
                writer.done()
                until = time.monotonic() + DEPLOY_EVERY_SECONDS
                while time.monotonic() < until:
                    self.probe()

    def close(self):
        self.process.stdin.close()
        self.process.wait(timeout=60)
        self.bystander.close()

"""What one synapse costs ZooKeeper, counted by a relay that is its only way there."""

import base64
import collections
import re
import time

from harness.fleet import Fleet
from harness.wait import eventually
from harness.zookeeper_wire import close_session
from zookeeper_relay import CountingRelay

QUIET_SECONDS = 0.5


class EncodedFleet(Fleet):
    """Its children's names hold the records."""

    def __init__(self, server, services, backends):
        super().__init__(server, services, backends, prefix="encoded")

    def node(self, service, backend):
        text = base64.urlsafe_b64encode(super().data(service, backend).encode()).decode()
        return f"{self.path(service)}/base64_{len(text)}_{text}_{0:010}"

    def data(self, service, backend, weight=100, **fields):
        return b""


class OneSynapse:
    """A synapse whose only way to ZooKeeper is the relay."""

    def __init__(self, sandbox, server, fleet):
        self.server, self.fleet = server, fleet
        self.relay = CountingRelay(server.port)
        config = fleet.config()
        for service in config["routers"][0]["services"]:
            service["watcher"]["hosts"] = [f"127.0.0.1:{self.relay.port}"]
        self.watches_before = self.watches()
        self.program = sandbox.synapse(config).await_ready(60)

    def watches(self):
        return int(re.search(r"zk_watch_count\t(\d+)", self.server.command("mntr"))[1])

    def settle(self):
        """What passed until nothing did any more."""
        last, since = None, time.monotonic()
        while time.monotonic() - since < QUIET_SECONDS:
            if (now := sum(self.relay.counts.values())) != last:
                last, since = now, time.monotonic()
            time.sleep(0.02)
        counts, self.relay.counts = self.relay.counts, collections.Counter()
        return counts

    def costs(self, changes):
        """Event -> what it cost; of a change: each of so many."""
        fleet, writer = self.fleet, self.fleet.writer
        costs = {"start": {**self.settle(), "watches": self.watches() - self.watches_before}}

        def of_each(change):
            for number in range(changes):
                change(number)
                writer.done()
                time.sleep(0.05)
            return {key: value / changes for key, value in self.settle().items()}

        if not isinstance(fleet, EncodedFleet):
            costs["another weight"] = of_each(lambda n: writer.set(fleet.node(1, n), fleet.data(1, n, 50)))

        def place(number):
            """Each in another service, as far as there are, so that no list becomes much shorter."""
            return number % fleet.services, 2 + number // fleet.services

        costs["a node goes"] = of_each(lambda n: writer.delete(fleet.node(*place(n))))
        costs["a node comes"] = of_each(lambda n: writer.create(fleet.node(*place(n)), fleet.data(*place(n))))
        self.relay.drop()
        eventually(lambda: self.relay.counts["getChildren"] >= fleet.services, 30, "synapse is back")
        costs["reconnect"] = {**self.settle(), "watches": self.watches() - self.watches_before}
        session = next(iter(self.sessions()))
        close_session(self.server.port, session)
        eventually(lambda: self.relay.counts["getChildren"] >= fleet.services, 30, "synapse has a new session")
        costs["session ended"] = {**self.settle(), "watches": self.watches() - self.watches_before}
        self.program.stop(20)
        self.relay.close()
        return costs

    def sessions(self):
        """Of the relay's connections; the fleet's writer has its own."""
        own = {self.fleet.writer.local_port()}
        found = re.findall(r"127\.0\.0\.1:(\d+)\[\d+\]\(.*?sid=(0x[0-9a-f]+)", self.server.command("cons"))
        return {int(session, 16) for port, session in found if int(port) not in own}

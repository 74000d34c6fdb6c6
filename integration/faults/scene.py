"""A World whose programs come, go and start again."""

import json
import signal

from faults.residue import Residue
from faults.world import SERVICE, World
from harness.haproxy import RuntimeSocket, takes_traffic
from harness.sandbox import Backend
from harness.zookeeper import EventRecorder

# What one more pod may hold in ZooKeeper: nerve's watches, and synapse's on its node.
WATCHES_OF_A_POD = 3


class Scene(World):
    def __init__(self, sandbox, zookeeper, path, **options):
        # An HAProxy that ends asks clients for new connections there; a kept one in tcp mode would hold an old worker.
        options.setdefault("service", {"mode": "http"})
        super().__init__(sandbox, zookeeper, path, **options)
        self._at_first = len(self.pods)

    def start_synapse(self):
        self.synapse = self.sandbox.synapse(self.synapse_config, wrapper=self._wrapper)
        self.synapse.runtime = RuntimeSocket(self.seen + self.synapse.runtime.path)
        return self.synapse.await_ready(60)

    def reconfigure_synapse(self):
        """Has it read what synapse_config is now."""
        self.synapse.replace_config(json.dumps(self.synapse_config))
        self.synapse.signal(signal.SIGHUP)

    def record_events(self):
        """An EventRecorder, whose own watches are nothing that is left over."""
        recorder = EventRecorder(self.registry)
        self._residue = Residue(self)
        return recorder

    def impossible(self):
        """What must not be at any moment, whatever happens: somebody twice, or in HAProxy without ever having been."""
        found = []
        registered = [f"{each['host']}:{each['port']}" for each in self.registry.records().values()]
        if len(set(registered)) != len(registered):
            found.append(f"registered twice: {registered}")
        rows = [row for row in self.synapse.runtime.servers(SERVICE) if takes_traffic(row)]
        served = [f"{row['srv_addr']}:{row['srv_port']}" for row in rows]
        if len(set(served)) != len(served):
            found.append(f"HAProxy serves twice: {served}")
        ever = {f"127.0.0.1:{each.port}" for each in self.sandbox.processes if isinstance(each, Backend)}
        if strangers := set(served) - ever:
            found.append(f"HAProxy serves what never was: {sorted(strangers)}, there were {sorted(ever)}")
        return found

    def leaks(self, leaves=None):
        """With what the pods hold in ZooKeeper that came later."""
        more = len(self.pods) - self._at_first
        of_pods = {"ephemerals": more, "sessions": more, "watches": more * WATCHES_OF_A_POD}
        return self._residue.grown({what: count + (leaves or {}).get(what, 0) for what, count in of_pods.items()})

    def happens(self, what, do, away=0, why="", within=60):
        """Does something as a case of its own; the time to recover begins with it."""
        with self.case(what, away=away, why=why, within=within) as case:
            case.did("it begins", over=True)
            do()
            case.did("done")
            case.settle()

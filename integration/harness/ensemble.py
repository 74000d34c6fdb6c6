"""Several ZooKeeper servers that are one ensemble, each of which a test may kill, pause and wipe."""

import os
import re

from kazoo.client import KazooClient
from kazoo.handlers.threading import KazooTimeoutError
from kazoo.retry import KazooRetry

from harness.ports import free_port
from harness.wait import eventually
from harness.zookeeper import ZookeeperServer


class EnsembleServer(ZookeeperServer):
    """One of them; `peers`: (port of the quorum, port of the election) of each, its own is number `number`."""

    # Short enough that a hanging server is noticed in seconds, long enough that a stall of the machine is none.
    TICK_MS = 200
    MAIN = "org.apache.zookeeper.server.quorum.QuorumPeerMain"
    JVM = ["-Xms16m", "-Xmx64m", *ZookeeperServer.JVM[2:]]

    def __init__(self, directory, number, peers):
        self._number, self._peers = number, peers
        super().__init__(directory)
        self._write_number()

    def _write_settings(self, settings):
        peers = "".join(f"server.{n}=127.0.0.1:{quorum}:{vote}\n" for n, (quorum, vote) in enumerate(self._peers, 1))
        super()._write_settings(f"{settings}initLimit=50\nsyncLimit=15\n{peers}")

    def _write_number(self):
        with open(os.path.join(self.directory, "data", "myid"), "w", encoding="ascii") as file:
            file.write(str(self._number))

    def wipe(self):
        super().wipe()
        self._write_number()

    @property
    def name(self):
        return f"zk{self._number}"

    def mode(self):
        """leader, follower, or nothing when it serves nobody."""
        try:
            found = re.search(r"^Mode: (\w+)", self.command("srvr", timeout=2), re.MULTILINE)
        except OSError:
            return ""
        return found[1] if found else ""


class Ensemble:
    """`size` servers. Like a ZookeeperServer for those who only want to read and write."""

    def __init__(self, sandbox, size=3):
        self._sandbox = sandbox
        directory = sandbox.path(sandbox.unique("ensemble"))
        peers = [(free_port(), free_port()) for _ in range(size)]
        self.servers = [EnsembleServer(os.path.join(directory, f"zk{n}"), n, peers) for n in range(1, size + 1)]
        self.start()

    @property
    def hosts(self):
        return ",".join(server.hosts for server in self.servers)

    def pids(self):
        return [server.process.pid for server in self.servers if server.process.running]

    def start(self, *servers):
        """Those of them (all) that do not run, and waits until they have joined."""
        for server in servers or self.servers:
            if server.process is None or not server.process.running:
                server.launch()
                self._sandbox.processes.append(server.process)
        self.await_quorum()

    def mend(self):
        """Whatever was done to them: afterwards all of them serve. What they know stays."""
        for server in self.servers:
            if server.process.running:
                server.process.resume()
        self.start()

    def end_standstill(self):
        """Whether there was one. When most servers hang and go on, ZooKeeper 3.8.0 now and then has a leader and followers
        that are in sync by their own words, and commits nothing any more. Another leader ends that."""
        if not self.serves() or self.takes_sessions():
            return False
        self.leader().stop()
        self.start()
        return True

    def takes_sessions(self, within=15):
        """Whether a client that is not ours gets a session."""
        client = KazooClient(self.hosts, timeout=10.0)
        try:
            client.start(timeout=within)
            return True
        except KazooTimeoutError:
            return False
        finally:
            client.stop()
            client.close()

    def await_quorum(self):
        def complete():
            modes = sorted(server.mode() for server in self.servers)
            return modes == ["follower"] * (len(self.servers) - 1) + ["leader"]

        eventually(complete, 60, "the ensemble is complete", interval=0.1)

    def leader(self):
        return next(server for server in self.servers if server.mode() == "leader")

    def followers(self):
        return [server for server in self.servers if server.mode() == "follower"]

    def serves(self):
        """Whether there is somebody who takes writes."""
        return any(server.mode() == "leader" for server in self.servers)

    def wipe(self):
        """Kills all, and forgets everything."""
        for server in self.servers:
            server.stop()
            server.wipe()

    def figures(self):
        """The sum over all servers of each number that `mntr` tells."""
        total = {}
        for server in self.servers:
            for key, value in re.findall(r"^(zk_\w+)\t(\d+)$", server.command("mntr"), re.MULTILINE):
                total[key] = total.get(key, 0) + int(value)
        return total

    def client(self, **options):
        """A started kazoo client; the caller stops and closes it."""
        forever = KazooRetry(max_tries=-1, delay=0.02, backoff=1, max_delay=0.1)
        client = KazooClient(self.hosts, **{"timeout": 10.0, "connection_retry": forever, **options})
        client.start(timeout=30)
        return client

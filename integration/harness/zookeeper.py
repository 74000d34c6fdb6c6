"""A real ZooKeeper server of our own, and the registry in it as a client that is not ours (kazoo) sees it."""

import json
import logging
import os
import random
import re
import shutil
import socket
import subprocess
import threading
import time

from kazoo.client import KazooClient
from kazoo.exceptions import ConnectionLoss, NoNodeError, SessionExpiredError
from kazoo.retry import KazooRetry

from harness.ports import free_port
from harness.processes import Process
from harness.wait import eventually
from harness.zookeeper_wire import close_session

logging.getLogger("kazoo").setLevel(logging.CRITICAL)

_JVM = ["-Xms32m", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData", "-Xshare:auto"]
# fsync is left out: a test machine that loses power has lost nothing.
_PROPERTIES = {
    "zookeeper.admin.enableServer": "false",
    "zookeeper.4lw.commands.whitelist": "*",
    "zookeeper.forceSync": "no",
    "zookeeper.preAllocSize": "1024",
    "zookeeper.jmx.log4j.disable": "true",
}


class ZookeeperServer:
    """A standalone server in `directory`, with one port for its whole life and short ticks so that sessions of a few
    hundred milliseconds are possible."""

    TICK_MS = 100
    MAIN = "org.apache.zookeeper.server.ZooKeeperServerMain"
    JVM = _JVM

    def __init__(self, directory, port=None, address="127.0.0.1", properties=None):
        """`properties`: further system properties of the server."""
        self.directory = str(directory)
        self.port = port or free_port()
        self.address = address
        self.properties = {**_PROPERTIES, **(properties or {})}
        self.process = None
        os.makedirs(os.path.join(self.directory, "data"), exist_ok=True)
        self._write_settings(
            f"dataDir={self.directory}/data\nclientPort={self.port}\nclientPortAddress={address}\n"
            f"tickTime={self.TICK_MS}\nminSessionTimeout={2 * self.TICK_MS}\nmaxSessionTimeout=600000\n"
            "maxClientCnxns=0\nautopurge.purgeInterval=0\n"
        )

    def _write_settings(self, settings):
        with open(os.path.join(self.directory, "zoo.cfg"), "w", encoding="ascii") as file:
            file.write(settings)

    @property
    def hosts(self):
        return f"{self.address}:{self.port}"

    def start(self):
        self.launch()
        patience = iter((0.3, 0.5, 1, 2))
        eventually(lambda: self._answers(next(patience, 3)), 60, "ZooKeeper answers")
        return self

    def launch(self):
        """Starts it and does not wait."""
        properties = [f"-D{key}={value}" for key, value in self.properties.items()]
        log = os.path.join(self.directory, "zookeeper.log")
        argv = [
            "/usr/bin/java",
            *self.JVM,
            *properties,
            "-cp",
            "/usr/share/java/zookeeper.jar",
            self.MAIN,
            os.path.join(self.directory, "zoo.cfg"),
        ]
        self.process = Process("zookeeper", argv, log)

    def _answers(self, timeout):
        if not self.process.running:
            raise RuntimeError(f"ZooKeeper ended:\n{self.process.log()[-3000:]}")
        # "ruok" is answered before the server takes sessions; a word that comes too early may never be answered.
        return self.command("srvr", timeout).startswith("Zookeeper version")

    def stop(self):
        """Ends it at once, as a crash would; what was acknowledged is on the disk."""
        if self.process and self.process.running:
            self.process.kill()

    def wipe(self):
        """Forgets all data and sessions; only while it is stopped."""
        shutil.rmtree(os.path.join(self.directory, "data"))
        os.mkdir(os.path.join(self.directory, "data"))

    def command(self, word, timeout=10):
        """The answer to one of the four-letter words."""
        with socket.create_connection((self.address, self.port), timeout=timeout) as connection:
            connection.sendall(word.encode())
            answer = b""
            while part := connection.recv(65536):
                answer += part
        return answer.decode()

    def client(self, **options):
        """A started kazoo client; the caller stops and closes it."""
        forever = KazooRetry(max_tries=-1, delay=0.02, backoff=1, max_delay=0.1)
        # ZooKeeper 3.8 forgets a connection that comes while it starts, and leaves it open. kazoo waits for the answer
        # for the session's timeout divided by the number of servers: with one server, until its session has expired.
        hosts = ",".join([self.hosts] * 6)
        # No session ends because a busy machine or a server that stands still takes its time.
        client = KazooClient(hosts, **{"timeout": 30.0, "connection_retry": forever, **options})
        client.start(timeout=30)
        return client

    def session_of(self, process):
        """The id of the session that a process holds, by the address of its connection."""
        return self.session_at(process.open_sockets(), process.name)

    def session_at(self, ports, name="this port"):
        """The id of the session whose connection comes from one of these ports."""
        for port, session in re.findall(r"127\.0\.0\.1:(\d+)\[\d+\]\(.*?sid=(0x[0-9a-f]+)", self.command("cons")):
            if int(port) in ports:
                return int(session, 16)
        raise LookupError(f"{name} has no session")

    def knows_session(self, session_id):
        return f"0x{session_id:x}" in self.command("dump")

    def expire(self, session_id, holder=None):
        """Ends a session under its living owner, as the server does after a silence that lasted too long.

        `holder`: the process that has it. It stands still meanwhile; otherwise it may take its session back in between,
        and then learns of the end only by its own timeout.
        """
        if holder:
            holder.pause()
        try:
            close_session(self.port, session_id)
        finally:
            if holder:
                holder.resume()

    def cli(self, command):
        """What zkCli.sh prints for one command, without what it says about its connection."""
        answer = subprocess.run(
            ["/usr/share/zookeeper/bin/zkCli.sh", "-server", self.hosts, *command.split()],
            capture_output=True,
            text=True,
            timeout=60,
            env={**os.environ, "CLIENT_JVMFLAGS": " ".join(_JVM), "ZOO_LOG_DIR": self.directory},
            check=True,
        )
        chatter = re.compile(r"Connecting to |WATCHER::|WatchedEvent |\s*$")
        return "\n".join(line for line in answer.stdout.splitlines() if not chatter.match(line))


def record(name, port, host="127.0.0.1", **fields):
    """The data of a registration as go-nerve writes it."""
    content = {"available": True, "host": host, "port": port, "name": name, "weight": 255, **fields}
    return json.dumps({key: value for key, value in content.items() if value is not None}, separators=(",", ":"))


class Registry:
    """One path of the registry, read and written with kazoo. Every test has a path of its own."""

    def __init__(self, server, path):
        self.server = server
        self.path = path
        self.client = server.client()
        self._sequence = random.Random(path).randrange(10**6)

    def close(self):
        self.client.stop()
        self.client.close()

    def names(self):
        """The children, sorted; none when the path does not exist."""
        try:
            return sorted(self.client.get_children(self.path))
        except NoNodeError:
            return []

    def records(self):
        """name of child -> record, of what is there at this moment."""
        found = {}
        for name in self.names():
            try:
                found[name] = json.loads(self.client.get(f"{self.path}/{name}")[0])
            except NoNodeError:
                pass
        return found

    def only_record(self):
        records = self.records()
        assert len(records) == 1, records
        return next(iter(records.values()))

    def stat(self, name):
        """A LookupError when it is not there, which eventually() takes for "not yet"."""
        try:
            return self.client.get(f"{self.path}/{name}")[1]
        except NoNodeError as gone:
            raise LookupError(f"{self.path}/{name} is not there") from gone

    def stats(self):
        """name of child -> stat, of what is there at this moment."""
        found = {}
        for name in self.names():
            try:
                found[name] = self.stat(name)
            except LookupError:
                pass
        return found

    def add(self, name, port, host="127.0.0.1", child=None, **fields):
        """Registers a backend as an ephemeral node; returns the child's name."""
        return self.put(child or name, record(name, port, host, **fields))

    def put(self, child, data, ephemeral=True):
        """Creates or overwrites one child."""
        path = f"{self.path}/{child}"
        data = data if isinstance(data, bytes) else data.encode()
        self.client.ensure_path(self.path)
        if self.client.exists(path):
            self.client.set(path, data)
        else:
            self.client.create(path, data, ephemeral=ephemeral)
        return child

    def remove(self, *children):
        """All of them in one transaction."""
        transaction = self.client.transaction()
        for child in children:
            transaction.delete(f"{self.path}/{child}")
        results = transaction.commit()
        assert all(result is True for result in results), results

    def clear(self):
        self.client.delete(self.path, recursive=True)


class EventRecorder:
    """Every change of a path and of the nodes that are there now, by watches that are set again after each, also when
    the connection was lost meanwhile."""

    def __init__(self, registry):
        self.events = []
        self._client, self._path = registry.client, registry.path
        self._watch_children(None)
        for name in registry.names():
            self._watch_node(f"{self._path}/{name}", None)

    def _watch_children(self, event):
        self._take(event)
        self._read(lambda: self._client.get_children(self._path, watch=self._watch_children))

    def _take(self, event):
        if event and event.type != "NONE":
            self.events.append((event.type, event.path))

    def _watch_node(self, path, event):
        self._take(event)
        try:
            self._read(lambda: self._client.get(path, watch=lambda event: self._watch_node(path, event)))
        except NoNodeError:
            if event and event.type == "NONE":
                self.events.append(("DELETED", path))  # while the connection was lost

    def _read(self, read):
        while not self._client._stopped.is_set():
            try:
                return read()
            except (ConnectionLoss, SessionExpiredError):
                time.sleep(0.05)


class ChildrenRecorder:
    """Watches a path all the time and keeps every list of children that was ever seen, with its time."""

    def __init__(self, registry):
        self.history = []
        self._lock = threading.Lock()
        registry.client.ensure_path(registry.path)
        registry.client.ChildrenWatch(registry.path, self._seen)

    def _seen(self, children):
        with self._lock:
            self.history.append((time.monotonic(), sorted(children)))

    def lists(self):
        with self._lock:
            return [children for _, children in self.history]

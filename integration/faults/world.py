"""What a fault happens to: backends with a nerve each, synapse with its HAProxy, ZooKeeper, and an application.

Between each program and each ZooKeeper server stands a Link of its own, so that a case can cut off whom it likes.
"""

import itertools
import json
import os

from faults.application import Application
from faults.case import Case
from faults.residue import Residue
from harness import processes
from harness.configs import nerve, nerve_service, synapse, synapse_service
from harness.ensemble import Ensemble
from harness.link import Link
from harness.ports import free_port
from harness.wait import always, eventually
from harness.zookeeper import Registry, ZookeeperServer

SERVICE = "web"
SUSPECTS_ZOOKEEPER_AFTER = 20


class Pod:
    """A backend and its nerve; both can be started again as they were. `links`: nerve's ways to ZooKeeper. `service_keys`:
    more keys of the service."""

    def __init__(self, world, name, wrapper=(), **service_keys):
        self._world, self.name, self._wrapper = world, name, wrapper
        self.host = service_keys.get("host", "127.0.0.1")
        self.links = world.make_links()
        self.backend = world.sandbox.backend(name)
        service = nerve_service(self.backend.port, name=name, reporters=[world.reporter(self.links)], **service_keys)
        self.config = {"apiPort": free_port(), **nerve(service)}
        self.nerve = None
        self.start_nerve()

    @property
    def registered_as(self):
        return f"{self.host}:{self.backend.port}"

    @property
    def address(self):
        return f"127.0.0.1:{self.backend.port}"

    def start_nerve(self):
        self.nerve = self._world.sandbox.nerve(self.config, name=f"nerve-{self.name}", wrapper=self._wrapper)
        return self.nerve

    def start_backend(self):
        self.backend = self._world.sandbox.backend(self.name, self.backend.port)

    def close(self):
        for link in self.links:
            link.close()


class World:
    """`zookeeper`: a ZookeeperServer or an Ensemble; whoever gave it ends it. `path` is this world's alone.

    A context manager: it ends the application and the links; the processes are the sandbox's.
    """

    def __init__(self, sandbox, zookeeper, path, backends=3, session_ms=4000, **options):
        """`options`: `service`, more keys of synapse's service (or a function that makes them of the pods); `router`, of its
        router; `pod`, of nerve's services (or a function that makes them of the pod's number), and
        `reporter`, of their reporter; `delay` and `loss`, of all links (see Link); `spare_kb`, by
        which a program may grow;
        `seen`, the root of their file system when it is not ours;
        `hosts`, a function that makes the names of ZooKeeper's servers of the ports; `wrapper`, for all programs."""
        self.sandbox, self.zookeeper, self.path = sandbox, zookeeper, path
        self.seen = options.get("seen", "")  # under which directory we see what the programs have
        self.zookeepers = [zookeeper] if isinstance(zookeeper, ZookeeperServer) else zookeeper.servers
        self._session_ms, self._options = session_ms, options
        self._hosts = options.get("hosts", lambda ports: [f"127.0.0.1:{port}" for port in ports])
        self._wrapper = options.get("wrapper", ())
        self.registry = Registry(zookeeper, path)
        self.reports = []
        self.synapse_links = self.make_links()
        self._numbers = itertools.count(1)
        self.pods = []
        for _ in range(backends):
            self.add_pod()
        self.port = free_port()
        self.synapse_config = self._synapse_config()
        self.synapse = None
        self.start_synapse()
        eventually(lambda: not self.differences(), 60, "everything serves", interval=0.05)
        self.application = Application(self.port)
        self.application.await_answers()
        self._residue = Residue(self, **{key: options[key] for key in ("spare_kb",) if key in options})

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.application.close()
        for pod in self.pods:
            pod.close()
        for link in self.synapse_links:
            link.close()
        self.registry.close()

    # What it is made of.

    def make_links(self):
        """One to each server of ZooKeeper."""
        links = [Link(server.port) for server in self.zookeepers]
        for link in links:
            link.delay, link.loss = self._options.get("delay", 0.0), self._options.get("loss", 0.0)
        return links

    def reporter(self, links):
        where = {"type": "zookeeper", "hosts": self._hosts([link.port for link in links]), "path": self.path}
        return {**where, "connectionTimeoutInMilli": self._session_ms, **self._options.get("reporter", {})}

    def _synapse_config(self):
        keys = self._options.get("service", {})
        keys = keys(self.pods) if callable(keys) else keys
        service = synapse_service(self.registry, self.port, name=SERVICE, **keys)
        if "watcher" not in keys:
            service["watcher"]["hosts"] = self._hosts([link.port for link in self.synapse_links])
            service["watcher"]["timeoutInMilli"] = self._session_ms
        config = {"apiPort": free_port(), **synapse(service, **self._options.get("router", {}))}
        router = config["routers"][0]
        router["runtimeDir"] = self.sandbox.path(self.sandbox.unique("haproxy-of-synapse"))
        os.makedirs(router["runtimeDir"], exist_ok=True)
        return config

    def start_synapse(self):
        """Also again, with the configuration, the HAProxy and the files that there are."""
        self.synapse = self.sandbox.synapse(self.synapse_config, wrapper=self._wrapper)
        return self.synapse.await_ready(60)

    def add_pod(self):
        number, keys = next(self._numbers), self._options.get("pod", {})
        pod = Pod(self, f"b{number}", self._wrapper, **(keys(number) if callable(keys) else keys))
        self.pods.append(pod)
        return pod

    def remove_pod(self, pod):
        """As a deploy does it: nerve drains it, and the backend ends when nobody is sent there any more."""
        if pod.nerve.running:
            pod.nerve.stop()
        eventually(lambda: pod.address not in self.served(), 60, f"HAProxy sends nothing to {pod.name}")
        self.pods.remove(pod)
        self.application.await_answers()
        pod.backend.stop()
        pod.close()

    @property
    def nerves(self):
        return [pod.nerve for pod in self.pods]

    @property
    def backends(self):
        return [pod.backend for pod in self.pods]

    @property
    def nerve_links(self):
        return [link for pod in self.pods for link in pod.links]

    def programs(self):
        """name -> Process of everything of ours that runs."""
        named = {"synapse": self.synapse, **{f"nerve of {pod.name}": pod.nerve for pod in self.pods}}
        return {name: process for name, process in named.items() if process.running}

    def haproxies(self):
        """The pids of HAProxy's processes, wherever they stand; not of one that only checks a file."""
        path = self.synapse.router["configPath"]

        def is_ours(words):
            return words and words[0].endswith("haproxy") and "-c" not in words and path in words

        return [pid for pid in processes.descendants() if is_ours(processes.command_line(pid))]

    def worker(self):
        return self.synapse.runtime.worker_pid()

    def master(self):
        return processes.parent_of(self.worker())

    def reopen_registry(self):
        """A client of its own that knows nothing: servers that have lost their data refuse one that knows more."""
        self.registry.close()
        self.registry = Registry(self.zookeeper, self.path)

    # What must hold.

    def expected(self):
        """The addresses of the live backends, sorted."""
        return sorted(pod.address for pod in self.pods if pod.backend.running)

    def differences(self):
        """What is not as it should be, in words: the registry has each live backend once and nothing else, HAProxy serves
        what the registry says, both programs say that all is well."""
        found = []
        live = self.expected()
        registered = sorted(f"{each['host']}:{each['port']}" for each in self.registry.records().values())
        expected = sorted(pod.registered_as for pod in self.pods if pod.backend.running)
        if registered != expected:
            found.append(f"registered are {registered}, alive {expected}")
        served = self.served()
        if served != live:
            found.append(f"HAProxy serves {served}, alive are {live}")
        names = [row["srv_name"] for row in self.synapse.runtime.servers(SERVICE)]
        if len(set(names)) != len(names):
            found.append(f"HAProxy has a server twice: {names}")
        for pod in self.pods:
            if pod.nerve.running:
                reporters = json.loads(pod.nerve.get("/status")[1])[0]["Reporters"]
                if not all(reporter["Connected"] and reporter["Confirmed"] for reporter in reporters):
                    found.append(f"nerve of {pod.name} does not know whether it is registered: {reporters}")
        for name, process in self.programs().items():
            status, text = process.get("/health")
            if status != 200:
                found.append(f"{name} is not well: {text.strip()}")
        return found

    def served(self):
        return sorted(self.weights())

    def weights(self):
        """address -> weight of what HAProxy sends requests to."""
        return self.synapse.runtime.in_rotation(SERVICE)

    def stays(self, condition, seconds):
        """The condition holds so long, and the application is served; for the time that a fault lasts."""
        failed = len(self.application.look()["failures"])
        try:
            always(condition, seconds, interval=0.05)
        except AssertionError as error:
            raise AssertionError(f"{error}; what is wrong now: {self.differences()}") from None
        failures = self.application.look()["failures"][failed:]
        assert not failures, f"the application saw {failures[:3]}"

    def unfinished_files(self):
        """What is there for a moment beside each file that is written."""
        for _, _, names in os.walk(self.seen + self.sandbox.directory):
            yield from (name for name in names if ".unfinished-" in name or name.endswith((".candidate", ".proof")))

    def leaks(self, leaves=None):
        """What there is more than before the first case; `leaves`: so much more of what ZooKeeper holds is right."""
        return self._residue.grown(leaves)

    def check(self, within=60):
        """Waits until everything is as it should be; an error that says what is not."""
        wrong = ["nothing was looked at"]

        def calm():
            wrong[0] = self.differences()
            return not wrong[0]

        try:
            eventually(calm, within, interval=0.02)
        except AssertionError as error:
            raise AssertionError(f"not as it should be after {within} s: {wrong[0]}; {error}") from None

    def await_well(self, within):
        """check(), but that ZooKeeper may stand still, for others too, after many of its servers did. Whether it has."""
        try:
            self.check(SUSPECTS_ZOOKEEPER_AFTER)
            return False
        except AssertionError:
            stood_still = isinstance(self.zookeeper, Ensemble) and self.zookeeper.end_standstill()
        self.check(within)
        return stood_still

    def case(self, name, **keys):
        """See Case."""
        return Case(self, name, **keys)

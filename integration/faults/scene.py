"""Pods, a consumer and an application, and what must hold whatever happens to them.

A Scene is the least that shows a fault: pods (a backend, and a nerve that announces it), one synapse with its HAProxy,
and an application that asks all the time through its localhost port. A case does something to it, and the scene says
what the application saw, how long it took, and whether everything is again as it should be.
"""

import collections
import json
import os
import re
import signal
import threading
import time

from harness import processes
from harness.configs import nerve, nerve_service, synapse, synapse_service
from harness.haproxy import RuntimeSocket, takes_traffic
from harness.ports import free_port
from harness.wait import eventually
from harness.web import request

# Descriptors come and go with requests to the admin API and with checks.
SPARE_DESCRIPTORS = 12


class Application:
    """Asks without end, `workers` requests at a time, each over a connection of its own."""

    def __init__(self, port, workers=2, pause=0.01):
        self.answers = collections.Counter()
        self.failures = []  # (when it failed, when it was begun, what)
        self.slowest = 0.0
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(port, pause), daemon=True) for _ in range(workers)]
        for thread in self._threads:
            thread.start()

    def _run(self, port, pause):
        while not self._stop.wait(pause):
            begun = time.monotonic()
            try:
                status, body = request(port, timeout=30)
                problem = None if status == 200 else f"status {status}"
            except OSError as error:
                body, problem = "", repr(error)
            ended = time.monotonic()
            with self._lock:
                self.slowest = max(self.slowest, ended - begun)
                if problem is None:
                    self.answers[body] += 1
                else:
                    self.failures.append((ended, begun, problem))

    @property
    def requests(self):
        with self._lock:
            return sum(self.answers.values()) + len(self.failures)

    def failed_since(self, when):
        with self._lock:
            return [failure for failure in self.failures if failure[0] >= when]

    def answered_by(self, *names):
        """Whether only these answer from now on, and all of them."""
        with self._lock:
            self.answers.clear()
        eventually(lambda: self.requests >= 4 * len(names) and set(self.answers) >= set(names), what=f"{names} answer")

    def stop(self):
        self._stop.set()
        for thread in self._threads:
            thread.join(35)


class Pod:
    """A backend and its nerve, whose configuration does not change when it is started again."""

    def __init__(self, sandbox, registry, name, *, wrapper=(), nerve_keys=None, **service_keys):
        self._sandbox, self._wrapper = sandbox, wrapper
        self.name = name
        self.backend = sandbox.backend(name)
        service = nerve_service(self.backend.port, registry, **{"name": name, **service_keys})
        self.config = {"apiPort": free_port(), **nerve(service), **(nerve_keys or {})}
        self.nerve = None
        self.start_nerve()

    @property
    def address(self):
        return f"127.0.0.1:{self.backend.port}"

    def start_nerve(self):
        self.nerve = self._sandbox.nerve(self.config, name=f"nerve-{self.name}", wrapper=self._wrapper)
        return self.nerve

    def start_backend(self):
        self.backend = self._sandbox.backend(self.name, self.backend.port)


class Scene:
    """`runtime_dir`, and where we see it; `pod_keys(name)`: further arguments of each Pod."""

    def __init__(
        self,
        sandbox,
        registry,
        pods=2,
        haproxy=None,
        synapse_config=None,
        synapse_wrapper=(),
        runtime_dir=None,
        runtime_seen=None,
        pod_keys=lambda name: {},
    ):
        self.sandbox, self.registry, self.haproxy = sandbox, registry, haproxy
        self._synapse_wrapper, self._runtime_seen, self._pod_keys = synapse_wrapper, runtime_seen, pod_keys
        self.pods = []
        for number in range(pods):
            self.add_pod(f"pod{number}")
        self.port = free_port()
        service = synapse_service(registry, self.port, name="web")
        routers = synapse(service) if haproxy is None else {"routers": [haproxy.router([service])]}
        if haproxy is None:
            routers["routers"][0]["runtimeDir"] = runtime_dir or sandbox.path(sandbox.unique("haproxy-of-synapse"))
        self.synapse_config = {"apiPort": free_port(), **routers, **(synapse_config or {})}
        self.synapse = None
        self.start_synapse()
        eventually(lambda: not self.differences(), 60, "all pods are served")
        self.application = Application(self.port)
        self._resources = {name: self._resources_of(process) for name, process in self.programs().items()}
        self._resources_of_a_nerve = self._resources[f"nerve of {self.pods[0].name}"]

    def start_synapse(self):
        self.synapse = self.sandbox.synapse(self.synapse_config, wrapper=self._synapse_wrapper)
        if self._runtime_seen:
            self.synapse.runtime = RuntimeSocket(os.path.join(self._runtime_seen, "haproxy.sock"))
        return self.synapse.await_ready(60)

    def add_pod(self, name):
        self.pods.append(Pod(self.sandbox, self.registry, name, **self._pod_keys(name)))

    def remove_pod(self, index):
        """As an operator does it: nerve first, which waits until nobody asks any more."""
        pod = self.pods.pop(index)
        assert pod.nerve.stop(60) == 0
        eventually(lambda: pod.address not in self.synapse.runtime.in_rotation("web"), what="HAProxy lets it go")
        pod.backend.stop()

    def reconfigure_synapse(self):
        """Has it read what synapse_config is now."""
        self.synapse.replace_config(json.dumps(self.synapse_config))
        self.synapse.signal(signal.SIGHUP)

    def programs(self):
        return {"synapse": self.synapse, **{f"nerve of {pod.name}": pod.nerve for pod in self.pods}}

    # HAProxy's processes, by what the kernel says of them.

    def haproxies(self):
        def is_ours(pid):
            words = processes.command_line(pid)
            return words and words[0].endswith("haproxy") and "-c" not in words

        return [pid for pid in processes.descendants() if is_ours(pid) and self._config_path() in processes.command_line(pid)]

    def _config_path(self):
        return self.haproxy.config_path if self.haproxy else self.synapse.router["configPath"]

    def worker(self):
        return self.synapse.runtime.worker_pid()

    def master(self):
        """The parent of the worker."""
        return processes.parent_of(self.worker())

    # What must hold.

    def differences(self):
        """What is not as it should be, in words: registry = live backends, HAProxy = registry, nothing twice."""
        found = []
        live = sorted(pod.address for pod in self.pods if pod.backend.running)
        registered = sorted(f"{each['host']}:{each['port']}" for each in self.registry.records().values())
        if registered != live:
            found.append(f"registered are {registered}, alive {live}")
        rows = self.synapse.runtime.servers("web")
        names = [row["srv_name"] for row in rows]
        if len(set(names)) != len(names):
            found.append(f"HAProxy has servers twice: {names}")
        served = sorted(self.synapse.runtime.in_rotation("web"))
        if served != live:
            found.append(f"HAProxy serves {served}, alive are {live}")
        return found

    def impossible(self):
        """What must not be at any moment, whatever happens."""
        found = []
        addresses = [f"{each['host']}:{each['port']}" for each in self.registry.records().values()]
        if len(set(addresses)) != len(addresses):
            found.append(f"registered twice: {addresses}")
        served = [
            f"{row['srv_addr']}:{row['srv_port']}"
            for row in self.synapse.runtime.servers("web")
            if takes_traffic(row)
        ]
        if len(set(served)) != len(served):
            found.append(f"HAProxy serves twice: {served}")
        return found

    def leaks(self):
        """Processes, zombies, descriptors and watches beyond what there was when everything was calm."""
        found = []
        for name, process in self.programs().items():
            zombies = processes.zombies_of(process.pid)
            if zombies:
                found.append(f"{name} has {zombies} zombies")
            before, now = self._resources.get(name, self._resources_of_a_nerve), self._resources_of(process)
            for what, spare in (("descriptors", SPARE_DESCRIPTORS), ("children", 0), ("watches", 0)):
                if now[what] > before[what] + spare:
                    found.append(f"{name} has {now[what]} {what}, {before[what]} at first")
        if len(self.haproxies()) > 2:
            found.append(f"{len(self.haproxies())} processes of HAProxy: {self.haproxies()}")
        return found

    def _resources_of(self, process):
        return {
            "descriptors": processes.open_descriptors(process.pid),
            "children": len([pid for pid in processes.children_of(process.pid) if pid not in self.haproxies()]),
            # synapse has one on each node, too.
            "watches": self._watches_of(process) - (len(self.pods) if process is self.synapse else 0),
        }

    def _watches_of(self, process):
        """As ZooKeeper counts them; one that is told away in this moment may not be there."""
        session = self.registry.server.session_of(process)
        text = self.registry.server.command("wchc")
        block = re.search(rf"^0x{session:x}\n((?:\t.*\n?)*)", text, re.MULTILINE)
        return len(block[1].splitlines()) if block else 0

    def settle(self, within=30):
        """The time until everything is as it should be; an error that says what is not."""
        begun = time.monotonic()
        wrong = ["?"]

        def is_calm():
            wrong[0] = self.differences() or self.leaks()
            return not wrong[0]

        try:
            eventually(is_calm, within)
        except AssertionError as error:
            raise AssertionError(f"not within {within} s as it should be: {wrong[0]} ({error})") from None
        return time.monotonic() - begun

    def case(self, what, do, allowed=0, within=30):
        """Does something, waits until all is well, tells it, and allows so many failed requests.

        Returns (failures, seconds until the last failure or until all was well).
        """
        begun = time.monotonic()
        do()
        self.settle(within)
        recovered = time.monotonic() - begun
        seen = self.application.requests
        eventually(lambda: self.application.requests >= seen + 6, what="the application is answered")
        failures = self.application.failed_since(begun)
        lasted = max((ended - begun for ended, _, _ in failures), default=0.0)
        print(
            f"{what}: {len(failures)} of {self.application.requests} requests failed"
            + (f", the last {lasted:.2f} s after it" if failures else "")
            + f"; all was well after {recovered:.2f} s",
            flush=True,
        )
        assert allowed is None or len(failures) <= allowed, f"{what}: {len(failures)} failures, {failures[:3]}"
        return len(failures), lasted

    def close(self):
        self.application.stop()

"""What one test, or the demo, starts: programs, servers and backends in a directory of their own, and their end."""

import collections
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time

from harness import processes, sanitizers, web
from harness.haproxy import ExternalHaproxy, RuntimeSocket
from harness.ports import free_port
from harness.processes import Process
from harness.sanitizers import BUILD, ROOT  # noqa: F401
from harness.wait import eventually
from harness.zookeeper import ZookeeperServer

SANITIZED = sanitizers.ANY
END_SECONDS = 10


def binary(program):
    return os.path.join(BUILD, program, program)


class Program(Process):
    """A nerve or a synapse with its admin API."""

    def __init__(self, program, name, config, directory, arguments=(), wrapper=()):
        self.config = config
        text = json.dumps(config, indent=1) if isinstance(config, dict) else config
        port = re.search(r'"?apiPort"?: (\d+)', text)
        self.api_port = int(port[1]) if port else None
        self.config_path = os.path.join(directory, f"{name}.yml")
        with open(self.config_path, "w", encoding="utf-8") as file:
            file.write(text)
        argv = [*wrapper, binary(program), *arguments, self.config_path]
        # What it keeps for its next life stays in the sandbox.
        self.directory = directory
        env = {"RUNTIME_DIRECTORY": directory}
        super().__init__(name, argv, os.path.join(directory, f"{name}.log"), env=env, cwd=directory)

    def replace_config(self, text=None):
        """By `text`, or by what `config` has become. In one step, so that nobody reads half of it."""
        fresh = self.config_path + ".fresh"
        with open(fresh, "w", encoding="utf-8") as file:
            file.write(json.dumps(self.config) if text is None else text)
        os.replace(fresh, self.config_path)

    def get(self, path, method="GET", timeout=15.0):
        return web.request(self.api_port, path, method, timeout)

    def put(self, path, timeout=15.0):
        return self.get(path, "PUT", timeout)

    def kept(self):
        """What a nerve has on disk for its next life, which is a moment behind what ZooKeeper has."""
        with open(self._state_path, encoding="utf-8") as file:
            return file.read()

    def keep(self, text):
        """Puts another text there, when it has ended."""
        with open(self._state_path, "w", encoding="utf-8") as file:
            file.write(text)

    @property
    def _state_path(self):
        return os.path.join(self.directory, f"nerve-{self.api_port}.json")

    def metrics(self):
        status, text = self.get("/metrics")
        assert status == 200
        return web.Metrics(text)

    def await_api(self):
        def answers():
            if not self.running:
                raise RuntimeError(f"{self.name} ended with {self.exit_status}:\n{self.log()[-5000:]}")
            return self.get("/version")[0] == 200

        eventually(answers, 30, f"{self.name} answers on its admin port")
        return self


class Synapse(Program):
    """A synapse; `runtime` is the socket of the HAProxy that its first haproxy router drives."""

    runtime = None
    router = None

    def ready(self):
        return self.get("/ready")[0] == 200

    def await_ready(self, timeout=30):
        eventually(lambda: self.running and self.ready(), timeout, f"{self.name} is ready")
        if self.runtime:
            path = re.escape(self.router["configPath"])
            for worker in re.findall(rf"{path}: HAProxy loaded .* \(worker (\d+)\)", self.log()):
                self.runtime.saw(int(worker))
        return self

    def haproxy_config(self):
        with open(self.router["configPath"], encoding="utf-8") as file:
            return file.read()


class Backend(Process):
    """One small HTTP server (backend_server.py) that answers its name."""

    def __init__(self, name, directory, port=0):
        # Not one of the kernel's for outgoing connections: it would be given to somebody else while we are dead.
        self.port = port or free_port()
        log = os.path.join(directory, f"backend-{name}-{self.port}.log")
        open(log, "w", encoding="ascii").close()
        server = os.path.join(os.path.dirname(os.path.abspath(__file__)), "backend_server.py")
        super().__init__(f"backend-{name}", ["/usr/bin/python3", "-S", "-E", server, name, str(self.port)], log)
        self.label = name
        eventually(lambda: "listening" in self.log(), 30, f"{name} listens")

    def answer_with(self, status):
        web.request(self.port, f"/_status/{status}")

    def connections(self):
        """How many there have been, with the one that asks."""
        return int(web.request(self.port, "/_connections")[1])

    def count(self, path="/"):
        return web.request_json(self.port, "/_count")[1].get(path, 0)


class Sandbox:
    """Owns everything that it starts. close() ends all of it, whatever state it is in."""

    def __init__(self):
        self.directory = tempfile.mkdtemp(prefix="ns-")
        self.processes = []
        self._names = collections.Counter()

    def path(self, *parts):
        return os.path.join(self.directory, *parts)

    def unique(self, name):
        self._names[name] += 1
        return name if self._names[name] == 1 else f"{name}-{self._names[name]}"

    def zookeeper(self, **options):
        server = ZookeeperServer(self.path(self.unique("zookeeper")), **options).start()
        self.processes.append(server.process)
        return server

    def backend(self, name, port=0):
        backend = Backend(name, self.directory, port)
        self.processes.append(backend)
        return backend

    def nerve(self, config, name=None, arguments=(), wait=True, wrapper=()):
        """Starts nerve with a dictionary (a free apiPort is added) or a text; `wrapper`: a command that executes it."""
        if isinstance(config, dict):
            config = {"apiPort": free_port(), **config}
        program = Program("nerve", self.unique(name or "nerve"), config, self.directory, arguments, wrapper)
        self.processes.append(program)
        return program.await_api() if wait else program

    def nerve_command(self, *arguments, timeout=30, **environment):
        """Runs `nerve ARGUMENTS` to its end: a subprocess.CompletedProcess with texts."""
        return self._command("nerve", arguments, timeout, environment)

    def synapse_command(self, *arguments, timeout=20, **environment):
        """Likewise `synapse ARGUMENTS`."""
        return self._command("synapse", arguments, timeout, environment)

    def _command(self, program, arguments, timeout, environment):
        return subprocess.run(
            [binary(program), *map(str, arguments)],
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
            cwd=self.directory,
            env={**os.environ, "LC_ALL": "C.UTF-8", **environment},
        )

    def synapse(self, config, name=None, arguments=(), wait=True, wrapper=()):
        """Starts synapse. A haproxy router gets a runtimeDir in here unless it says where its things are."""
        name = self.unique(name or "synapse")
        if isinstance(config, dict):
            config = {"apiPort": free_port(), **config}
            config["routers"] = [self._place(dict(router), f"{name}-{i}") for i, router in enumerate(config["routers"])]
        program = Synapse("synapse", name, config, self.directory, arguments, wrapper)
        if isinstance(config, dict):
            program.router = next((router for router in config["routers"] if router["type"] == "haproxy"), None)
        if program.router and (path := _stats_socket(program.router)):
            program.runtime = RuntimeSocket(path)
        self.processes.append(program)
        return program.await_api() if wait else program

    def _place(self, router, name):
        if router["type"] == "haproxy" and "reloadCommand" not in router:
            router.setdefault("runtimeDir", self.path(name))
            os.makedirs(router["runtimeDir"], exist_ok=True)
            router.setdefault("configPath", os.path.join(router["runtimeDir"], "haproxy.cfg"))
        return router

    def haproxy(self):
        haproxy = ExternalHaproxy(self.path(self.unique("haproxy"))).start()
        self.processes.append(haproxy.process)
        return haproxy

    def logs(self):
        """(name, end of the log) of everything that was started."""
        return [(f"{process.name} (pid {process.pid})", process.log()[-12_000:]) for process in self.processes]

    def end_programs(self):
        """Asks every nerve and synapse to end, for what a sanitizer says only then; waits for them, but not for ever."""
        programs = [process for process in self.processes if isinstance(process, Program) and process.running]
        for program in programs:
            program.signal(signal.SIGTERM)
            program.resume()
            if processes.command_line(program.pid)[:1] == ["unshare"]:  # it passes no signal on
                for inside in processes.children_of(program.pid):
                    processes.send(inside, signal.SIGTERM)
        end = time.monotonic() + END_SECONDS
        while any(program.running for program in programs) and time.monotonic() < end:
            time.sleep(0.02)

    def sanitizer_reports(self):
        """The logs in which a sanitizer speaks: it could not write to its own."""
        return [f"{process.name}:\n{log}" for process in self.processes if sanitizers.report_in(log := process.log())]

    def close(self, keep=()):
        """Ends all processes, also those that were left behind by others; `keep`: pids that are not ours."""
        processes.end_descendants(keep=keep)
        shutil.rmtree(self.directory, ignore_errors=True)


def _stats_socket(router):
    for line in router.get("global", []):
        words = line.split()
        if words[:2] == ["stats", "socket"]:
            return words[2]
    return os.path.join(router["runtimeDir"], "haproxy.sock") if "runtimeDir" in router else None

"""The demo that demo.sh runs: every step says what it shows, shows it, and fails when it is not true."""

import argparse
import os
import re
import signal
import subprocess
import sys
import textwrap
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from harness.haproxy import RuntimeSocket  # noqa: E402
from harness.ports import free_port  # noqa: E402
from harness.processes import adopt_orphans  # noqa: E402
from harness.sandbox import Sandbox, binary  # noqa: E402
from harness.wait import eventually  # noqa: E402
from harness.web import Load, answers  # noqa: E402
from harness.zookeeper import Registry  # noqa: E402

BOLD, DIM, PLAIN = ("\033[1m", "\033[2m", "\033[0m") if sys.stdout.isatty() else ("", "", "")
PATH = "/services/web"
SERVICE = "web"

NERVE = """apiPort: {api_port}
services:
  - name: {name}
    port: {port}
    checks:
      - {{type: http, path: /, checkIntervalInMilli: 200, rise: 1, fall: 1}}
    enableWarmupIntervalInMilli: 20      # 12 small steps up to the full weight
    disableMinDurationInMilli: 500       # a drain takes at least this long
    reporters:
      - {{type: zookeeper, hosts: ["{zookeeper}"], path: {path}}}
"""

SYNAPSE = """apiPort: {api_port}
routers:
  - type: haproxy
    runtimeDir: {runtime_dir}
    services:
      - name: {service}
        port: {port}
        watcher: {{type: zookeeper, hosts: ["{zookeeper}"], path: {path}}}
"""


def say(text=""):
    print(textwrap.fill(text, 100) if text else "", flush=True)


def step(number, title, text):
    print(f"\n{BOLD}{number}. {title}{PLAIN}", flush=True)
    say(text)


def show(text):
    print(textwrap.indent(text.rstrip(), "    "), flush=True)


def tally(seen):
    return ", ".join(f"{count} by {who}" for who, count in sorted(seen.items(), key=str))


class Demo:
    def __init__(self, sandbox):
        self.sandbox = sandbox
        self.instances = {}  # name -> (backend, nerve)

    def start(self):
        step(
            1,
            "Start",
            "A private ZooKeeper, three small HTTP backends, a nerve beside each, and one synapse with its HAProxy.",
        )
        self.zookeeper = self.sandbox.zookeeper()
        self.registry = Registry(self.zookeeper, PATH)
        for name in ("red", "green", "blue"):
            self.add(name)
        self.port = free_port()
        runtime_dir = self.sandbox.path("synapse")
        os.mkdir(runtime_dir)
        values = {
            "api_port": free_port(),
            "port": self.port,
            "runtime_dir": runtime_dir,
            "service": SERVICE,
            "path": PATH,
        }
        self.synapse = self.sandbox.synapse(SYNAPSE.format(zookeeper=self.zookeeper.hosts, **values))
        self.runtime = RuntimeSocket(os.path.join(runtime_dir, "haproxy.sock"))
        self.synapse.await_ready()
        self.await_rotation("red", "green", "blue")
        say(f"One of the nerves reads {self.instances['red'][1].config_path}:")
        show(self.instances["red"][1].config)
        say(f"synapse reads {self.synapse.config_path}:")
        show(self.synapse.config)

    def add(self, name):
        backend = self.sandbox.backend(name)
        config = NERVE.format(
            api_port=free_port(), name=name, port=backend.port, zookeeper=self.zookeeper.hosts, path=PATH
        )
        self.instances[name] = (backend, self.sandbox.nerve(config, f"nerve-{name}"))

    def await_rotation(self, *names, timeout=30):
        eventually(lambda: self.runtime.names_in_rotation(SERVICE) == set(names), timeout, f"HAProxy serves {names}")

    def request(self, count):
        """Sends that many requests, shows who answered, and fails when one was not answered."""
        seen = answers(self.port, count)
        show(f"$ {count} x curl http://127.0.0.1:{self.port}/\n{tally(seen)}")
        assert sum(seen[name] for name in self.instances) == count, f"requests failed: {dict(seen)}"
        return seen

    def list_registry(self):
        for command in (f"ls {PATH}", f"get {PATH}/{self.registry.names()[0]}"):
            show(f"$ zkCli.sh -server {self.zookeeper.hosts} {command}\n{self.zookeeper.cli(command)}")

    def show_registry(self):
        step(2, "The registry", "Each nerve checks its backend and keeps one readable, ephemeral node in ZooKeeper.")
        eventually(lambda: all(record["weight"] == 255 for record in self.registry.records().values()))
        self.list_registry()
        assert len(self.registry.names()) == 3

    def show_requests(self):
        step(3, "Requests", "synapse follows the registry. An application only knows its own localhost port.")
        seen = self.request(30)
        assert len(seen) == 3, "the requests are not spread over the three"

    def show_kill(self):
        step(
            4,
            "A backend is killed",
            "kill -9, and requests at once: HAProxy tries another one, until nerve has taken the dead one out.",
        )
        backend, _ = self.instances["green"]
        killed = time.monotonic()
        backend.kill()
        self.request(30)
        self.await_rotation("red", "blue")
        show(f"out of HAProxy at the latest {1000 * (time.monotonic() - killed):.0f} ms after the kill")
        seen = self.request(30)
        assert seen["green"] == 0
        names = self.registry.names()
        show("registry: " + ", ".join(names))
        assert len(names) == 2

    def show_return(self):
        step(
            5,
            "It is back",
            "The same port answers again; the weight rises step by step, so a cold backend is not overrun.",
        )
        backend, nerve = self.instances["green"]
        self.instances["green"] = (self.sandbox.backend("green", backend.port), nerve)
        self.await_rotation("red", "green", "blue")
        eventually(lambda: set(self.runtime.in_rotation(SERVICE).values()) == {255})
        seen = self.request(30)
        assert seen["green"] > 0, "green gets no requests"

    def show_deploy(self):
        step(
            6,
            "A rolling replacement on new ports, under load",
            "Each new instance comes up beside the old one; then the old one's nerve is told to stop: it takes itself "
            "out of the registry, waits for its drain, and only then the backend goes.",
        )
        worker = self.runtime.worker_pid()
        reloads = self.synapse.metrics().total("synapse_haproxy_reload_total")
        with Load(self.port) as load:
            for name in list(self.instances):
                old_backend, old_nerve = self.instances.pop(name)
                self.add(name + "-v2")
                eventually(lambda name=name: load.answers[name + "-v2"] > 0)
                old_nerve.stop()
                old_backend.stop()
                show(f"{name} on port {old_backend.port} -> {name}-v2 on port {self.instances[name + '-v2'][0].port}")
            self.await_rotation(*self.instances)
        reloads = self.synapse.metrics().total("synapse_haproxy_reload_total") - reloads
        show(
            f"{sum(load.answers.values())} requests meanwhile, {len(load.failures)} failed; "
            f"HAProxy reloads: {reloads:.0f}"
        )
        assert load.failures == [], load.failures[:5]
        assert reloads == 0 and self.runtime.worker_pid() == worker, "HAProxy was reloaded"
        self.request(30)

    def show_restart(self):
        step(
            7,
            "nerve is restarted",
            "kill -9, and the next start goes on with the same ZooKeeper session: nobody who reads the registry sees "
            "anything. SIGUSR2 does the same in a planned way.",
        )
        name, (backend, nerve) = next(iter(self.instances.items()))
        node = next(child for child in self.registry.names() if child.startswith(f"{name}_"))
        eventually(lambda: self.registry.records()[node]["weight"] == 255)
        before = self.registry.stat(node)
        nerve.kill()
        nerve = self.sandbox.nerve(nerve.config, f"nerve-{name}-again")
        self.instances[name] = (backend, nerve)
        eventually(lambda: nerve.get("/status")[0] == 200)
        after = self.registry.stat(node)
        show(f"{node}: session {before.ephemeralOwner:#x}, czxid {before.czxid:#x}, mzxid {before.mzxid:#x} before,")
        show(f"{' ' * len(node)}  session {after.ephemeralOwner:#x}, czxid {after.czxid:#x}, mzxid {after.mzxid:#x} after")
        assert after == before, "the restart was an event"

    def show_new_service(self):
        step(
            8,
            "A service is added by a file",
            "nerve follows its configuration and the files in servicesDir; what did not change is not touched.",
        )
        directory = self.sandbox.path("services.d")
        os.mkdir(directory)
        name, (backend, nerve) = next(iter(self.instances.items()))
        before = self.registry.stat(next(child for child in self.registry.names() if child.startswith(f"{name}_")))
        with open(nerve.config_path, "a", encoding="utf-8") as file:
            file.write(f"servicesDir: {directory}\n")
        with open(os.path.join(directory, "admin.yml"), "w", encoding="utf-8") as file:
            file.write(f"{{name: admin, port: {backend.port}, checks: [{{type: tcp, rise: 1}}], reporters: [{{type: console}}]}}\n")
        eventually(lambda: nerve.get("/services/admin/status")[0] == 200)
        show(f"$ nerve status --api 127.0.0.1:{nerve.api_port}\n{self.status(nerve)}")
        node = next(child for child in self.registry.names() if child.startswith(f"{name}_"))
        assert self.registry.stat(node) == before, f"{name} was touched"

    def status(self, nerve):
        command = [binary("nerve"), "status", "--api", f"127.0.0.1:{nerve.api_port}"]
        return subprocess.run(command, capture_output=True, text=True, timeout=10, check=False).stdout

    def show_metrics(self):
        step(9, "What both say of themselves", "Prometheus reads /metrics of each.")
        nerve = next(iter(self.instances.values()))[1]
        for program, pattern in ((nerve, "nerve_service_available"), (self.synapse, "synapse_(service|haproxy)_")):
            lines = [line for line in program.metrics().text.splitlines() if re.match(pattern, line)]
            show(f"$ curl http://127.0.0.1:{program.api_port}/metrics | grep -E '^{pattern}'\n" + "\n".join(lines))
            assert lines, "the metrics are missing"

    def run(self):
        began = time.monotonic()
        self.start()
        self.show_registry()
        self.show_requests()
        self.show_kill()
        self.show_return()
        self.show_deploy()
        self.show_restart()
        self.show_new_service()
        self.show_metrics()
        print(
            f"\n{BOLD}All of this was checked while it was shown.{PLAIN} {time.monotonic() - began:.0f} s", flush=True
        )

    def how_to_explore(self, pid):
        name, (backend, nerve) = next(iter(self.instances.items()))
        nerve_api, synapse_api = (f"http://127.0.0.1:{program.api_port}" for program in (nerve, self.synapse))
        commands = (
            (f"curl http://127.0.0.1:{self.port}/", "a backend, through HAProxy"),
            (f"kill {backend.pid}", f"the backend {name}"),
            (f"curl {nerve_api}/status", f"nerve of {name}; also /metrics"),
            (f"curl -X PUT {nerve_api}/services/{name}/disable", "drains it; .../enable brings it back"),
            (f"curl {synapse_api}/ready", "synapse; also /metrics"),
            (f"/usr/share/zookeeper/bin/zkCli.sh -server {self.zookeeper.hosts} ls {PATH}", "the registry"),
            (f"cat {self.sandbox.path('synapse', 'haproxy.cfg')}", "what HAProxy runs"),
            (f"ls {self.sandbox.directory}", "configurations and logs"),
        )
        width = max(len(command) for command, _ in commands)
        print(f"\n{BOLD}It runs on.{PLAIN} Try:")
        for command, what in commands:
            print(f"    {command:{width}}  # {what}")
        print(f"Stop it, and remove all of it, with:\n    kill {pid}\n", flush=True)


class Interrupted(Exception):
    pass


def interrupt(number, _frame):
    raise Interrupted(number)


def run_demo(keep, shown):
    """The exit status. `shown` is called when everything was shown and the rest is only waiting."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)
    adopt_orphans()
    sandbox = Sandbox()
    demo = Demo(sandbox)
    try:
        demo.run()
        if keep:
            demo.how_to_explore(os.getpid())
            shown()
            while True:
                signal.pause()
        return 0
    except Interrupted as interrupted:
        return 128 + interrupted.args[0]
    except Exception as error:  # pylint: disable=broad-except
        print(f"\nThe demo failed: {error}\n\nThe logs:", flush=True)
        for name, log in sandbox.logs():
            print(f"--- {name}\n{log[-3000:]}", flush=True)
        return 1
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        sandbox.close()


def run_in_background():
    """Runs the demo in a process that outlives us once it has shown everything."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        os.setsid()

        def shown():
            silent = os.open(os.devnull, os.O_RDWR)
            for descriptor in (0, 1, 2):
                os.dup2(silent, descriptor)
            os.write(writing, b"!")
            os.close(writing)

        os._exit(run_demo(True, shown))
    os.close(writing)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: os.kill(child, signal.SIGTERM))
    if os.read(reading, 1):
        return 0
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def main():
    parser = argparse.ArgumentParser(prog="demo.sh")
    parser.add_argument("--keep", action="store_true", help="leave everything running, and print how to explore it")
    if parser.parse_args().keep:
        return run_in_background()
    return run_demo(False, lambda: None)


if __name__ == "__main__":
    sys.exit(main())

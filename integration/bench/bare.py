"""The floors: the least programs that do what ours do (bare.cc), compiled when they are needed."""

import json
import os
import re
import subprocess

from harness.ports import free_port
from harness.processes import Process
from harness.wait import eventually

HERE = os.path.dirname(os.path.abspath(__file__))


def bare_program(sandbox):
    """The path of the executable."""
    path = sandbox.path("bare")
    if not os.path.exists(path):
        compiler = os.environ.get("CXX", "g++")
        source = os.path.join(HERE, "bare.cc")
        subprocess.run([compiler, "-std=c++20", "-O2", "-o", path, source], check=True, timeout=300)
    return path


class BareSynapse:
    """Follows a fleet's records, and tells an HAProxy of its own, which has the file that a synapse has written."""

    def __init__(self, sandbox, fleet):
        self._program = sandbox.synapse(fleet.config(), name="model").await_ready(60)
        path = sandbox.path("bare.cfg")
        # Others may have taken the ports since they were given back.
        text = re.sub(r"bind 127\.0\.0\.1:\d+", lambda _: f"bind 127.0.0.1:{free_port()}", self._program.haproxy_config())
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        self.runtime = self._program.runtime
        self._program.stop(20)
        argv = ["haproxy", "-W", "-db", "-f", path]
        self._haproxy = Process("haproxy", argv, sandbox.path(sandbox.unique("bare-haproxy.log")))
        eventually(lambda: os.path.exists(self.runtime.path) and self.runtime.worker_pid(), 20, interval=0.05)
        pairs = [word for s in range(fleet.services) for word in (fleet.path(s), fleet.proxy(s).decode())]
        argv = [bare_program(sandbox), "follow", fleet.server.port, self.runtime.path, *pairs]
        self._follower = Process("bare", argv, sandbox.path(sandbox.unique("bare.log")))
        eventually(lambda: "ready" in self._follower.log(), 30, interval=0.05)

    @property
    def pid(self):
        return self._follower.pid

    def stop(self):
        self._follower.kill()
        self._haproxy.stop()


def check_cost(sandbox, ports, seconds):
    """CPU seconds of a process that does a tcp and an http check of each port once a second; how many it did."""
    argv = [bare_program(sandbox), "check", str(seconds), *map(str, ports)]
    answer = subprocess.run(argv, check=True, capture_output=True, timeout=seconds + 60)
    checks, used = json.loads(answer.stdout)
    return used, checks

"""What benchmarks measure with: where they run, what processes use, and what the messages of a change cost alone."""

import contextlib
import os
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))

from harness.processes import adopt_orphans  # noqa: E402
from harness.sandbox import Sandbox, binary  # noqa: E402
from harness.zookeeper_wire import ZookeeperWire  # noqa: E402
from report import percentiles  # noqa: E402


@contextlib.contextmanager
def bench_sandbox(program):
    """What a benchmark runs in; builds the program first when there is none."""
    if not os.path.exists(binary(program)):
        setup = os.path.join(os.path.dirname(HERE), "setup.sh")
        os.execv(setup, [setup, "--", "/usr/bin/python3", *sys.argv])
    adopt_orphans()
    sandbox = Sandbox()
    try:
        yield sandbox
    finally:
        sandbox.close()


def milliseconds_since(start):
    return (time.perf_counter() - start) * 1000


def cpu_seconds(pid):
    """Of all its threads, also of those that have ended."""
    scheduler_clock = 2  # CPUCLOCK_SCHED; the clock's id is made of the process' as clock_getcpuclockid(3) does it
    return time.clock_gettime(~pid << 3 | scheduler_clock)


def cpu_seconds_of_children(pid):
    """Of those that it has waited for, with theirs; in steps of a clock tick."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")


def memory(pid):
    """Megabytes of each kind; the peak is of what was resident."""
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
        kilobytes = {line.split(":")[0]: int(line.split()[1]) for line in file if line.rstrip().endswith("kB")}
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        peak = next(int(line.split()[1]) for line in file if line.startswith("VmHWM:"))
    kinds = {
        "rss": kilobytes["Rss"],
        "uss": kilobytes["Private_Clean"] + kilobytes["Private_Dirty"],
        "pss": kilobytes["Pss"],
        "anon": kilobytes["Anonymous"],
        "peak": peak,
    }
    return {kind: round(value / 1024, 2) for kind, value in kinds.items()}


class SynapseCost:
    """The CPU seconds of a synapse, of the commands that it has waited for, and of the HAProxy worker that it had when
    this was made; and whether it has reloaded that since."""

    def __init__(self, program):
        self._program = program
        self._worker = program.runtime.worker_pid()
        self._reloads = self._counted()

    def _counted(self):
        return int(self._program.metrics().total("synapse_haproxy_reload_total"))

    def cpu(self):
        pid = self._program.pid
        return {
            "synapse": cpu_seconds(pid),
            "commands": cpu_seconds_of_children(pid),
            "haproxy": cpu_seconds(self._worker),
        }

    def reloads(self):
        """How many; one that nobody has counted shows in another worker."""
        return max(self._counted() - self._reloads, int(self._program.runtime.worker_pid() != self._worker))


class MessageFloors:
    """What the two messages of a change cost alone: a set in ZooKeeper until another connection has seen its watch fire,
    and a question on HAProxy's socket. Both in the caller's thread."""

    def __init__(self, fleet):
        self._fleet = fleet
        self._reader = ZookeeperWire(fleet.server.port)
        self.zookeeper, self.haproxy = [], []

    def measure(self, ask_haproxy):
        self._reader.watch(self._fleet.root)
        self._reader.done()
        start = time.perf_counter()
        self._fleet.writer.set(self._fleet.root, b"x")
        self._reader.await_event()
        self.zookeeper.append(milliseconds_since(start))
        self._fleet.writer.done()
        start = time.perf_counter()
        ask_haproxy()
        self.haproxy.append(milliseconds_since(start))

    def forget(self):
        self.zookeeper.clear()
        self.haproxy.clear()

    def add_to(self, report, prefix="", question="HAProxy socket command"):
        """Percentile -> that of both together, one right after the other."""
        report.add(f"{prefix}floor: ZooKeeper set -> watch", self.zookeeper)
        report.add(f"{prefix}floor: {question}", self.haproxy)
        return percentiles([sum(both) for both in zip(self.zookeeper, self.haproxy)])

    def close(self):
        self._reader.close()

"""What all benchmarks share: where they run, percentiles, the machine, the table and the JSON lines."""

import contextlib
import json
import math
import os
import platform
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))

from harness.processes import adopt_orphans  # noqa: E402
from harness.sandbox import Sandbox, binary  # noqa: E402


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


def percentile(values, share):
    """The value that `share` (0..1) of all values do not exceed, nearest rank."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * share) - 1)]


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


def machine():
    """What the figures depend on."""

    def first(command):
        try:
            answer = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
            return answer.stdout.strip().splitlines()[0]
        except (OSError, IndexError):
            return "?"

    with open("/proc/cpuinfo", encoding="utf-8") as file:
        models = [line.partition(":")[2].strip() for line in file if line.startswith("model name")]
    return {
        "cpu": models[0] if models else platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "kernel": platform.release(),
        "haproxy": first(["haproxy", "-v"]).partition("version ")[2].partition(" ")[0],
        "zookeeper": first(["dpkg-query", "-W", "-f=${Version}", "zookeeper"]),
        "python": platform.python_version(),
        "load": round(os.getloadavg()[0], 2),
    }


class Report:
    """Collects figures; prints them as a table and as one JSON line each."""

    def __init__(self, bench):
        self.bench = bench
        self.rows = []

    def add(self, figure, values, unit="ms", **more):
        self.rows.append(
            {
                "bench": self.bench,
                "figure": figure,
                "unit": unit,
                "n": len(values),
                "p50": round(percentile(values, 0.50), 3),
                "p99": round(percentile(values, 0.99), 3),
                "min": round(min(values), 3),
                "max": round(max(values), 3),
                **more,
            }
        )
        return self.rows[-1]

    def print_table(self, *extras):
        """`extras`: of further columns the title and the key that holds the value."""
        titles = "".join(f"{title:>13}" for title, _ in extras)
        print(f"{'':<46}{'p50 ms':>9}{'p99 ms':>9}{'max ms':>9}{'n':>7}{titles}")
        for row in self.rows:
            more = "".join(f"{row[key]:>13.2f}" if key in row else "" for _, key in extras)
            print(f"{row['figure']:<46}{row['p50']:>9.3f}{row['p99']:>9.3f}{row['max']:>9.3f}{row['n']:>7}{more}")

    def print_json(self, **more):
        for row in [*self.rows, {"bench": self.bench, "machine": machine(), **more}]:
            print(json.dumps(row))

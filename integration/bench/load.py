"""Requests at a steady pace from a process of their own, and what became of them."""

import collections
import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
# One connection for each request, and HAProxy tries nothing twice.
WITHOUT_RETRIES = [
    "mode http",
    "option httpclose",
    "retries 0",
    "no option redispatch",
    "timeout connect 2s",
    "timeout client 10s",
    "timeout server 10s",
    "timeout queue 5s",
]
LATE_MS = 100  # of the load itself; more than that is no steady pace


class Requests:
    """`rate` requests a second to `port` from its start until end(); also as a context manager."""

    def __init__(self, port, rate):
        argv = [sys.executable, os.path.join(HERE, "request_load.py"), str(port), str(rate)]
        self._process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.requests = []  # (start, milliseconds, None or what went wrong)
        self.late_ms_p99 = None

    def end(self):
        answer, _ = self._process.communicate(timeout=120)
        result = json.loads(answer)
        self.requests = sorted(map(tuple, result["requests"]))
        self.late_ms_p99 = result["late_ms_p99"]
        return self

    def __enter__(self):
        return self

    def __exit__(self, failed, *_):
        if failed is None:
            self.end()
        else:
            self._process.kill()
            self._process.wait()

    def milliseconds(self, begin=0.0, end=float("inf")):
        return [took for start, took, problem in self.requests if problem is None and begin <= start < end]

    def failures(self):
        """What went wrong of each request that failed."""
        return [problem for _, _, problem in self.requests if problem is not None]

    def rate(self):
        """Requests a second, as they were made."""
        return len(self.requests) / (self.requests[-1][0] - self.requests[0][0])


def add_load(report, loads, of):
    """The figures of `loads`, each of which was there during one round; `of`: what they were there for."""
    report.add(f"requests {of}", [len(load.requests) for load in loads], "")
    report.add(f"failed requests {of}", [len(load.failures()) for load in loads], "")
    report.add(f"requests a second {of}", [load.rate() for load in loads], "/s")
    report.add(f"lateness of the load {of}, at p99", [load.late_ms_p99 for load in loads])


def print_failures(loads):
    """What went wrong, and in how many rounds that may be the machine's fault."""
    loads = list(loads)
    counts = collections.Counter(problem for load in loads for problem in load.failures())
    for problem, count in sorted(counts.items()):
        print(f"  failed: {count} x {problem}")
    late = sum(load.late_ms_p99 > LATE_MS for load in loads)
    if late:
        print(
            f"In {late} of {len(loads)} rounds the load was itself late by more than {LATE_MS} ms (p99), as the machine was"
            " busy: what those say of latency and failures is nothing about the programs."
        )

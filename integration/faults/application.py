"""The application whose requests tell what a fault costs."""

import collections
import json
import os
import subprocess
import sys

from harness.wait import eventually

Failure = collections.namedtuple("Failure", "ended begun kind what")
# Requests in a second, of both kinds, at the usual rate.
RATE = 50
ASKED_IN_A_SECOND = RATE * 5 // 4
# What may be under way at a backend that dies: it is lost, and nobody can send it again.
UNDER_WAY = 8
_PROCESS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "application_process.py")


class Application:
    """Asks `rate` times a second through `port`, and a fourth as often over one connection that it keeps, in a process of
    its own (application_process.py) until close()."""

    def __init__(self, port, rate=RATE):
        argv = ["setpriv", "--pdeathsig", "KILL", "--", sys.executable, _PROCESS, str(port), str(rate)]
        self._process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.pid = self._process.pid

    def look(self):
        """What it has seen: `requests` (a number for each kind), `repeated`, `failures`, `longest` (seconds), and `answered` (who,
        how often, since the last look)."""
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        seen = json.loads(self._process.stdout.readline())
        seen["failures"] = [Failure(*failure) for failure in seen["failures"]]
        return seen

    def requests(self):
        return sum(self.look()["requests"].values())

    def await_answers(self, count=6):
        """Waits until so many more requests have ended, so that what was in flight is known."""
        begun = self.requests()
        eventually(lambda: self.requests() >= begun + count, 30, "the application is answered", interval=0.05)

    def close(self):
        self._process.stdin.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()

"""Many services that note when they are checked."""

import json
import os
import sys

from harness import web
from harness.processes import Process
from harness.wait import eventually


class CheckedServices(Process):
    """`count` services in one process (checked_server.py). Every `slow_every`-th answers after `delay` seconds."""

    def __init__(self, sandbox, count, delay=0, slow_every=1, status=200):
        log = sandbox.path(sandbox.unique("checked.log"))
        open(log, "w", encoding="ascii").close()
        server = os.path.join(os.path.dirname(os.path.abspath(__file__)), "checked_server.py")
        argv = [sys.executable, "-S", "-E", server, count, delay, slow_every, status]
        super().__init__("checked", argv, log)
        sandbox.processes.append(self)
        self._control, *self.ports = json.loads(eventually(lambda: self.log().endswith("]\n") and self.log(), 30))

    def noted(self):
        """What was noted since the last call; see checked_server.py."""
        return web.request_json(self._control, "/", timeout=10)[1]


def gaps(times):
    return [later - earlier for earlier, later in zip(times, times[1:])]

"""Builds what comes later while something runs that waits more than it computes."""

import os
import signal
import subprocess
import threading

from harness.processes import descendants, send

# A session is a group of its own for the kernel's scheduler, where it groups: both the group and what is in it stand back.
_STAND_BACK = '(echo 19 >/proc/self/autogroup) 2>/dev/null; exec chrt --idle 0 "$@"'


class Ahead:
    """Runs commands one after the other with what of the machine nobody else wants, for as long as the `with` lasts;
    what runs at its end is ended. Nothing is said of them, nor whether they succeed: whoever needs what they make
    runs them again, and they then go on where they were."""

    def __init__(self, commands):
        self._commands = list(commands)
        self._lock = threading.Lock()
        self._over = False
        self._process = None
        self._thread = threading.Thread(target=self._run)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        with self._lock:
            self._over = True
            if self._process:
                self._process.terminate()
        self._thread.join()

    def _run(self):
        for command in self._commands:
            with self._lock:
                if self._over:
                    return
                self._process = subprocess.Popen(
                    ["setpriv", "--pdeathsig", "TERM", "--", "sh", "-c", _STAND_BACK, "sh", *command],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,
                )
            self._process.wait()
            _end_session(self._process.pid)


def _end_session(session):
    """What a command that was ended in the middle could not end itself."""
    for pid in descendants():
        try:
            if os.getsid(pid) == session:
                send(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass

"""Processes that cannot outlive us.

Every process is started with a parent-death signal, and whoever calls adopt_orphans() gets the processes that its
children leave behind (a daemon, the HAProxy of a synapse that was killed) and can end all of them by
end_descendants().
"""

import ctypes
import os
import signal
import subprocess
import time

from harness.wait import eventually

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
_libc = ctypes.CDLL(None, use_errno=True)


def adopt_orphans():
    """Makes this process the parent of all descendants that lose theirs."""
    if _libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


def die_with_parent(number):
    """This process gets a signal when the thread that started it ends."""
    if _libc.prctl(PR_SET_PDEATHSIG, number, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


def send(pid, number):
    """A signal for a process that may have ended."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def _stat(pid):
    """The state and the parent of a process, or None."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
        return fields[0].decode(), int(fields[1])
    except (OSError, IndexError):
        return None


def descendants(of=None, without=()):
    """The pids of all living descendants, children first; `without`: pids that are left out, with their descendants."""
    children = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            stat = _stat(int(name))
            if stat and stat[0] not in "ZX":
                children.setdefault(stat[1], []).append(int(name))
    found, todo = [], [of or os.getpid()]
    while todo:
        new = [pid for pid in children.get(todo.pop(), []) if pid not in without]
        found += new
        todo += new
    return found


def end_descendants(deadline=5.0, keep=()):
    """Kills every descendant and waits until they are gone. Processes that start meanwhile are found too.

    `keep`: pids that are spared, with their descendants.
    """
    end = time.monotonic() + deadline
    while True:
        pids = descendants(without=keep)
        for pid in pids:
            send(pid, signal.SIGKILL)
        try:
            while os.waitpid(-1, os.WNOHANG) != (0, 0):
                pass
        except ChildProcessError:
            pass
        if not pids or time.monotonic() > end:
            return
        time.sleep(0.01)


def alive(pid):
    """True while the process runs; one that ended and was not waited for does not count. Its first thread may end before
    the others, which still have its sockets."""
    stat = _stat(pid)
    try:
        return stat is not None and (stat[0] not in "ZX" or threads(pid) > 1)
    except FileNotFoundError:
        return False


def children_of(pid):
    return [child for child in descendants(pid) if (_stat(child) or ("", 0))[1] == pid]


def parent_of(pid):
    """A LookupError when the process is gone."""
    stat = _stat(pid)
    if stat is None:
        raise LookupError(f"no process {pid}")
    return stat[1]


def open_descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def threads(pid):
    return len(os.listdir(f"/proc/{pid}/task"))


def resident_kb(pid):
    """The memory that a process has in RAM."""
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))


def anonymous_kb(pid):
    """The memory that a process has written to; what it has read of its program and its libraries is not in it."""
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("RssAnon"))


def zombies_of(pid):
    """How many children of a process have ended and were not reaped."""
    stats = [_stat(int(name)) for name in os.listdir("/proc") if name.isdigit()]
    return stats.count(("Z", pid))


def command_line(pid):
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return file.read().decode(errors="replace").rstrip("\0").split("\0")
    except OSError:
        return []


class Process:
    """One program with its output in a log file. stop() is polite, kill() is not; both return when it is gone."""

    def __init__(self, name, argv, log, env=None, cwd=None):
        self.name = name
        self.log_path = str(log)
        self._output = open(self.log_path, "ab")
        # A session of its own: Ctrl-C at the terminal is for us, and we end it in the order that we like.
        self._popen = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "--", *map(str, argv)],
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            cwd=cwd,
            env={**os.environ, "LC_ALL": "C.UTF-8", **(env or {})},
        )
        self.pid = self._popen.pid

    @property
    def exit_status(self):
        """None while it runs; negative: the signal that ended it."""
        return self._popen.poll()

    @property
    def running(self):
        return self.exit_status is None

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def signal(self, number):
        if self.running:
            self._popen.send_signal(number)

    def wait(self, timeout=20.0):
        """The exit status; an error when it does not end in time."""
        try:
            status = self._popen.wait(timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.name} still runs after {timeout} s\n{self.log()[-3000:]}") from None
        self._output.close()
        return status

    def stop(self, timeout=20.0):
        self.signal(signal.SIGTERM)
        return self.wait(timeout)

    def kill(self):
        self.signal(signal.SIGKILL)
        return self.wait()

    def pause(self):
        self.signal(signal.SIGSTOP)
        eventually(lambda: _stat(self.pid)[0] in "Tt", what=f"{self.name} is stopped")

    def resume(self):
        self.signal(signal.SIGCONT)

    def open_sockets(self):
        """The local ports of its TCP connections and listeners."""
        inodes = set()
        for descriptor in os.listdir(f"/proc/{self.pid}/fd"):
            try:
                target = os.readlink(f"/proc/{self.pid}/fd/{descriptor}")
            except OSError:
                continue
            if target.startswith("socket:["):
                inodes.add(target[8:-1])
        ports = set()
        for table in ("tcp", "tcp6"):
            with open(f"/proc/{self.pid}/net/{table}", encoding="ascii") as file:
                for line in list(file)[1:]:
                    fields = line.split()
                    if fields[9] in inodes:
                        ports.add(int(fields[1].rpartition(":")[2], 16))
        return ports

"""HAProxy as its operator sees it: its runtime socket, and one that runs outside of synapse."""

import os
import socket
import stat
import time

from harness.processes import Process
from harness.wait import eventually

RUNNING = 2  # srv_op_state: takes traffic unless something in srv_admin_state says no
ONCE_DISABLED = 4  # srv_admin_state: by the file; `state ready` ends that and leaves the bit


def takes_traffic(row):
    forced = int(row["srv_admin_state"]) & ~ONCE_DISABLED
    return int(row["srv_op_state"]) == RUNNING and forced == 0 and int(row["srv_uweight"]) > 0


def _started(pid):
    """When a process began, in the kernel's ticks; 0 when it cannot be seen."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            return int(file.read().rpartition(")")[2].split()[19])
    except OSError:
        return 0


class RuntimeSocket:
    """The command line of one HAProxy; a connection per command.

    For a moment after a reload the worker from before may still take a connection. What is read here is the word of the
    latest worker that was ever seen; command() takes whoever answers.
    """

    def __init__(self, path):
        self.path = str(path)
        self._latest = 0

    def saw(self, worker):
        """Somebody else was answered by this one."""
        self._latest = max(self._latest, _started(worker))

    def _latest_says(self, question=""):
        """What it answers to `show info` and to the question."""
        deadline = time.monotonic() + 20
        while True:
            info, _, answer = self.command(f"show info;{question}").partition("\n\n")
            info = dict(line.split(": ", 1) for line in info.splitlines() if ": " in line)
            started = _started(int(info["Pid"]))
            if started >= self._latest:
                self._latest = started
                return info, answer.lstrip("\n")
            assert time.monotonic() < deadline, "only a worker from before answers"
            time.sleep(0.01)

    def command(self, text, timeout=10.0):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(timeout)
            connection.connect(self.path)
            connection.sendall(text.encode() + b"\n")
            connection.shutdown(socket.SHUT_WR)
            answer = b""
            while part := connection.recv(65536):
                answer += part
        return answer.decode()

    def info(self):
        """`show info` as a dictionary of texts."""
        return self._latest_says()[0]

    def worker_pid(self):
        return int(self.info()["Pid"])

    def servers(self, backend=None):
        """`show servers state` as dictionaries; `backend` is a service's name or the whole name of a backend."""
        lines = self._latest_says("show servers state")[1].splitlines()
        header = lines[1].lstrip("# ").split()
        rows = [dict(zip(header, line.split())) for line in lines[2:] if line]
        return [
            row
            for row in rows
            if backend is None or row["be_name"].rpartition("_")[0] == backend or row["be_name"] == backend
        ]

    def server(self, backend, name):
        """The row of one server; nothing when HAProxy does not have it."""
        return next((row for row in self.servers(backend) if row["srv_name"] == name), None)

    def admin_state(self, backend, name):
        """1 forced maintenance, 8 forced drain, without the bit that says that the file once disabled it."""
        row = self.server(backend, name)
        return None if row is None else int(row["srv_admin_state"]) & ~ONCE_DISABLED

    def version(self):
        """(major, minor)"""
        return tuple(int(part) for part in self.info()["Version"].split("-")[0].split(".")[:2])

    def in_rotation(self, backend):
        """host:port -> weight of the servers that new connections can go to."""
        return {
            f"{row['srv_addr']}:{row['srv_port']}": int(row["srv_uweight"])
            for row in self.servers(backend)
            if takes_traffic(row)
        }

    def names_in_rotation(self, backend):
        return {
            row["srv_name"]
            for row in self.servers(backend)
            if takes_traffic(row)
        }


class ExternalHaproxy:
    """An HAProxy that somebody else runs, as with go-synapse: it is told to reload by a command.

    It starts with `config_path` as it then is, which synapse overwrites before each reload.
    """

    def __init__(self, directory):
        self.directory = str(directory)
        os.makedirs(self.directory, exist_ok=True)
        self.config_path = os.path.join(self.directory, "haproxy.cfg")
        self.socket_path = os.path.join(self.directory, "admin.sock")
        self.runtime = RuntimeSocket(self.socket_path)
        self.global_lines = [f"stats socket {self.socket_path} mode 600 level admin expose-fd listeners"]
        self.defaults_lines = [
            "mode http",
            "retries 3",
            "option redispatch",
            "timeout connect 2s",
            "timeout client 10s",
            "timeout server 10s",
        ]
        self._pid_path = os.path.join(self.directory, "pid")
        self._reloads_path = os.path.join(self.directory, "reloads")
        self.reload_command = [os.path.join(self.directory, "reload.sh")]
        with open(self.config_path, "w", encoding="ascii") as file:
            file.write(f"global\n  {self.global_lines[0]}\ndefaults\n")
            file.write("".join(f"  {line}\n" for line in self.defaults_lines))
        with open(self.reload_command[0], "w", encoding="ascii") as file:
            file.write(
                f'#!/bin/sh\nset -e\necho "$HAP_CONFIG" >>{self._reloads_path}\nkill -USR2 "$(cat {self._pid_path})"\n'
            )
        os.chmod(self.reload_command[0], stat.S_IRWXU)
        self.process = None

    def start(self):
        argv = ["haproxy", "-W", "-p", self._pid_path, "-f", self.config_path]
        self.process = Process("haproxy", argv, os.path.join(self.directory, "haproxy.log"))
        eventually(lambda: os.path.exists(self._pid_path) and self.runtime.info(), what="HAProxy answers")
        return self

    def reloads(self):
        """The HAP_CONFIG of each reload so far."""
        try:
            with open(self._reloads_path, encoding="ascii") as file:
                return file.read().splitlines()
        except FileNotFoundError:
            return []

    def router(self, services, **keys):
        """The configuration of a synapse router that drives this HAProxy."""
        return {
            "type": "haproxy",
            "configPath": self.config_path,
            "reloadCommand": self.reload_command,
            "reloadTimeoutInMilli": 5000,  # as long as synapse waits for what it does
            "global": self.global_lines,
            "defaults": self.defaults_lines,
            "services": services,
            **keys,
        }

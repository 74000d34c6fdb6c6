"""A machine that runs out of something, for one program or for several: as commands that execute a program there."""

import os
import subprocess

from harness.processes import Process
from harness.wait import eventually


class NoDisk(Exception):
    """This machine allows no mount namespace, or none that has our files: a container without CAP_SYS_ADMIN, a chroot."""


class Disk:
    """A file system of some size that only the programs started through `wrapper` see, at `path`; raises NoDisk.

    It lives as long as the sandbox, over all lives of these programs.
    """

    def __init__(self, sandbox, name, megabytes=4):
        self.path = sandbox.path(name)
        os.mkdir(self.path)
        script = f"mount -t tmpfs -o size={megabytes}m tmpfs {self.path} && echo mounted && exec sleep 100000"
        self._enter = ["nsenter", "--mount"]
        own = ["unshare", "--mount"]
        if os.geteuid() != 0:
            own = ["unshare", "-r", "--mount"]
            self._enter = ["nsenter", "--user", "--preserve-credentials", "--mount"]
        self._holder = Process("disk", [*own, "sh", "-c", script], sandbox.path(f"{name}.log"))
        sandbox.processes.append(self._holder)
        eventually(lambda: "mounted" in self._holder.log() or not self._holder.running, what="the disk is there")
        if not self._holder.running:
            raise NoDisk("this machine allows no mount namespace")
        self.root = f"/proc/{self._holder.pid}/root"
        self.wrapper = [*self._enter, f"--target={self._holder.pid}", "--"]
        if subprocess.run([*self.wrapper, "test", "-d", self.path], check=False, timeout=20).returncode != 0:
            raise NoDisk("a mount namespace of this machine has another root")

    def wrapper_for_all(self):
        """For programs that are to have everything there that they write."""
        return [*self.wrapper, "env", f"RUNTIME_DIRECTORY={self.path}"]

    def seen(self, *parts):
        """The path under which we see something that is there."""
        return os.path.join(self.root + self.path, *parts)

    def fill(self):
        with open(self.seen("filling"), "ab", buffering=0) as file:
            try:
                while True:
                    file.write(b"x" * 4096)
            except OSError:
                pass

    def empty(self):
        os.remove(self.seen("filling"))

    def read_only(self, yes):
        option = "remount,ro" if yes else "remount,rw"
        subprocess.run([*self.wrapper, "mount", "-o", option, self.path], check=True, timeout=20)


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", "rb") as file:
        fields = file.read().rpartition(b")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

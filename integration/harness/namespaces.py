"""Linux namespaces of a test's own, as a command that executes a program in them: the `wrapper` of Sandbox.nerve()."""

import subprocess

import pytest


def _first_that_works(*commands, lacks):
    for command in commands:
        if subprocess.run([*command, "true"], capture_output=True, check=False).returncode == 0:
            return command
    return pytest.skip(f"this machine allows no {lacks}")


def first_process():
    """The program is process 1 of a container; it ends when the wrapper does."""
    options = ["--fork", "--mount-proc", "--kill-child"]
    return _first_that_works(["unshare", "--pid", *options], ["unshare", "-r", "--pid", *options], lacks="pid namespace")


def with_files(**files):
    """Other files in the place of those in /etc: hosts="/tmp/mine"."""
    mounts = " && ".join(f"mount --bind {path} /etc/{name.replace('_', '.')}" for name, path in files.items())
    script = ["sh", "-c", f'{mounts} && exec "$@"', "sh"]
    return _first_that_works(["unshare", "-m", *script], ["unshare", "-rm", *script], lacks="mount namespace")


def without_inotify():
    """The program gets no inotify instance: the limit of a user namespace of its own is 0."""
    script = 'echo 0 > /proc/sys/user/max_inotify_instances && exec "$@"'
    return _first_that_works(["unshare", "-Ur", "sh", "-c", script, "sh"], lacks="user namespace")

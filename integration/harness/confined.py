"""A user without rights, a root that is read-only but for some directories, and the filter of the systemd unit."""

import json
import os
import subprocess

import pytest

from harness import units
from harness.build import sanitized

UID = 64_321  # nobody's

_SCRIPT = """
set -e
for place in $WRITABLE; do mount --bind "$place" "$place"; done
while read -r _ place kind rest; do
  case " $WRITABLE " in *" $place "*) continue ;; esac
  case $kind in proc|sysfs|devpts|devtmpfs|cgroup*|mqueue) continue ;; esac
  mount -o remount,bind,ro "$place" 2>/dev/null || true
done < /proc/self/mounts
unset WRITABLE
exec setpriv --reuid "$RUN_AS" --regid "$RUN_AS" --clear-groups --inh-caps=-all --ambient-caps=-all \
  --bounding-set=-all --no-new-privs env -u RUN_AS "$@"
"""


def writable(sandbox, *names):
    """Directories of the sandbox that the user may write to, and may reach."""
    os.chmod(sandbox.directory, 0o755)
    paths = []
    for name in names:
        path = sandbox.path(name)
        os.makedirs(path, exist_ok=True)
        os.chmod(path, 0o750)
        os.chown(path, UID, UID)
        paths.append(path)
    return paths


def confined(sandbox, directories, program=None, environment=()):
    """A wrapper for Sandbox.nerve() and its kin. `program`: whose unit's filter of system calls there is, too."""
    wrapper = [
        "env",
        f"WRITABLE={' '.join(directories)}",
        f"RUN_AS={UID}",
        # Looking for leaks takes the right to trace itself.
        *([f"ASAN_OPTIONS={os.environ.get('ASAN_OPTIONS', '')}:detect_leaks=0"] if sanitized() else []),
        *environment,
        "unshare",
        "--mount",
        "--propagation",
        "private",
        "sh",
        "-c",
        _SCRIPT,
        "sh",
    ]
    if subprocess.run([*wrapper, "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("this machine allows no mount namespace, or no other user")
    return wrapper + (_filtered(sandbox, program) if program and not sanitized() else [])


def _filtered(sandbox, program):
    pytest.importorskip("seccomp", reason="there is no python3-seccomp")
    path = sandbox.path(f"{program}.filter.json")
    wanted = {
        "calls": sorted(units.allowed_calls(program)),
        "families": units.address_families(program),
        "no_write_execute": units.settings(program)["MemoryDenyWriteExecute"] == ["yes"],
    }
    with open(path, "w", encoding="utf-8") as file:
        json.dump(wanted, file)
    loader = os.path.join(os.path.dirname(os.path.abspath(__file__)), "under_filter.py")
    return ["/usr/bin/python3", "-I", loader, path]


def rights(pid):
    """Of a process: user, capabilities, and whether it may never have more."""
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
        lines = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
    capabilities = {lines[key].strip() for key in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")}
    return {
        "users": set(lines["Uid"].split()),
        "capabilities": capabilities,
        "no_new_privileges": lines["NoNewPrivs"],
        "filter": lines["Seccomp"],
    }

"""The systemd units of conf/systemd: what they ask for, and the system calls that their filters leave."""

import functools
import os
import re
import subprocess

import pytest

_ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def path_of(program):
    return os.path.join(_ROOT, "conf", "systemd", f"{program}.service.in")


def settings(program):
    """key -> its values, in order; only the section [Service]."""
    found = {}
    section = None
    with open(path_of(program), encoding="utf-8") as file:
        for line in file:
            if line.startswith("["):
                section = line.strip()
            elif section == "[Service]" and "=" in line and not line.startswith("#"):
                key, value = line.strip().split("=", 1)
                found.setdefault(key, []).append(value)
    return found


@functools.cache
def _group(name):
    """The system calls of one of systemd's groups, with those of the groups in it."""
    listed = subprocess.run(["systemd-analyze", "syscall-filter", name], capture_output=True, text=True, check=True)
    calls = set()
    for line in listed.stdout.splitlines()[1:]:
        word = line.strip()
        if word.startswith("@"):
            calls |= _group(word)
        elif word and not word.startswith("#"):
            calls.add(word)
    return frozenset(calls)


def allowed_calls(program):
    """What the unit's SystemCallFilter lets through, as systemd.exec(5) tells: the first list allows, ~ takes away."""
    if subprocess.run(["systemd-analyze", "--version"], capture_output=True, check=False).returncode != 0:
        pytest.skip("there is no systemd-analyze")
    calls = set()
    for line in settings(program)["SystemCallFilter"]:
        words = line.lstrip("~").split()
        named = set().union(*(_group(word) if word.startswith("@") else {word} for word in words))
        calls = calls - named if line.startswith("~") else calls | named
    return calls


def address_families(program):
    return re.findall(r"AF_\w+", " ".join(settings(program)["RestrictAddressFamilies"]))

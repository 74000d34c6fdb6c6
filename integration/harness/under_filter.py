"""Executes a program under a filter of system calls, as systemd would: under_filter.py FILTER.json COMMAND...

FILTER has `calls` (their names), `families` (of sockets), `no_write_execute`. What is not allowed ends the process with
SIGSYS, where the units say EPERM: a test must notice.
"""

import ctypes
import json
import os
import socket
import sys

import seccomp

PR_SET_MDWE = 65
MDWE_REFUSE_EXEC_GAIN = 1


def load(calls, families):
    # Threads and what they start have it, too.
    rules = seccomp.SyscallFilter(seccomp.KILL_PROCESS)
    for call in calls:
        if call == "socket":
            continue
        try:
            rules.add_rule(seccomp.ALLOW, call)
        except (RuntimeError, OSError, ValueError):
            pass  # one of another architecture
    for family in families:
        rules.add_rule(seccomp.ALLOW, "socket", seccomp.Arg(0, seccomp.EQ, int(getattr(socket, family))))
    rules.load()


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        wanted = json.load(file)
    if wanted["no_write_execute"]:
        # A kernel before 6.3 does not know it.
        ctypes.CDLL(None).prctl(PR_SET_MDWE, MDWE_REFUSE_EXEC_GAIN, 0, 0, 0)
    load(wanted["calls"], wanted["families"])
    os.execvp(sys.argv[2], sys.argv[2:])


main()

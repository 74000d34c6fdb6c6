"""HAProxy's runtime state as a test asks for it, and what an operator does to it by hand."""

import os
import signal

from harness.haproxy import ONCE_DISABLED
from harness.processes import children_of, command_line, descendants
from harness.wait import eventually

MAINTENANCE, DRAIN, READY = 1, 8, 0  # RuntimeSocket.admin_state()
SOON = 20  # seconds; what is meant is less than two


def reloads(program, **labels):
    return program.metrics().total("synapse_haproxy_reload_total", **labels)


def rotation(program, *names, service="web"):
    eventually(lambda: program.runtime.names_in_rotation(service) == set(names), SOON, f"{names} in rotation")


def state(program, name, wanted, service="web"):
    eventually(lambda: program.runtime.admin_state(service, name) == wanted, SOON, f"{name} in state {wanted}")


def by_hand(program, name, wanted, service="web_1"):
    assert program.runtime.command(f"set server {service}/{name} state {wanted}").strip() == ""


def away(program, name, service="web", within=SOON):
    """Out of service for good: a tombstone, or gone where HAProxy can delete servers."""
    eventually(lambda: program.runtime.admin_state(service, name) in (MAINTENANCE, None), within, f"{name} is away")


def master_of(program):
    path = program.router["configPath"]
    lines = {pid: command_line(pid) for pid in descendants()}
    found = [pid for pid, line in lines.items() if line[:1] and "haproxy" in line[0] and path in line]
    return next(pid for pid in found if set(children_of(pid)) & set(found))


def reload_by_hand(program):
    """As an operator does: HAProxy loads the file that is there, once."""
    worker = program.runtime.worker_pid()
    for last in (False, False, True):
        os.kill(master_of(program), signal.SIGUSR2)
        try:
            # One in HAProxy's first milliseconds is lost; one that only takes its time must not be followed by another.
            eventually(lambda: program.runtime.worker_pid() != worker, SOON / 3, "HAProxy reloaded")
            return
        except AssertionError:
            if last:
                raise


def snapshot(program, service="web"):
    """What `show servers state` says of each server, but for what changes by itself."""
    rows = program.runtime.servers(service)
    return {
        row["srv_name"]: (
            row["srv_addr"],
            row["srv_port"],
            row["srv_uweight"],
            int(row["srv_admin_state"]) & ~ONCE_DISABLED,
            int(row["srv_check_state"]) & 6,
        )
        for row in rows
    }


def file_says(program, *texts):
    eventually(lambda: all(text in program.haproxy_config() for text in texts), SOON, f"{texts} in the file")

"""What the programs are made of: their size, and the libraries that they have mapped."""

import os
import subprocess

from harness.configs import check, nerve, nerve_service
from harness.ports import free_port
from harness.sandbox import binary
from harness.wait import eventually

# Checks that load the library of a client: it stays for the life of the process.
LOADING = {
    "https": {"type": "https"},
    "sql (mysql)": {"type": "sql", "driver": "mysql", "username": "u", "password": "p"},
    "sql (postgres)": {"type": "sql", "driver": "postgres", "username": "u", "password": "p"},
    "amqp": {"type": "amqp", "username": "u", "password": "p"},
}


def size(program):
    """Megabytes of the stripped file."""
    path, stripped = binary(program), f"/tmp/{program}.{os.getpid()}"
    try:
        subprocess.run(["strip", "-o", stripped, path], check=True, timeout=60)
        return os.path.getsize(stripped) / 1e6
    finally:
        if os.path.exists(stripped):
            os.unlink(stripped)


def libraries(pid):
    """The names of those that a process has mapped, without their versions."""
    with open(f"/proc/{pid}/maps", encoding="utf-8") as file:
        files = {os.path.basename(fields[5]) for line in file if len(fields := line.split()) > 5}
    return {name.partition(".so")[0] for name in files if ".so" in name}


def loaded_by(sandbox, kind):
    """The libraries of a nerve that has made one such check, of a port on which nobody listens."""
    program = sandbox.nerve(nerve(nerve_service(free_port(), checks=[check(**LOADING[kind])])))
    failed = lambda: program.metrics().total("nerve_checker_failure_total") > 0  # noqa: E731
    eventually(failed, 60, "the check was made")
    found = libraries(program.pid)
    program.stop(30)
    return found


def report_programs(report, mapped, loaded):
    """Adds and prints what is the same each time. `mapped`: program -> its libraries; `loaded`: kind of check -> those of
    a nerve that has made one."""
    first = len(report.rows)
    for program in ("nerve", "synapse"):
        report.add(f"{program}: stripped", [size(program)], "MB")
    for program, names in mapped.items():
        report.add(f"{program}: libraries mapped", [len(names)], "", libraries=sorted(names))
    for kind, names in loaded.items():
        more = names - mapped["nerve"]
        report.add(f"nerve: libraries that a check of {kind} adds", [len(more)], "", libraries=sorted(more))
    for row in report.rows[first:]:
        names = ": " + ", ".join(row["libraries"]) if "libraries" in row else ""
        print(f"{row['figure']}: {row['p50']:g} {row['unit']}".rstrip() + names)

"""The exec check: what a program may do to us, and what it leaves behind."""

import os

from harness import processes
from harness.configs import check
from harness.verdicts import failures, reason, start, up
from harness.wait import always, eventually


def shell(script, **keys):
    return check("exec", command=["sh", "-c", script], **keys)


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def zombies_of(pid):
    states = []
    for name in os.listdir("/proc"):
        try:
            fields = read(f"/proc/{name}/stat").rpartition(")")[2].split() if name.isdigit() else []
        except OSError:
            continue
        if fields and int(fields[1]) == pid and fields[0] == "Z":
            states.append(int(name))
    return states


def test_the_whole_group_is_killed_at_the_timeout(sandbox, registry):
    pids = sandbox.path("pids")
    script = f"(sleep 600 & echo $! >>{pids}; wait) & echo $! >>{pids}; echo waiting for a friend; wait"
    program = start(sandbox, registry, shell(script, timeoutInMilli=3000))
    eventually(lambda: reason(registry) == "sh: timed out after 3000 ms: waiting for a friend")
    eventually(lambda: failures(program) >= 3)
    first = [int(pid) for pid in read(pids).split()[:4]]
    assert len(first) == 4, "a child and a grandchild of each run"
    eventually(lambda: not any(map(processes.alive, first)))
    program.stop()
    left = [int(pid) for pid in read(pids).split()]
    eventually(lambda: not any(map(processes.alive, left)))


def test_what_it_leaves_in_the_background_is_killed_too(sandbox, registry):
    pids = sandbox.path("pids")
    start(sandbox, registry, shell(f"sleep 600 & echo $! >>{pids}"))
    eventually(lambda: up(registry))
    eventually(lambda: len(read(pids).split()) >= 3)
    first = [int(pid) for pid in read(pids).split()[:2]]
    eventually(lambda: not any(map(processes.alive, first)))


def test_many_runs_leave_no_zombie_and_no_descriptor(sandbox, registry):
    runs = sandbox.path("runs")
    checks = [shell(f"echo run >>{runs}", checkIntervalInMilli=5) for _ in range(4)]
    program = start(sandbox, registry, *checks)
    eventually(lambda: up(registry))
    descriptors = len(os.listdir(f"/proc/{program.pid}/fd"))
    eventually(lambda: len(read(runs)) // 4 > 200)
    assert len(os.listdir(f"/proc/{program.pid}/fd")) <= descriptors + 2 * len(checks)
    eventually(lambda: zombies_of(program.pid) == [])


def test_the_reason_holds_the_start_of_the_output(sandbox, registry):
    script = "echo 'disk full: /data'; printf '\\033[31mred\\n' >&2; head -c 10000000 /dev/zero | tr '\\0' x; exit 3"
    program = start(sandbox, registry, shell(script, timeoutInMilli=5000))
    eventually(lambda: reason(registry).startswith("sh: exit status 3: disk full: /data [31mred xxxx"))
    assert len(reason(registry)) < 400
    eventually(lambda: "disk full: /data" in program.log())


def test_a_program_that_never_stops_talking_is_stopped(sandbox, registry):
    program = start(sandbox, registry, check("exec", command=["yes"], timeoutInMilli=1000))
    eventually(lambda: reason(registry).startswith("yes: timed out after 1000 ms: y y y"))
    assert program.get("/version")[0] == 200


def test_a_program_that_is_not_there_is_named(sandbox, registry):
    start(sandbox, registry, check("exec", command=["/no/such/program"]))
    eventually(lambda: reason(registry) == "/no/such/program: cannot start: No such file or directory")


def test_the_environment_is_ours_and_what_is_configured(sandbox, registry):
    script = 'test "$EXTRA" = "a b" && test -n "$PATH" && test "$LC_ALL" = other'
    keys = {"environment": {"EXTRA": "a b", "LC_ALL": "other"}}
    start(sandbox, registry, shell(script, **keys))
    eventually(lambda: up(registry))
    always(lambda: up(registry), 0.2)

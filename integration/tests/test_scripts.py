"""The scripts around the tests: they count right, and leave nothing behind when they are interrupted."""

import json
import os
import signal
import subprocess
import sys

import pytest

import sanitized
from ahead import Ahead
from harness.processes import alive, descendants
from harness.sandbox import BUILD
from harness.wait import eventually

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
NO_TEST = ["-k", "none", "--ignore-glob=*"]


def script(sandbox, name, text):
    """The path of an executable of a pretended build; $REPORT is where its GoogleTest report belongs."""
    path = sandbox.path(name)
    with open(path, "w", encoding="ascii") as file:
        file.write(f"#!/bin/sh\nREPORT=${{1#--gtest_output=json:}}\n{text}\n")
    os.chmod(path, 0o700)
    return path


def run_tests(sandbox, executables, *arguments):
    """A started run_tests.py that finds these unit tests and no integration test."""
    with open(sandbox.path("unit_tests.txt"), "w", encoding="ascii") as file:
        file.write("".join(f"{path}\n" for path in executables))
    return start(sandbox, os.path.join(HERE, "run_tests.py"), *NO_TEST, *arguments, BUILD_DIR=sandbox.directory)


def start(sandbox, *arguments, **environment):
    """Python with these arguments."""
    temporary = sandbox.path("tmp")
    os.makedirs(temporary, exist_ok=True)
    return subprocess.Popen(
        [sys.executable, *arguments],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": temporary, **environment},
    )


REPORT = """echo '{"tests": %d, "failures": %d, "disabled": 0, "errors": 0}' >"$REPORT"; exit %d"""


@pytest.mark.parametrize(
    "texts,last,status",
    [
        ([REPORT % (3, 0, 0), REPORT % (2, 0, 0)], "5 passed, 0 failed", 0),
        ([REPORT % (3, 0, 0), REPORT % (5, 2, 1)], "6 passed, 2 failed", 1),
        ([REPORT % (3, 0, 0), "kill -SEGV $$"], "3 passed, 1 failed", 1),
        ([REPORT % (3, 0, 0), REPORT % (4, 0, 1)], "7 passed, 1 failed", 1),
        ([REPORT % (3, 0, 0), REPORT % (0, 0, 0)], "3 passed, 1 failed", 1),
        ([REPORT % (3, 0, 0), None], "3 passed, 1 failed", 1),
        ([], "0 passed, 0 failed", 1),
    ],
    ids=["good", "failures", "crash", "bad exit", "empty", "missing", "nothing"],
)
def test_the_last_line_counts_everything(sandbox, texts, last, status):
    paths = [script(sandbox, f"t{i}", text) if text else sandbox.path("none") for i, text in enumerate(texts)]
    process = run_tests(sandbox, paths)
    output = process.communicate(timeout=60)[0]
    assert output.splitlines()[-2:] == ["0 skipped", last]
    assert process.returncode == status
    assert os.listdir(sandbox.path("tmp")) == []


def test_skipped_ones_are_counted_apart_and_say_why(sandbox):
    suites = [{"testsuite": [{"result": "SKIPPED"}, {"result": "COMPLETED"}, {"result": "COMPLETED"}]}]
    report = json.dumps({"tests": 3, "failures": 0, "disabled": 0, "errors": 0, "testsuites": suites})
    with open(sandbox.path("unit_tests.txt"), "w", encoding="ascii") as file:
        file.write(script(sandbox, "t", f"""echo '{report}' >"$REPORT\""""))
    with open(sandbox.path("test_some.py"), "w", encoding="ascii") as file:
        file.write(_SKIPPED)
    arguments = [os.path.join(HERE, "run_tests.py"), "-n0", sandbox.path("test_some.py")]
    process = start(sandbox, *arguments, BUILD_DIR=sandbox.directory)
    output = process.communicate(timeout=60)[0]
    assert output.splitlines()[-2:] == ["2 skipped", "3 passed, 0 failed"]
    assert "SKIPPED [1]" in output and "no moon tonight" in output
    assert process.returncode == 0


_SKIPPED = """
import pytest

def test_passes():
    pass

def test_is_skipped():
    pytest.skip("no moon tonight")
"""


def test_unit_tests_can_be_chosen(sandbox):
    paths = [script(sandbox, f"t{i}", REPORT % (i, 0, 0)) for i in (1, 2, 4)]
    process = run_tests(sandbox, paths, "--unit-tests=t1,t4")
    assert process.communicate(timeout=60)[0].splitlines()[-1] == "5 passed, 0 failed"


@pytest.fixture
def part(monkeypatch):
    """A part whose build and run are shell commands: part("what builds it", "what it runs")."""

    def make(setup, command, like=sanitized.PARTS[0]):
        monkeypatch.setattr(like, "setup", lambda: ["sh", "-c", setup])
        monkeypatch.setattr(like, "command", lambda: ["sh", "-c", command])
        return like

    return make


@pytest.mark.parametrize(
    "text,counts",
    [
        ("echo one; echo '2 skipped'; echo '3 passed, 0 failed'", (3, 0, 2)),
        ("echo '3 passed, 2 failed'; exit 1", (3, 2, 0)),
        ("echo '3 passed, 0 failed'; exit 1", (3, 1, 0)),
        ("exit 1", (0, 1, 0)),
        ("echo '0 passed, 0 failed'", (0, 1, 0)),
        ("kill -SEGV $$", (0, 1, 0)),
    ],
    ids=["good", "failures", "bad exit", "no last line", "nothing", "crash"],
)
def test_a_build_with_sanitizers_is_counted(part, text, counts, capfd):
    assert part(":", text).run() == counts
    assert f"asan: {counts[0]} passed, {counts[1]} failed, built in" in capfd.readouterr().out


@pytest.mark.parametrize(
    "text,counts",
    [
        ("echo '14 targets without a finding, 0 with one'", (14, 0, 0)),
        ("echo '13 targets without a finding, 1 with one'; exit 1", (13, 1, 0)),
        ("exit 1", (0, 1, 0)),
    ],
    ids=["good", "finding", "crash"],
)
def test_a_finding_of_a_fuzz_target_is_a_failure(part, text, counts):
    assert part(":", text, like=sanitized.PARTS[-1]).run() == counts


def test_a_build_that_fails_is_a_failure(part):
    assert part("exit 3", "echo '3 passed, 0 failed'").run() == (0, 1, 0)


def test_what_is_run_with_sanitizers_is_there():
    for part in sanitized.PARTS:
        assert all(os.path.exists(word) for word in part.command() if word.endswith(".py"))


def test_what_comes_later_is_built_meanwhile_and_no_longer(sandbox):
    pids = sandbox.path("pids")
    build = ["sh", "-c", f"trap 'echo ended >>{pids}; exit' TERM; sleep 300 & echo $! >>{pids}; wait"]
    never = ["sh", "-c", f"echo never >>{pids}"]

    def written():
        with open(pids, encoding="ascii") as file:
            return file.read().split()

    open(pids, "w", encoding="ascii").close()
    with Ahead([["false"], build, never]):
        (pid,) = eventually(written, 120)  # it runs when nobody else wants to
        assert os.sched_getscheduler(int(pid)) == os.SCHED_IDLE
        assert alive(int(pid))
    assert written() == [pid, "ended"]
    eventually(lambda: not alive(int(pid)))


def test_interrupted_tests_leave_nothing(sandbox):
    pids = sandbox.path("pids")
    text = f"setsid sleep 300 & echo $! >>{pids}\n(sleep 300 & echo $! >>{pids})\nsleep 300"
    process = run_tests(sandbox, [script(sandbox, "t", text)])

    def started():
        with open(pids, encoding="ascii") as file:
            return (found := [int(pid) for pid in file.read().split()]) and len(found) == 2 and found

    daemons = eventually(started)
    process.send_signal(signal.SIGTERM)
    output = process.communicate(timeout=60)[0]
    assert process.returncode == 128 + signal.SIGTERM
    assert "interrupted" in output and "passed" not in output
    eventually(lambda: not any(alive(pid) for pid in daemons), 10)
    assert os.listdir(sandbox.path("tmp")) == []


_NEVER_END = """
import os, time
import pytest

@pytest.mark.parametrize("name", ["one", "two"])
def test_never_ends(sandbox, name):
    backend = sandbox.backend(name)
    os.write(os.open({pids!r}, os.O_WRONLY | os.O_APPEND | os.O_CREAT), b"%d %d\\n" % (os.getpid(), backend.pid))
    time.sleep(100)
"""


@pytest.fixture
def two_workers(sandbox):
    """A pytest that runs two tests at the same time, and the pids of each: its worker and what it has started."""
    pids = sandbox.path("pids")
    with open(sandbox.path("test_two.py"), "w", encoding="ascii") as file:
        file.write(_NEVER_END.format(pids=pids))
    # The fixtures of a conftest.py are for all tests only when it stands outside of pytest's root.
    pytest_here = ["-m", "pytest", f"--rootdir={sandbox.directory}", "-p", "conftest", "-p", "no:cacheprovider"]
    arguments = [*pytest_here, "-n", "2", sandbox.path("test_two.py")]
    process = start(sandbox, *arguments, PYTHONPATH=HERE, PYTHONDONTWRITEBYTECODE="1")

    def started():
        with open(pids, encoding="ascii") as file:
            return len(found := [tuple(map(int, line.split())) for line in file]) == 2 and found

    yield process, eventually(started, 120)
    process.kill()


def test_interrupted_workers_leave_nothing(sandbox, two_workers):
    process, pids = two_workers
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert process.returncode == pytest.ExitCode.INTERRUPTED
    eventually(lambda: not any(alive(pid) for pair in pids for pid in pair), 10)
    assert [name for name in os.listdir(sandbox.path("tmp")) if not name.startswith("pytest-of-")] == []


def test_the_test_of_a_worker_that_dies_has_failed(sandbox, two_workers):
    process, ((dies, left), (worker, _)) = two_workers
    os.kill(dies, signal.SIGKILL)
    eventually(lambda: not alive(left))
    os.kill(worker, signal.SIGALRM)  # as if it took too long
    output = process.communicate(timeout=60)[0]
    assert process.returncode == pytest.ExitCode.TESTS_FAILED
    assert "2 failed" in output and "crashed" in output and "took more than" in output
    assert "backend-" in output, "the log of what it had started"


def test_an_interrupted_demo_leaves_nothing(sandbox):
    process = start(sandbox, os.path.join(HERE, "demo.py"), BUILD_DIR=BUILD)
    while not process.stdout.readline().startswith("3. "):
        assert process.poll() is None
    began = descendants(process.pid)
    assert len(began) >= 8, "ZooKeeper, three backends, three nerves, synapse, HAProxy"
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGINT
    eventually(lambda: not any(alive(pid) for pid in began), 10)
    assert os.listdir(sandbox.path("tmp")) == []

"""Runs the unit tests of a build, the integration tests, and with sanitizers what sanitized.py says; ends with one line:
"N passed, N failed", and before it with "N skipped" (pytest tells their reasons).

Called by test.sh with BUILD_DIR in the environment; all arguments but our own go to pytest.
"""

import argparse
import concurrent.futures
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
sys.path.insert(0, HERE)

import sanitized  # noqa: E402
from ahead import Ahead  # noqa: E402
from harness import sanitizers  # noqa: E402
from harness.processes import adopt_orphans, end_descendants  # noqa: E402

CORES = len(os.sched_getaffinity(0))
UNIT_TEST_SECONDS = 300
INTEGRATION_SECONDS = 3600
# Integration tests wait more than they compute.
WORKERS = 2 * CORES


class Interrupted(Exception):
    pass


def interrupt(number, _frame):
    raise Interrupted(number)


def run(argv, timeout, **options):
    """The exit status, or a text that says why there is none."""
    try:
        return subprocess.run(argv, timeout=timeout, stdin=subprocess.DEVNULL, cwd=ROOT, **options).returncode
    except subprocess.TimeoutExpired:
        return f"still running after {timeout} s"
    except OSError as error:
        return str(error)


def unit_test(executable, work):
    """(passed, failed, skipped, what there is to tell) of one GoogleTest executable. One that crashes, hangs or is missing has
    one failure more."""
    name = os.path.basename(executable)
    directory = os.path.join(work, name)
    os.mkdir(directory)
    report = os.path.join(directory, "report.json")
    log = os.path.join(directory, "log")
    env = {**os.environ, **sanitizers.environment(directory)}
    with open(log, "wb") as output:
        argv = [executable, f"--gtest_output=json:{report}"]
        status = run(argv, UNIT_TEST_SECONDS * sanitizers.SLOWER, stdout=output, stderr=output, env=env)
    try:
        with open(report, encoding="utf-8") as file:
            result = json.load(file)
        failed = result["failures"] + result.get("errors", 0)
        suites = result.get("testsuites", [])
        skipped = sum(test.get("result") == "SKIPPED" for suite in suites for test in suite["testsuite"])
        passed = result["tests"] - failed - result.get("disabled", 0) - skipped
        if passed + failed + skipped == 0:
            status = "it ran no test"
    except (OSError, ValueError, KeyError):
        passed, failed, skipped = 0, 0, 0
    findings = sanitizers.take_findings(directory)
    if (failed > 0) != (status != 0) or (findings and not failed):  # the process and its report disagree
        failed += 1
    words = f"{name}: {passed} passed" + (f", {failed} failed ({status})" if failed else "") + "\n"
    if failed:
        with open(log, encoding="utf-8", errors="replace") as file:
            words += "\n".join([file.read()[-20_000:], *findings, ""])
    return passed, failed, skipped, words


def unit_tests(executables, work):
    """(passed, failed, skipped) of each; one for each core at a time."""
    counts = []
    pool = concurrent.futures.ThreadPoolExecutor(CORES)
    results = [pool.submit(unit_test, executable, work) for executable in executables]
    try:
        for result in results:
            *count, words = result.result()
            print(words, end="", flush=True)
            counts.append(count)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        while not all(result.done() for result in results):  # interrupted: what runs is ended, and nothing begins
            end_descendants()
            time.sleep(0.01)
    return counts


def distribution(arguments):
    """How pytest is to distribute the tests. A selection is few tests, for which workers are not worth their start;
    -n among the arguments says otherwise."""
    chosen = any(argument.startswith(("-k", "-m", "-n")) for argument in arguments)
    return ["--dist=loadgroup", *([] if chosen else ["-n", str(WORKERS)])]


def integration_tests(arguments, work):
    report = os.path.join(work, "pytest.xml")
    argv = [
        "setpriv",
        "--pdeathsig",
        "TERM",
        "--",
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-rs",
        "-p",
        "no:cacheprovider",
        f"--junitxml={report}",
        *distribution(arguments),
    ]
    env = {**os.environ, "TMPDIR": work, "PYTHONDONTWRITEBYTECODE": "1"}
    if any(argument.split("::")[0].endswith(".py") for argument in arguments):
        tests = []
    else:
        # What takes long of the fault suite has a command of its own; -m among the arguments says otherwise.
        tests = [os.path.join(HERE, "tests"), os.path.join(HERE, "faults"), "-m", "not long"]
    status = run([*argv, *tests, *arguments], INTEGRATION_SECONDS * sanitizers.SLOWER, env=env)
    passed, failed, skipped = 0, 0, 0
    try:
        for case in xml.etree.ElementTree.parse(report).iter("testcase"):
            if case.find("failure") is not None or case.find("error") is not None:
                failed += 1
            elif case.find("skipped") is not None:
                skipped += 1
            else:
                passed += 1
    except (OSError, xml.etree.ElementTree.ParseError):
        pass
    if status not in (0, 1, 5) or (status == 1 and failed == 0):
        print(f"pytest ended with {status}", flush=True)
        failed += 1
    return passed, failed, skipped


class Timed:
    """Says how long something took."""

    def __init__(self, what):
        self._what = what

    def __enter__(self):
        self._start = time.monotonic()

    def __exit__(self, *_):
        print(f"{self._what}: {time.monotonic() - self._start:.0f} s", flush=True)


def run_all(ours, arguments, work):
    """[(passed, failed, skipped)] of each thing that was run."""
    with open(os.path.join(os.environ["BUILD_DIR"], "unit_tests.txt"), encoding="utf-8") as file:
        executables = file.read().split()
    if ours.unit_tests:
        chosen = ours.unit_tests.split(",")
        executables = [path for path in executables if os.path.basename(path) in chosen]
    with Timed("unit tests"):
        results = unit_tests(executables, work)
    with Timed("integration tests"), Ahead(part.setup() for part in sanitized.PARTS if ours.sanitizers):
        results.append(integration_tests(arguments, work))
    if ours.sanitizers:
        results += sanitized.run()
    return results


def our_arguments():
    """Ours, and those of pytest."""
    parser = argparse.ArgumentParser(allow_abbrev=False, add_help=False)
    parser.add_argument("--sanitizers", action="store_true", help="then what sanitized.py says")
    parser.add_argument("--unit-tests", metavar="A,B", help="these executables only")
    return parser.parse_known_args()


def main():
    ours, arguments = our_arguments()
    adopt_orphans()
    sanitizers.settle_addresses()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)
    work = tempfile.mkdtemp(prefix="nst-")
    try:
        passed, failed, skipped = (sum(column) for column in zip(*run_all(ours, arguments, work)))
        status = 0 if failed == 0 and passed > 0 else 1
    except Interrupted as interrupted:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        print(f"interrupted by {signal.Signals(interrupted.args[0]).name}", flush=True)
        status = 128 + interrupted.args[0]
    finally:
        end_descendants()
        shutil.rmtree(work, ignore_errors=True)
    if status < 128:
        print(f"{skipped} skipped")
        print(f"{passed} passed, {failed} failed", flush=True)
    return status


if __name__ == "__main__":
    sys.exit(main())

"""What test.sh --sanitizers runs of the builds with sanitizers: as much as a run without any earlier build has time for.

`test.sh --preset asan` and `--preset tsan` run all tests, and fuzz.sh every target for as long as one likes.
"""

import os
import re
import signal
import subprocess
import sys
import time

from ahead import Ahead

HERE = os.path.dirname(os.path.abspath(__file__))
LIMIT_SECONDS = 2400
FUZZ_SECONDS = 5


class Part:
    """A build, or some of it, and what is run of it."""

    def __init__(self, preset, targets, command, counts):
        self.preset = preset
        self._targets = targets
        self._command = command
        self._counts = re.compile(counts)  # the lines with what has passed, failed or was skipped

    def setup(self):
        """The command that builds it."""
        setup = [os.path.join(HERE, "setup.sh"), "--preset", self.preset, "--targets", " ".join(self._targets)]
        return ["timeout", "--kill-after=30", str(LIMIT_SECONDS), *setup]

    def command(self):
        return ["timeout", "--kill-after=30", str(LIMIT_SECONDS), *self._command]

    def run(self, later=()):
        """(passed, failed, skipped); the output goes to ours. Meanwhile those that come later are built."""
        print(f"sanitizers: {self.preset} ...", flush=True)
        start = time.monotonic()
        counts = {"passed": 0, "failed": 0, "skipped": 0}
        status = subprocess.run(self.setup(), stdin=subprocess.DEVNULL, check=False).returncode
        built = time.monotonic()
        if status == 0:
            with Ahead(part.setup() for part in later):
                status = self._run(counts)
        passed, failed, skipped = counts.values()
        if (status != 0 or passed == 0) and failed == 0:
            print(f"sanitizers: {self.preset} ended with {_ending(status)}", flush=True)
            failed = 1
        seconds = f"built in {built - start:.0f} s, run in {time.monotonic() - built:.0f} s"
        print(f"sanitizers: {self.preset}: {passed} passed, {failed} failed, {seconds}", flush=True)
        return passed, failed, skipped

    def _run(self, counts):
        env = {**os.environ, "BUILD_DIR": os.path.join(os.path.dirname(HERE), "build", self.preset)}
        with subprocess.Popen(
            self.command(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, env=env
        ) as process:
            for line in process.stdout:
                if found := self._counts.fullmatch(line.rstrip("\n")):
                    counts.update((name, int(number)) for name, number in found.groupdict().items() if number)
                else:
                    print(line, end="", flush=True)
        return process.returncode


def _ending(status):
    return f"status {status}" if status >= 0 else signal.Signals(-status).name


def _tests(preset, unit_tests, files):
    """Unit tests (none: all there are) and files of integration tests."""
    command = [sys.executable, os.path.join(HERE, "run_tests.py")]
    if unit_tests:
        command.append("--unit-tests=" + ",".join(unit_tests))
    command += [os.path.join(HERE, "tests", f"test_{name}.py") for name in files]
    targets = ["nerve", "synapse", *unit_tests] if unit_tests else ["all"]
    return Part(preset, targets, command, r"(?P<passed>\d+) passed, (?P<failed>\d+) failed|(?P<skipped>\d+) skipped")


def _fuzzing():
    """Every target for a look, which finds what a change has broken at once. The inputs are drawn in the same order each time:
    a run must not fail because of what has been there for long, which fuzz.sh looks for with other ones."""
    command = [sys.executable, os.path.join(HERE, "fuzz.py"), "--seconds", str(FUZZ_SECONDS), "--seed", "1"]
    counts = r"(?P<passed>\d+) targets without a finding, (?P<failed>\d+) with one"
    return Part("fuzz", ["fuzz"], command, counts)


PARTS = (
    # Whatever gives memory back while something may still use it: lives that end, are replaced and handed over, answers
    # that come when nobody waits any more, libraries that are loaded when a check needs them.
    _tests(
        "asan",
        unit_tests=(),
        files=("nerve_reload", "nerve_restart", "nerve_api", "synapse_reload", "synapse_api", "synapse_sources"),
    ),
    # Whatever has threads: those of the ZooKeeper client, and the pool for what blocks.
    _tests(
        "tsan",
        unit_tests=(
            "common_runtime_test",
            "common_zookeeper_test",
            "common_http_test",
            "nerve_check_test",
            "nerve_report_test",
            "synapse_watch_test",
        ),
        files=("nerve_zookeeper", "nerve_reload_sessions", "checks_amqp", "checks_http", "synapse_sources"),
    ),
    _fuzzing(),
)


def run():
    """[(passed, failed, skipped)] of each part."""
    return [part.run(later=PARTS[i + 1 :]) for i, part in enumerate(PARTS)]

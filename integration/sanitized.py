"""What test.sh --sanitizers runs of the builds with sanitizers: as much as a run without any earlier build has time for.

`test.sh --preset asan` and `--preset tsan` run everything.
"""

import os
import re
import signal
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
LIMIT_SECONDS = 1200
_LAST_LINE = re.compile(r"(\d+) passed, (\d+) failed\n?")


class Part:
    """A build, or some of it, and what of it is run."""

    def __init__(self, preset, unit_tests, tests):
        self.preset = preset
        self.unit_tests = unit_tests  # nothing: all there are
        self.tests = tests

    def command(self):
        targets = ["nerve", "synapse", *self.unit_tests] if self.unit_tests else ["all"]
        run_tests = [sys.executable, os.path.join(HERE, "run_tests.py")]
        if self.unit_tests:
            run_tests.append("--unit-tests=" + ",".join(self.unit_tests))
        files = [os.path.join(HERE, "tests", f"test_{name}.py") for name in self.tests]
        setup = [os.path.join(HERE, "setup.sh"), "--preset", self.preset, "--targets", " ".join(targets)]
        return ["timeout", "--kill-after=30", str(LIMIT_SECONDS), *setup, "--", *run_tests, *files]

    def run(self):
        """(passed, failed); the output goes to ours."""
        print(f"sanitizers: {self.preset} ...", flush=True)
        start = time.monotonic()
        passed, failed = 0, 0
        with subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as process:
            for line in process.stdout:
                if found := _LAST_LINE.fullmatch(line):
                    passed, failed = int(found[1]), int(found[2])
                else:
                    print(line, end="", flush=True)
        if (process.returncode != 0 or passed == 0) and failed == 0:
            print(f"sanitizers: {self.preset} ended with {_ending(process.returncode)}", flush=True)
            failed = 1
        seconds = time.monotonic() - start
        print(f"sanitizers: {self.preset}: {passed} passed, {failed} failed in {seconds:.0f} s", flush=True)
        return passed, failed


def _ending(status):
    return f"status {status}" if status >= 0 else signal.Signals(-status).name


PARTS = (
    # Whatever gives memory back while something may still use it: lives that end, are replaced and handed over, answers
    # that come when nobody waits any more, libraries that are loaded when a check needs them.
    Part(
        "asan",
        unit_tests=(),
        tests=("nerve_reload", "nerve_restart", "nerve_api", "synapse_reload", "synapse_api", "synapse_sources"),
    ),
    # Whatever has threads: those of the ZooKeeper client, and the pool for what blocks.
    Part(
        "tsan",
        unit_tests=(
            "common_runtime_test",
            "common_zookeeper_test",
            "common_http_test",
            "nerve_check_test",
            "nerve_report_test",
            "synapse_watch_test",
        ),
        tests=("nerve_zookeeper", "nerve_reload_sessions", "checks_amqp", "checks_http", "synapse_sources"),
    ),
)


def run():
    """[(passed, failed)] of each part."""
    return [part.run() for part in PARTS]

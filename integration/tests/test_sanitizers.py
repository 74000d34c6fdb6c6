"""The sanitizers lose no finding, however a process ends and wherever its stderr goes."""

import os
import subprocess
import sys

import pytest

from harness import sanitizers
from harness.wait import eventually

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

LEAK = "int* volatile p; int main() { p = new int; p = nullptr; }"
USE_AFTER_FREE = "int* volatile p; int main() { p = new int; delete p; *p = 1; }"
OVERFLOW = "int main(int n, char**) { return n + 2147483647; }"
RACE = """
#include <thread>
#include <unistd.h>
int shared;
int main() {
  // Many times: two at the very same moment may miss each other.
  const auto count = [] { for (int i = 0; i < 1000; ++i) ++shared; };
  std::thread other(count);
  count();
  other.join();
  pause();
}
"""

RUN = """
import os, sys
sys.path.insert(0, sys.argv[1])
from harness import sanitizers
sanitizers.settle_addresses()
os.environ.update(sanitizers.environment(sys.argv[2]))
os.execv(sys.argv[3], sys.argv[3:])
"""


def start(sandbox, options, source, findings, stderr):
    """Compiles and starts a program as the presets and the harness do it."""
    program = sandbox.path("program")
    with open(sandbox.path("CMakeCache.txt"), "w", encoding="ascii") as file:
        file.write(f"SANITIZE:STRING={options}\n")
    flags = [f"-fsanitize={options}", *(["-fno-sanitize-recover=all", "-static-libubsan"] if "undefined" in options else [])]
    compiler = ["g++", "-x", "c++", "-", "-g", "-o", program, *flags]
    subprocess.run(compiler, input=source.encode(), check=True, timeout=120)
    return subprocess.Popen(
        [sys.executable, "-c", RUN, HERE, findings, program],
        env={**os.environ, "BUILD_DIR": sandbox.directory},
        stderr=stderr,
    )


@pytest.mark.parametrize(
    "options,source,killed,words",
    [
        ("address,undefined", LEAK, False, "LeakSanitizer: detected memory leaks"),
        ("address,undefined", USE_AFTER_FREE, False, "AddressSanitizer: heap-use-after-free"),
        ("address,undefined", OVERFLOW, False, "runtime error: signed integer overflow"),
        ("thread", RACE, True, "ThreadSanitizer: data race"),
    ],
    ids=["leak", "use after free", "undefined", "race of one that is killed"],
)
def test_a_finding_is_kept(sandbox, options, source, killed, words):
    findings = sandbox.path("findings")
    os.mkdir(findings)
    with start(sandbox, options, source, findings, subprocess.DEVNULL) as process:
        if killed:
            try:
                eventually(lambda: words in sanitizers.findings(findings))
            finally:
                process.kill()
        process.wait(60)
    (found,) = sanitizers.take_findings(findings)
    assert words in found
    assert sanitizers.take_findings(findings) == []


def test_one_that_cannot_be_written_is_seen_in_the_log(sandbox):
    with start(sandbox, "address,undefined", USE_AFTER_FREE, sandbox.path("nowhere"), subprocess.PIPE) as process:
        assert sanitizers.report_in(process.communicate(timeout=60)[1].decode())


def test_a_report_in_a_log_is_seen():
    assert sanitizers.report_in("==1==ERROR: AddressSanitizer: heap-use-after-free on address 0x1")
    assert sanitizers.report_in("WARNING: ThreadSanitizer: data race (pid=1)")
    assert sanitizers.report_in("a.cc:1:2: runtime error: signed integer overflow")
    assert not sanitizers.report_in("warning: config.yml:1: unknown key")

"""The sanitizers of the presets asan and tsan: how the programs are to run under them, and what they have found.

Every finding goes to a file of a directory, whoever the process is, whatever it does with its stderr, and however it
ends. Nothing here has an effect with another build.
"""

import ctypes
import glob
import os
import re

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("BUILD_DIR", os.path.join(ROOT, "build", "release"))
_SUPPRESSIONS = os.path.join(ROOT, "integration", "sanitizers")
_ADDR_NO_RANDOMIZE = 0x0040000
# What a sanitizer writes to stderr when it cannot write where it should.
_REPORT = re.compile(r"(ERROR|WARNING|FATAL): \w+Sanitizer|runtime error: |ERROR: Can't open file: .*finding")


def _built_with():
    try:
        with open(os.path.join(BUILD, "CMakeCache.txt"), encoding="utf-8") as file:
            return re.search(r"^SANITIZE:\w+=(.*)$", file.read(), re.M)[1]
    except (OSError, TypeError):
        return ""


ADDRESS = "address" in _built_with()
THREAD = "thread" in _built_with()
ANY = ADDRESS or THREAD
# For limits that are there so that nothing hangs.
SLOWER = 3 if ANY else 1


def _options(**options):
    return ":".join(f"{name}={value}" for name, value in options.items())


def environment(directory):
    """The variables for every process; what it finds goes below `directory`."""
    if not ANY:
        return {}
    log = {"log_path": os.path.join(directory, "finding")}
    undefined = _options(**log, print_stacktrace=1)
    leaks = _options(suppressions=os.path.join(_SUPPRESSIONS, "leaks.txt"), print_suppressions=0)
    threads = _options(
        **log,
        suppressions=os.path.join(_SUPPRESSIONS, "threads.txt"),
        second_deadlock_stack=1,
        history_size=4,  # or the other side of a race that was long ago has no stack
        atexit_sleep_ms=200,  # each of hundreds of processes would wait a second for races at its end
    )
    addresses = _options(**log, detect_stack_use_after_return=1, strict_string_checks=1, check_initialization_order=1)
    return {"ASAN_OPTIONS": addresses, "UBSAN_OPTIONS": undefined, "LSAN_OPTIONS": leaks, "TSAN_OPTIONS": threads}


def settle_addresses():
    """ThreadSanitizer's map of the address space has no room for kernels that randomize much of it: for us, and for
    all that we start, addresses are no longer random."""
    if THREAD:
        ctypes.CDLL(None).personality(_ADDR_NO_RANDOMIZE)


def _read(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def _files(directory):
    return sorted(glob.glob(os.path.join(directory, "finding*")))


def findings(directory):
    """All that has been found below a directory, as one text."""
    return "".join(map(_read, _files(directory)))


def take_findings(directory):
    """The texts of what has been found below a directory; they are there only once."""
    texts = []
    for path in _files(directory):
        texts.append(_read(path))
        os.unlink(path)
    return [text for text in texts if text.strip()]


def report_in(log):
    """Whether a sanitizer speaks in this text."""
    return _REPORT.search(log) is not None

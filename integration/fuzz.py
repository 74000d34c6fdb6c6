"""Runs the fuzz targets of a build and prints a table of what they did. Called by fuzz.sh with BUILD_DIR in the environment.

A target runs until --seconds or --runs are reached, whichever comes first, or until a finding. Its corpus in the tree
is only read; what libFuzzer adds to it is thrown away (or kept in --keep). The input of a finding stays in
BUILD_DIR/findings.
"""

import argparse
import concurrent.futures
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
CORPUS = os.path.join(HERE, "fuzz", "corpus")
MOST_BYTES = 4096
# Targets with a bound that is higher: a little more than it. Their corpus has inputs on both sides of it.
LONGER = {"check_answers": 68 << 10, "dns_answer": 66 << 10, "http_request": 76 << 10, "record": 66 << 10, "token_file": 5000}
MEMORY_MB = 1024
SECONDS_FOR_ONE_INPUT = 10
# To start, to read the corpus and to say what was found.
SECONDS_MORE = 120

running = set()
lock = threading.Lock()


def arguments(targets):
    parser = argparse.ArgumentParser(prog="integration/fuzz.sh", description="Runs the fuzz targets.")
    parser.add_argument("--seconds", type=int, default=600, help="for each target (600)")
    parser.add_argument("--runs", type=int, default=10_000_000, help="inputs for each target (10000000)")
    parser.add_argument("--seed", type=int, default=0, help="draws the same inputs again for the same program (0: others each time)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="targets at a time (one a core)")
    parser.add_argument("--keep", metavar="DIR", help="keeps what was added to each corpus, and begins with it")
    parser.add_argument("target", nargs="*", help=f"all when none is named: {' '.join(targets)}")
    given = parser.parse_args()
    unknown = sorted(set(given.target) - set(targets))
    if unknown:
        parser.error(f"unknown target {' '.join(unknown)}; there are {' '.join(targets)}")
    if min(given.seconds, given.runs, given.jobs) < 1:
        parser.error("--seconds, --runs and --jobs must be at least 1")
    return given


def command(target, given, build, grown, findings):
    argv = [os.path.join(build, "fuzz", f"fuzz_{target}"), grown, os.path.join(CORPUS, target)]
    words = os.path.join(HERE, "fuzz", f"{target}.dict")
    if os.path.exists(words):
        argv.append(f"-dict={words}")
    return [
        *argv,
        f"-artifact_prefix={findings}/{target}-",
        f"-max_len={LONGER.get(target, MOST_BYTES)}",
        f"-rss_limit_mb={MEMORY_MB}",
        f"-timeout={SECONDS_FOR_ONE_INPUT}",
        f"-max_total_time={given.seconds}",
        f"-runs={given.runs}",
        f"-seed={given.seed}",
        "-print_final_stats=1",
    ]


def finished(argv, seconds):
    """(exit status, what was printed); a process that does not end is a finding, too."""
    # Where there is no llvm-symbolizer, binutils' tells the names.
    env = {"ASAN_OPTIONS": "allow_addr2line=1", **os.environ}
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "--", *argv], stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=env
        )
        with lock:
            running.add(process)
        try:
            status = process.wait(seconds + SECONDS_MORE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            status = f"still running after {seconds + SECONDS_MORE} s"
        with lock:
            running.discard(process)
        log.seek(0)
        return status, log.read().decode("utf-8", "replace")


def last(pattern, text, default="?"):
    found = re.findall(pattern, text)
    return found[-1] if found else default


def run(target, given, build):
    findings = os.path.join(build, "findings")
    os.makedirs(findings, exist_ok=True)
    grown = os.path.join(given.keep, target) if given.keep else tempfile.mkdtemp(prefix=f"fuzz-{target}-")
    os.makedirs(grown, exist_ok=True)
    begin = time.monotonic()
    status, text = finished(command(target, given, build, grown, findings), given.seconds)
    seconds = time.monotonic() - begin
    if not given.keep:
        shutil.rmtree(grown, ignore_errors=True)
    inputs = int(last(r"stat::number_of_executed_units: (\d+)", text, "0"))
    # A run that tried nothing proves nothing.
    good = status == 0 and inputs > 0
    print(
        f"{target:16}{inputs:>10}{inputs / seconds:>10.0f}{seconds:>9.0f}{last(r'cov: ([0-9]+)', text):>8}"
        f"{last(r'corp: ([0-9]+)', text):>8}{0 if good else 1:>10}",
        flush=True,
    )
    if good:
        return True
    kept = last(r"Test unit written to (\S+)", text, "")
    print(f"\n{text[-6000:]}\n{target}: {status}" if not kept else f"\n{text[-6000:]}", flush=True)
    if kept:
        print(f"{target}: the input is kept in {kept}; again: {build}/fuzz/fuzz_{target} {kept}", flush=True)
    return False


def interrupt(number, _frame):
    with lock:
        for process in running:
            process.kill()
    os._exit(128 + number)


def main():
    targets = sorted(os.listdir(CORPUS))
    given = arguments(targets)
    build = os.environ["BUILD_DIR"]
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)
    print(f"{'target':16}{'inputs':>10}{'inputs/s':>10}{'seconds':>9}{'edges':>8}{'corpus':>8}{'findings':>10}", flush=True)
    with concurrent.futures.ThreadPoolExecutor(given.jobs) as pool:
        results = list(pool.map(lambda target: run(target, given, build), given.target or targets))
    print(f"{sum(results)} targets without a finding, {len(results) - sum(results)} with one", flush=True)
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())

"""Fixtures of the fault suite, and its report: a line for each case at the end, a file when FAULTS_JSON names one, and the
table that proof.md has when FAULTS_TABLE does."""

import itertools
import json
import os
import random

import pytest

from faults.case import line, table
from faults.scene import Scene
from faults.world import World
from harness.ensemble import Ensemble
from harness.sandbox import Sandbox

_paths = itertools.count(1)


def pytest_collection_modifyitems(items):
    """Who shares an ensemble is in one worker, which alone starts it."""
    for item in items:
        if "ensemble" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("ensemble"))


@pytest.fixture(scope="session")
def shared_ensemble(keep):
    sandbox = Sandbox()
    try:
        ensemble = Ensemble(sandbox)
        keep(ensemble.pids)
        yield ensemble
    finally:
        sandbox.close()


@pytest.fixture
def ensemble(shared_ensemble):
    """Three servers, which a case may do anything to; the next one finds them complete."""
    shared_ensemble.mend()
    yield shared_ensemble
    shared_ensemble.mend()


@pytest.fixture
def build(request, sandbox):
    """Makes a World, build(zookeeper, ...), and ends it; what its cases tell is reported."""
    worlds = []

    def make(zookeeper, kind=World, **options):
        worlds.append(kind(sandbox, zookeeper, f"/faults/t{os.getpid()}-{next(_paths)}", **options))
        return worlds[-1]

    yield make
    for world in worlds:
        request.node.user_properties.extend(("fault", result) for result in world.reports)
        world.close()


@pytest.fixture
def world(build, zookeeper):
    """The usual one, with the one ZooKeeper server that all share: it must not be broken."""
    return build(zookeeper)


@pytest.fixture
def scene(build, zookeeper):
    """Two pods that can be started again."""
    return build(zookeeper, kind=Scene, backends=2)


@pytest.fixture
def chance():
    """FAULTS_SEED=n repeats what was drawn."""
    seed = int(os.environ.get("FAULTS_SEED", "0")) or random.randrange(1, 10**6)
    print(f"FAULTS_SEED={seed}")
    return random.Random(seed)


def pytest_terminal_summary(terminalreporter):
    results = []
    for reports in terminalreporter.stats.values():
        for report in reports:
            if getattr(report, "when", None) == "teardown":
                results += [value for name, value in report.user_properties if name == "fault"]
    if not results:
        return
    terminalreporter.section("faults")
    for result in results:
        terminalreporter.line(line(result))
    if path := os.environ.get("FAULTS_JSON"):
        with open(path, "w", encoding="utf-8") as file:
            json.dump(results, file, indent=1)
    if path := os.environ.get("FAULTS_TABLE"):
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(table(results))

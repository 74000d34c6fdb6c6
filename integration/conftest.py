"""Fixtures of the integration tests and of the fault suite. See README.md."""

import os
import shutil
import signal
import sys
import tempfile

import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from harness import processes, sanitizers  # noqa: E402
from harness.sandbox import Sandbox  # noqa: E402
from harness.servers_db import Mariadb, Postgres, Rabbitmq, Redis, SharedServers  # noqa: E402
from harness.servers_http import ScriptedServer  # noqa: E402
from harness.zookeeper import Registry  # noqa: E402

TEST_SECONDS = 400 * sanitizers.SLOWER


def pytest_configure(config):
    processes.adopt_orphans()
    sanitizers.settle_addresses()
    config.findings = tempfile.mkdtemp(prefix="findings-")
    os.chmod(config.findings, 0o1777)  # also for a program that runs as somebody else
    os.environ.update(sanitizers.environment(config.findings))
    if _is_worker(config):
        processes.die_with_parent(signal.SIGTERM)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)


def _interrupt(_number, _frame):
    """As Ctrl-C: the fixtures end what they have started, and nothing interrupts that."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def _is_worker(config):
    """Whether this is one of the processes among which pytest -n distributes the tests."""
    return hasattr(config, "workerinput")


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session, exitstatus):
    """The workers hear of an interruption at once; pytest's own word comes to them only between two tests."""
    if exitstatus == pytest.ExitCode.INTERRUPTED and session.config.pluginmanager.hasplugin("dsession"):
        for pid in processes.children_of(os.getpid()):
            processes.send(pid, signal.SIGTERM)


def pytest_unconfigure(config):
    processes.end_descendants()
    shutil.rmtree(config.findings, ignore_errors=True)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """What takes long comes first, so that all workers end at about the same time. All tests that need a database go
    to one worker, which alone starts the databases; of them, those that need RabbitMQ come last: it is started with the
    first database, and takes its time. An installation writes into the build: one worker does it."""
    items.sort(key=_place)
    for item in items:
        if _needs_database(item):
            item.add_marker(pytest.mark.xdist_group("databases"))
        if "installed" in item.fixturenames:
            item.add_marker(pytest.mark.xdist_group("installation"))


def _place(item):
    if _needs_database(item):
        return 1 if _needs_rabbitmq(item) else 0
    return 2


def _needs_database(item):
    return "shared_servers" in item.fixturenames


def _needs_rabbitmq(item):
    return "rabbitmq" in item.fixturenames


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol(item):
    """No test hangs: one that takes too long fails where it stands."""

    def too_long(_number, _frame):
        pytest.fail(f"{item.name} took more than {TEST_SECONDS} s")

    signal.signal(signal.SIGALRM, too_long)
    signal.alarm(TEST_SECONDS)
    yield
    signal.alarm(0)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    """Shows the logs of the programs below a failure."""
    outcome = yield
    report = outcome.get_result()
    sandbox = item.funcargs.get("sandbox") if hasattr(item, "funcargs") else None
    if report.failed and report.when in ("setup", "call") and sandbox:
        report.sections += sandbox.logs()


@pytest.fixture(scope="session")
def zookeeper():
    """One server for all tests that do not break it; each has a path of its own there."""
    sandbox = Sandbox()
    try:
        server = sandbox.zookeeper()
        _shared.append(lambda: [server.process.pid])
        yield server
    finally:
        sandbox.close()


_shared = []  # functions that give the pids of what more than one test uses


@pytest.fixture(scope="session")
def keep():
    """Takes a function that gives the pids of what more than one test uses."""
    return _shared.append


@pytest.fixture(autouse=True)
def no_finding(request):
    """Set up first, so the last to look: by then every program of the test has ended."""
    yield
    findings = sanitizers.take_findings(request.config.findings)
    assert not findings, "a sanitizer has found something:\n" + "\n\n".join(findings)


@pytest.fixture
def sandbox():
    sandbox = Sandbox()
    yield sandbox
    if sanitizers.ANY:
        sandbox.end_programs()
    reports = sandbox.sanitizer_reports()
    sandbox.close(keep=[pid for pids in _shared for pid in pids()])
    assert not reports, "a sanitizer speaks in the log of " + "\n\n".join(reports)


_paths = iter(range(1, 1_000_000))


@pytest.fixture
def registry(zookeeper):
    """A path of the shared ZooKeeper that no other test uses."""
    registry = Registry(zookeeper, f"/services/t{next(_paths)}")
    yield registry
    registry.close()


@pytest.fixture
def serve():
    """Starts ScriptedServers, which are threads of ours: serve(script, certificate=..., unix_socket=...)."""
    servers = []

    def start(*arguments, **keys):
        servers.append(ScriptedServer(*arguments, **keys))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture(scope="session")
def shared_servers(request):
    sandbox = Sandbox()
    servers = SharedServers(sandbox)
    _shared.append(servers.pids)
    try:
        if any(map(_needs_rabbitmq, request.session.items)):
            servers.launch(Rabbitmq)
        yield servers
    finally:
        sandbox.close()


@pytest.fixture
def postgres(shared_servers):
    yield from shared_servers.lend(Postgres)


@pytest.fixture
def mariadb(shared_servers):
    yield from shared_servers.lend(Mariadb)


@pytest.fixture
def redis(shared_servers):
    yield from shared_servers.lend(Redis)


@pytest.fixture
def rabbitmq(shared_servers):
    yield from shared_servers.lend(Rabbitmq)

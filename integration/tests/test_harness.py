"""The harness itself: what the other tests rely on."""

import os
import signal
import subprocess
import sys
import time

import pytest
from kazoo.exceptions import ConnectionLoss, NoNodeError, SessionExpiredError

from harness.ports import free_port
from harness.processes import alive
from harness.wait import always, eventually
from harness.web import Metrics, answers, request

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def test_eventually_tells_what_it_saw_last():
    with pytest.raises(AssertionError, match="not within 0.05 s: the moon is full; last: KeyError: 'half'"):
        eventually(lambda: {}["half"], timeout=0.05, what="the moon is full")


def test_eventually_waits_for_a_zookeeper_that_is_away():
    troubles = [NoNodeError(), SessionExpiredError(), ConnectionLoss()]

    def read():
        if troubles:
            raise troubles.pop()
        return "here"

    assert eventually(read) == "here"


def test_always_fails_when_it_ends():
    end = time.monotonic() + 0.05
    with pytest.raises(AssertionError, match="did not hold"):
        always(lambda: time.monotonic() < end, 0.5)


def test_metrics_are_read_with_their_labels():
    metrics = Metrics('# HELP a b\na{x="1",y="q\\"}"} 3\na{x="2"} 4.5\nb 1e+03\n')
    assert metrics.value("a", x="1") == 3
    assert metrics.total("a") == 7.5
    assert metrics.value("b") == 1000


def test_a_backend_answers_counts_and_returns_on_its_port(sandbox):
    backend = sandbox.backend("one")
    assert answers(backend.port, 3) == {"one": 3}
    assert backend.count() == 3
    backend.answer_with(503)
    assert request(backend.port)[0] == 503
    backend.kill()
    assert answers(backend.port, 1) == {"ConnectionRefusedError": 1}
    assert answers(sandbox.backend("two", backend.port).port, 1) == {"two": 1}


def test_a_session_is_expired_under_its_living_owner(zookeeper, registry):
    registry.add("web", 80)
    owner = zookeeper.client()
    owner.create(f"{registry.path}/mine", b"", ephemeral=True)
    zookeeper.expire(registry.stat("mine").ephemeralOwner)
    eventually(lambda: registry.names() == ["web"], 10, "long before its timeout")
    owner.stop()
    owner.close()


def test_a_restarted_zookeeper_keeps_data_and_sessions(sandbox):
    server = sandbox.zookeeper()
    client = server.client(timeout=60)  # a server that takes its time ends no session
    client.create("/mine", b"1", ephemeral=True)
    server.stop()
    server.start()
    sandbox.processes.append(server.process)
    assert eventually(lambda: client.retry(client.get, "/mine"))[0] == b"1"
    client.stop()
    client.close()


_TAKES_PORTS = """
import sys; sys.path.insert(0, {path!r})
from harness.ports import free_port
print(*(free_port() for _ in range(500)), flush=True)
sys.stdin.read()
"""


def test_no_port_is_given_twice_not_even_to_another_copy():
    argv = [sys.executable, "-c", _TAKES_PORTS.format(path=HERE)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        theirs = other.stdout.readline().split()
        ours = [free_port() for _ in range(500)]
        other.stdin.close()
    assert len(set(ours) | set(map(int, theirs))) == 1000


_LEAVES_BEHIND = """
import sys; sys.path.insert(0, {path!r})
import subprocess, time
from harness.sandbox import Sandbox
from harness import processes
processes.adopt_orphans()
sandbox = Sandbox()
backend = sandbox.backend('one')
# A daemon: its parent is gone, so only the adoption finds it.
daemon = subprocess.run(['sh', '-c', 'sleep 300 >&2 & echo $!'], stdout=subprocess.PIPE, text=True).stdout.strip()
try:
    print(backend.pid, daemon, flush=True)
    time.sleep(60)
finally:
    sandbox.close()
"""


@pytest.mark.parametrize("number", [signal.SIGINT, None])
def test_no_process_is_left_behind(sandbox, number):
    """Interrupted, everything goes; killed with -9, what was started directly goes."""
    argv = [sys.executable, "-c", _LEAVES_BEHIND.format(path=HERE)]
    child = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, env={**os.environ, "TMPDIR": sandbox.directory})
    backend, daemon = map(int, child.stdout.readline().split())
    assert alive(backend) and alive(daemon)
    child.send_signal(number or signal.SIGKILL)
    child.wait(20)
    child.stdout.close()
    eventually(lambda: not alive(backend))
    if number:
        eventually(lambda: not alive(daemon), 10)
    else:
        os.kill(daemon, signal.SIGKILL)

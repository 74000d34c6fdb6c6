"""A start without the registry: the last good records are served at once."""

import os
import shutil

import pytest

from harness.configs import synapse, synapse_service
from harness.ports import free_port
from harness.wait import eventually
from harness.web import answers
from harness.zookeeper import Registry


@pytest.fixture
def own(sandbox):
    """(server, registry) of a ZooKeeper that the test may break."""
    server = sandbox.zookeeper()
    registry = Registry(server, "/services/web")
    yield server, registry
    registry.close()


def config(sandbox, registry, port):
    """Another runtimeDir at each start, as on a machine that was booted in the meantime."""
    return {**synapse(synapse_service(registry, port, name="web")), "statePath": sandbox.path("state")}


def saved(sandbox):
    """What is kept for the next start, as text."""
    directory = sandbox.path("state")
    texts = []
    for name in os.listdir(directory):
        if not name.endswith(".json"):
            continue  # not yet in its place
        with open(os.path.join(directory, name), encoding="utf-8") as file:
            texts.append(file.read())
    return "".join(texts)


@pytest.mark.parametrize("end", ["stopped", "killed"])
def test_haproxy_serves_before_zookeeper_is_there(sandbox, own, end):
    server, registry = own
    port = free_port()
    registry.add("a", sandbox.backend("a").port)
    registry.add("b", sandbox.backend("b").port, weight=7)
    first = sandbox.synapse(config(sandbox, registry, port)).await_ready()
    if end == "stopped":
        assert first.stop() == 0
    else:
        eventually(lambda: '"a"' in saved(sandbox) and '"b"' in saved(sandbox))
        haproxy = first.runtime.worker_pid()
        first.kill()
        with open(os.path.join(first.router["runtimeDir"], "haproxy.pid"), encoding="ascii") as file:
            os.kill(int(file.read()), 15)
        eventually(lambda: not os.path.exists(f"/proc/{haproxy}"))
    server.process.pause()
    try:
        second = sandbox.synapse(config(sandbox, registry, port)).await_ready()
        assert set(answers(port, 100)) == {"a", "b"}
        weights = {server["srv_name"]: server["srv_uweight"] for server in second.runtime.servers("web")}
        assert weights == {"a": "255", "b": "7"}
        assert second.metrics().value("synapse_service_stale", service="web") == 1
        assert "web: 2 servers as they were at " in second.log()
    finally:
        server.process.resume()
    eventually(lambda: second.metrics().value("synapse_service_stale", service="web") == 0, 30)
    registry.add("c", sandbox.backend("c").port)
    registry.remove("a")
    eventually(lambda: second.runtime.names_in_rotation("web") == {"b", "c"}, 30)


def test_a_new_answer_of_the_registry_counts_more(sandbox, own):
    _, registry = own
    port = free_port()
    registry.add("a", sandbox.backend("a").port)
    first = sandbox.synapse(config(sandbox, registry, port)).await_ready()
    assert first.stop() == 0
    registry.remove("a")
    registry.add("b", sandbox.backend("b").port)
    second = sandbox.synapse(config(sandbox, registry, port)).await_ready()
    eventually(lambda: second.runtime.names_in_rotation("web") == {"b"})
    assert set(answers(port, 4)) == {"b"}


def test_what_cannot_be_read_or_written_is_said_and_does_no_harm(sandbox, own):
    _, registry = own
    port = free_port()
    registry.add("a", sandbox.backend("a").port)
    first = sandbox.synapse(config(sandbox, registry, port)).await_ready()
    assert first.stop() == 0
    directory = sandbox.path("state")
    (name,) = os.listdir(directory)
    with open(os.path.join(directory, name), "w", encoding="utf-8") as file:
        file.write('{"version": 1, "records": [')
    second = sandbox.synapse(config(sandbox, registry, port)).await_ready()
    assert f"{name} cannot be read: " in second.log()
    assert set(answers(port, 2)) == {"a"}
    assert second.stop() == 0
    shutil.rmtree(directory)
    with open(directory, "w", encoding="utf-8") as file:
        file.write("in the way")
    third = sandbox.synapse(config(sandbox, registry, port)).await_ready()
    assert f"statePath: cannot make {directory}" in third.log()
    assert set(answers(port, 2)) == {"a"}

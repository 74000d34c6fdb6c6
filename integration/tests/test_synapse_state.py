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
    """With an empty runtimeDir at each start, as on a machine that was booted in the meantime."""
    directory = sandbox.path("run")
    shutil.rmtree(directory, ignore_errors=True)
    service = synapse_service(registry, port, name="web")
    return {**synapse(service, runtimeDir=directory), "statePath": sandbox.path("state")}


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
    (name,) = (name for name in os.listdir(directory) if name.endswith(".json"))
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


def test_routers_do_not_share_what_is_kept(sandbox, own):
    """One name and one source in two routers that want different servers of it."""
    server, registry = own
    ports = [free_port(), free_port()]
    registry.add("a", sandbox.backend("a").port, labels={"az": "x"})
    registry.add("b", sandbox.backend("b").port, labels={"az": "y"})

    def services(az, port):
        filters = [{"label": "az", "value": az, "condition": "equals"}]
        return [synapse_service(registry, port, name="web", labelFilters=filters)]

    def two_routers():
        routers = []
        for az, port in zip("xy", ports):
            shutil.rmtree(sandbox.path(az), ignore_errors=True)
            routers.append({"type": "haproxy", "runtimeDir": sandbox.path(az), "services": services(az, port)})
        return {"routers": routers, "statePath": sandbox.path("state")}

    first = sandbox.synapse(two_routers()).await_ready()
    eventually(lambda: (answers(ports[0], 2), answers(ports[1], 2)) == ({"a": 2}, {"b": 2}))
    assert first.stop() == 0
    server.process.pause()
    try:
        sandbox.synapse(two_routers()).await_ready()
        assert (answers(ports[0], 2), answers(ports[1], 2)) == ({"a": 2}, {"b": 2})
    finally:
        server.process.resume()


def test_what_a_rule_made_of_a_record_is_not_kept(sandbox, own):
    server, registry = own
    port = free_port()
    backend = sandbox.backend("a")
    registry.add("a", 9)
    overridden = config(sandbox, registry, port)
    overridden["routers"][0]["services"][0]["portOverride"] = backend.port
    first = sandbox.synapse(overridden).await_ready()
    eventually(lambda: answers(port, 2) == {"a": 2})
    assert first.stop() == 0
    server.process.pause()
    try:
        second = sandbox.synapse(config(sandbox, registry, port)).await_ready()
        assert set(second.runtime.in_rotation("web")) == {"127.0.0.1:9"}, "what the record says"
    finally:
        server.process.resume()


def test_another_member_of_the_ensemble_is_the_same_source(sandbox, own):
    server, registry = own
    port = free_port()
    registry.add("a", sandbox.backend("a").port)
    first = sandbox.synapse(config(sandbox, registry, port)).await_ready()
    assert first.stop() == 0
    server.process.pause()
    try:
        more = config(sandbox, registry, port)
        more["routers"][0]["services"][0]["watcher"]["hosts"].append(f"127.0.0.1:{free_port()}")
        sandbox.synapse(more).await_ready()
        assert answers(port, 2) == {"a": 2}
    finally:
        server.process.resume()


def test_what_is_kept_of_a_silent_part_of_a_source_stands_in_for_it(sandbox, own):
    server, near = own
    other = sandbox.zookeeper()
    far = Registry(other, "/services/web")
    port = free_port()
    near.add("a", sandbox.backend("a").port)
    far.add("b", sandbox.backend("b").port)
    watchers = {
        name: {"type": "zookeeper", "hosts": [registry.server.hosts], "path": registry.path}
        for name, registry in (("near", near), ("far", far))
    }
    union = {
        "name": "web",
        "port": port,
        "watcher": {"type": "multi", "resolver": "union", "firstWaitInMilli": 300, "watchers": watchers},
    }
    settings = {**synapse(union, runtimeDir=sandbox.path("run")), "statePath": sandbox.path("state")}
    first = sandbox.synapse(settings).await_ready()
    eventually(lambda: set(answers(port, 4)) == {"a", "b"})
    assert first.stop() == 0
    other.process.pause()
    try:
        second = sandbox.synapse(settings).await_ready()
        eventually(lambda: "no word yet from far" in second.log(), 30)
        near.add("c", sandbox.backend("c").port)
        eventually(lambda: second.runtime.names_in_rotation("web") == {"a", "b", "c"}, 30)
    finally:
        other.process.resume()
    eventually(lambda: second.get("/services/web")[0] == 200 and "no word yet" not in second.get("/services/web")[1], 30)
    far.close()

"""The kinds of nodes as which nerve registers an instance, and that each is there exactly once and stays true."""

import base64
import json
import os
import re
import signal
import threading
import time

import pytest

from harness.configs import nerve, nerve_service, reporter, synapse_service
from harness.ports import free_port
from harness.wait import always, eventually
from harness.zookeeper import ChildrenRecorder, EventRecorder

TYPES = ["ephemeral", "ephemeral_sequential", "persistent", "persistent_sequential"]
every_form = pytest.mark.parametrize("encoded", [False, True], ids=["plain", "encoded"])
every_type = pytest.mark.parametrize("node_type", TYPES)


def service(backend, registry, node_type, encoded, **keys):
    reporters = [reporter(registry, nodeType=node_type, pathEncoding=encoded, connectionTimeoutInMilli=20_000)]
    return nerve_service(backend.port, registry, reporters=reporters, **keys)


def registered(registry, weight=255):
    """The name of the one node, when it holds the whole record."""
    ((name, record),) = registry.records().items()
    assert record["weight"] == weight
    return name


def replace(path, text):
    with open(path + ".new", "w", encoding="utf-8") as file:
        file.write(text)
    os.rename(path + ".new", path)


def record_in(name):
    length, text = re.fullmatch(r"base64_(\d+)_([A-Za-z0-9_=-]+)_\d{10}", name).groups()
    assert len(text) == int(length) and len(text) % 4 == 0, "padded"
    return json.loads(base64.urlsafe_b64decode(text))


@every_form
@every_type
def test_the_node_is_of_the_type_that_is_asked_for(sandbox, registry, node_type, encoded):
    backend = sandbox.backend("a")
    program = sandbox.nerve(nerve(service(backend, registry, node_type, encoded)))
    name = eventually(lambda: registered(registry))
    assert (registry.stat(name).ephemeralOwner != 0) == node_type.startswith("ephemeral")
    if encoded:
        assert record_in(name) == registry.only_record()
    else:
        assert re.fullmatch(rf"web_127\.0\.0\.1_{backend.port}" + r"(_\d{10})?", name)
        assert bool(re.search(r"_\d{10}$", name)) == node_type.endswith("sequential")
    recorder = ChildrenRecorder(registry)
    program.put("/services/web/weight/100")
    after = eventually(lambda: registered(registry, 100))
    assert (after != name) == encoded
    eventually(lambda: recorder.lists()[-1] == [after])
    assert all(len(children) == 1 for children in recorder.lists()), recorder.lists()
    backend.kill()
    eventually(lambda: registry.names() == [], what="nothing is left")
    sandbox.backend("a", backend.port)
    eventually(lambda: registered(registry, 100))
    program.stop()
    assert registry.names() == []


@every_form
@every_type
def test_what_somebody_does_to_the_node_is_mended_at_once(sandbox, registry, node_type, encoded):
    sandbox.nerve(nerve(service(sandbox.backend("a"), registry, node_type, encoded)))
    name = eventually(lambda: registered(registry))
    good = registry.client.get(f"{registry.path}/{name}")[0]
    took = []
    for spoil in (lambda: registry.put(name, "garbage"), lambda: registry.remove(name)):
        spoil()
        start = time.monotonic()
        name = eventually(lambda: registered(registry))
        took.append(time.monotonic() - start)
        assert registry.client.get(f"{registry.path}/{name}")[0] == good
    assert min(took) < 2, took


@every_form
@every_type
def test_after_a_crash_it_is_never_there_twice(sandbox, registry, node_type, encoded):
    config = nerve(service(sandbox.backend("a"), registry, node_type, encoded))
    program = sandbox.nerve(config)
    name = eventually(lambda: registered(registry))
    before = registry.stat(name)
    recorder = ChildrenRecorder(registry)
    program.kill()
    always(lambda: registry.names() == [name], 0.1, "its session lives on")
    sandbox.nerve(config)
    eventually(lambda: registered(registry))
    if node_type.startswith("persistent"):
        always(lambda: registry.stat(registry.names()[0]).czxid == before.czxid, 0.3, "the same node")
    assert all(len(children) == 1 for children in recorder.lists()), recorder.lists()


@every_form
@every_type
@pytest.mark.parametrize("end", [signal.SIGUSR2, signal.SIGKILL], ids=["handover", "crash"])
def test_a_restart_is_no_event(sandbox, registry, node_type, encoded, end):
    config = nerve(service(sandbox.backend("a"), registry, node_type, encoded), apiPort=free_port())
    program = sandbox.nerve(config)
    name = eventually(lambda: registered(registry))
    before = registry.stat(name)
    recorder = EventRecorder(registry)
    program.signal(end)
    program.wait()
    program = sandbox.nerve(config)
    eventually(lambda: program.get("/services/web/status")[0] == 200)
    always(lambda: registry.names() == [name] and registry.stat(name) == before, 0.3)
    assert recorder.events == []
    assert program.stop() == 0
    assert registry.names() == []


@every_form
@every_type
def test_a_reload_replaces_nothing_that_can_stay(sandbox, registry, node_type, encoded):
    backend = sandbox.backend("a")
    program = sandbox.nerve(nerve(service(backend, registry, node_type, encoded)))
    name = eventually(lambda: registered(registry))
    before = registry.stat(name)
    recorder = ChildrenRecorder(registry)
    for weight in (100, 200):
        settings = nerve(service(backend, registry, node_type, encoded, weight=weight))
        replace(program.config_path, json.dumps({**settings, "apiPort": program.api_port}))
        program.signal(signal.SIGHUP)
        after = eventually(lambda: registered(registry, weight))
        assert (after == name) == (not encoded)
        if not encoded:
            assert registry.stat(after).czxid == before.czxid
    always(lambda: registry.names() == [after], 0.3)
    assert all(len(children) == 1 for children in recorder.lists()), recorder.lists()


def test_a_persistent_node_survives_the_session(sandbox, registry, zookeeper):
    backend = sandbox.backend("a")
    program = sandbox.nerve(nerve(service(backend, registry, "persistent", False)))
    name = eventually(lambda: registered(registry))
    before = registry.stat(name)
    zookeeper.expire(zookeeper.session_of(program), program)
    eventually(lambda: "established" in program.log().partition("expired")[2])
    always(lambda: registry.stat(name).czxid == before.czxid, 0.2)
    backend.kill()
    eventually(lambda: registry.names() == [])


@every_form
def test_services_with_similar_names_leave_each_other_alone(sandbox, registry, encoded):
    backend = sandbox.backend("a")
    services = [
        service(backend, registry, "ephemeral_sequential", encoded, name=name) for name in ("web", "web_2", "web-2-x")
    ]
    program = sandbox.nerve(nerve(*services))
    recorder = ChildrenRecorder(registry)
    eventually(lambda: len(registry.names()) == 3 and all(r["weight"] == 255 for r in registry.records().values()))
    assert all(len(children) <= 3 for children in recorder.lists())
    program.put("/services/web/disable")
    eventually(lambda: sorted(r["name"] for r in registry.records().values()) == ["web-2-x", "web_2"])


@pytest.mark.parametrize("how", ["crash", "restart", "reload"])
def test_a_change_of_the_form_is_one_transaction(sandbox, registry, how):
    backend = sandbox.backend("a")
    forms = [("persistent", False), ("ephemeral_sequential", False), ("ephemeral", False), ("ephemeral", True)]
    settings = {**nerve(service(backend, registry, *forms[0])), "apiPort": free_port()}
    program = sandbox.nerve(settings)
    name = eventually(lambda: registered(registry))
    recorder = ChildrenRecorder(registry)
    for form in [*forms[1:], forms[0]]:
        settings = {**nerve(service(backend, registry, *form)), "apiPort": settings["apiPort"]}
        if how == "reload":
            replace(program.config_path, json.dumps(settings))
            program.signal(signal.SIGHUP)
        else:
            eventually(lambda: name in program.kept())
            program.signal(signal.SIGKILL if how == "crash" else signal.SIGUSR2)
            program.wait()
            program = sandbox.nerve(settings)
        before = name
        name = eventually(lambda: (found := registered(registry)) != before and found)
    assert all(len(children) == 1 for children in recorder.lists()), recorder.lists()
    assert program.stop() == 0
    assert registry.names() == []


def test_synapse_reads_what_is_encoded_in_a_name(sandbox, registry):
    backend = sandbox.backend("a")
    sandbox.nerve(nerve(service(backend, registry, "ephemeral_sequential", True)))
    eventually(lambda: registered(registry))
    program = sandbox.synapse({"routers": [{"type": "console", "services": [synapse_service(registry)]}]})
    eventually(lambda: f'"port":{backend.port}' in program.log() and '"name":"web"' in program.log())


def test_the_record_stays_visible_during_a_drain_when_asked_for(sandbox, registry):
    backend = sandbox.backend("a")
    done = sandbox.path("done")
    reporters = [reporter(registry, exposeOnDisable=True)]
    drained = {"disableGracefullyDoneCommand": ["test", "-e", done], "disableGracefullyDoneIntervalInMilli": 200}
    program = sandbox.nerve(nerve(nerve_service(backend.port, registry, reporters=reporters, **drained)))
    name = eventually(lambda: registered(registry))
    before = registry.stat(name)
    call = threading.Thread(target=program.put, args=("/services/web/disable", 20))  # answered when it is over
    call.start()
    eventually(lambda: registry.only_record()["available"] is False)
    assert registry.only_record()["weight"] == 0
    always(lambda: registry.stat(name).czxid == before.czxid, 0.2)
    open(done, "w").close()
    call.join()
    eventually(lambda: registry.names() == [])

"""A restart of nerve, planned or not, is no event for anybody who reads the registry."""

import json
import os
import signal
import stat

import pytest

from harness.configs import nerve, nerve_service, reporter
from harness.ports import free_port
from harness.wait import always, eventually
from harness.zookeeper import ChildrenRecorder, EventRecorder, Registry


def config(registry, *services, **keys):
    """With a port of its own, so that the next life finds what the one before kept."""
    return nerve(*services, **{"apiPort": free_port(), **keys})


def available(program, name="web"):
    return program.get(f"/services/{name}/status")[0] == 200


def status(program, name="web"):
    return json.loads(program.get(f"/services/{name}/status")[1])["Status"]


def identity(registry):
    """What is different after any write: of each node, and of the list itself."""
    return registry.stats(), registry.client.exists(registry.path).pzxid


def start_and_settle(sandbox, settings, registry, weight=255):
    program = sandbox.nerve(settings)
    eventually(lambda: registry.only_record()["weight"] == weight)
    return program


@pytest.mark.parametrize("end", ["SIGUSR2", "SIGKILL", "SIGTERM without a drain"])
def test_a_restart_is_no_event(sandbox, registry, end):
    backend = sandbox.backend("a")
    service = nerve_service(backend.port, registry, setServiceAsDownOnShutdown=end != "SIGTERM without a drain")
    service["reporters"][0]["connectionTimeoutInMilli"] = 60_000
    settings = config(registry, service)
    program = start_and_settle(sandbox, settings, registry)
    before = identity(registry)
    recorder = EventRecorder(registry)

    program.signal(getattr(signal, end.split()[0]))
    assert program.wait() == (-signal.SIGKILL if end == "SIGKILL" else 0)
    assert identity(registry) == before
    successor = sandbox.nerve(settings)
    eventually(lambda: available(successor))
    always(lambda: identity(registry) == before, 0.5)
    assert recorder.events == []
    assert "resumed ZooKeeper session" in successor.log()

    # It is in charge: what happens from now on is seen.
    backend.kill()
    eventually(lambda: registry.names() == [])
    eventually(lambda: recorder.events, what="the recorder hears of changes")
    assert successor.stop() == 0


def test_several_restarts_in_a_row_are_no_event(sandbox, registry):
    patient = [reporter(registry, connectionTimeoutInMilli=60_000)]
    settings = config(registry, nerve_service(sandbox.backend("a").port, registry, reporters=patient))
    program = start_and_settle(sandbox, settings, registry)
    before = identity(registry)
    recorder = EventRecorder(registry)
    for _ in range(4):
        program.signal(signal.SIGUSR2)
        assert program.wait() == 0
        program = sandbox.nerve(settings)
        eventually(lambda: available(program))
    assert identity(registry) == before
    assert recorder.events == []


def test_the_state_file_is_private_and_goes_with_the_last_registration(sandbox, registry):
    path = sandbox.path("state", "nerve.json")
    settings = config(registry, nerve_service(sandbox.backend("a").port, registry), statePath=path)
    program = start_and_settle(sandbox, settings, registry)
    eventually(lambda: registry.names()[0] in open(path, encoding="utf-8").read())
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert program.stop() == 0
    assert registry.names() == []
    assert not os.path.exists(path)


def test_without_its_state_a_new_life_takes_the_node_over_and_keeps_the_weight(sandbox, registry):
    settings = config(registry, nerve_service(sandbox.backend("a").port, registry, enableWarmupIntervalInMilli=60_000))
    settings["statePath"] = ""
    # The next life must find the node of this one, however long it takes to start.
    settings["services"][0]["reporters"][0]["connectionTimeoutInMilli"] = 60_000
    program = sandbox.nerve(settings)
    eventually(registry.only_record)
    name = registry.names()[0]
    program.kill()  # first: it would mend what somebody else writes
    registry.put(name, json.dumps({**registry.only_record(), "weight": 255}))
    first = registry.stat(name)
    successor = sandbox.nerve(settings)
    eventually(lambda: registry.stat(name).ephemeralOwner != first.ephemeralOwner)
    assert registry.names() == [name]
    assert registry.only_record()["weight"] == 255, "no warm-up for what was in use all the time"
    assert successor.stop() == 0


def test_the_warmup_goes_on_where_it_was(sandbox, registry):
    service = nerve_service(sandbox.backend("a").port, registry, weight=233, enableWarmupIntervalInMilli=1000)
    settings = config(registry, service)
    program = sandbox.nerve(settings)
    reached = eventually(lambda: (weight := registry.only_record()["weight"]) >= 3 and weight)
    program.signal(signal.SIGUSR2)
    assert program.wait() == 0
    sandbox.nerve(settings)
    always(lambda: registry.only_record()["weight"] >= reached, 0.7)
    eventually(lambda: registry.only_record()["weight"] > reached)


def test_a_backend_that_died_meanwhile_is_taken_out(sandbox, registry):
    backend = sandbox.backend("a")
    settings = config(registry, nerve_service(backend.port, registry))
    settings["services"][0]["reporters"][0]["connectionTimeoutInMilli"] = 60_000
    program = start_and_settle(sandbox, settings, registry)
    program.kill()
    backend.kill()
    sandbox.nerve(settings)
    eventually(lambda: registry.names() == [])


def test_a_service_that_is_not_configured_any_more_leaves_no_phantom(sandbox, registry):
    backend = sandbox.backend("a")
    settings = config(
        registry, nerve_service(backend.port, registry), nerve_service(backend.port, registry, name="old")
    )
    for service in settings["services"]:
        service["reporters"][0]["connectionTimeoutInMilli"] = 60_000
    program = sandbox.nerve(settings)
    eventually(lambda: len(registry.names()) == 2)
    eventually(lambda: all(record["weight"] == 255 for record in registry.records().values()))
    kept = next(name for name in registry.names() if name.startswith("web"))
    before = registry.stat(kept)
    program.kill()
    del settings["services"][1]
    sandbox.nerve(settings)
    eventually(lambda: registry.names() == [kept])
    assert registry.stat(kept) == before


def test_a_restart_with_another_form_of_node_leaves_no_gap(sandbox, registry):
    backend = sandbox.backend("a")
    encoded = [reporter(registry, pathEncoding=True, connectionTimeoutInMilli=60_000)]
    settings = config(registry, nerve_service(backend.port, reporters=encoded))
    program = start_and_settle(sandbox, settings, registry)
    before = registry.names()
    recorder = ChildrenRecorder(registry)
    eventually(lambda: before[0] in program.kept())
    program.kill()
    settings["services"][0]["reporters"] = [reporter(registry, connectionTimeoutInMilli=60_000)]
    sandbox.nerve(settings)
    eventually(lambda: len(registry.names()) == 1 and registry.names() != before)
    eventually(lambda: recorder.lists()[-1] == registry.names())
    assert [] not in recorder.lists()


def test_what_an_operator_has_asked_for_stays(sandbox, registry):
    backend = sandbox.backend("a")
    exposed = [reporter(registry, exposeOnUnavailable=True, connectionTimeoutInMilli=60_000)]
    settings = config(
        registry,
        nerve_service(backend.port, name="off", reporters=exposed),
        nerve_service(backend.port, name="light", reporters=exposed),
        nerve_service(free_port(), name="forced", reporters=exposed),
    )
    program = sandbox.nerve(settings)
    eventually(lambda: len(registry.names()) == 3)
    assert program.put("/services/off/disable")[0] == 200
    assert program.put("/services/light/weight/7")[0] == 200
    assert program.put("/services/forced/enable?force=true")[0] == 200
    eventually(lambda: sorted(record["weight"] for record in registry.records().values()) == [0, 7, 255])
    before = identity(registry)
    program.signal(signal.SIGUSR2)
    assert program.wait() == 0
    successor = sandbox.nerve(settings)
    eventually(lambda: {s["Name"]: (s["Status"], s["CurrentWeight"]) for s in json.loads(successor.get("/status")[1])}
               == {"off": ("disabled", 0), "light": ("enabled", 7), "forced": ("forced", 255)})
    always(lambda: identity(registry) == before, 0.3)


@pytest.mark.parametrize("end", ["SIGUSR2", "SIGKILL", "SIGHUP"])
def test_what_an_operator_has_asked_for_stays_while_zookeeper_does_not_answer(sandbox, end):
    own = sandbox.zookeeper()
    registry = Registry(own, "/services/web")
    service = nerve_service(sandbox.backend("a").port, registry)
    service["reporters"][0]["connectionTimeoutInMilli"] = 20_000
    settings = config(registry, service)
    program = start_and_settle(sandbox, settings, registry)
    assert program.put("/services/web/disable")[0] == 200
    program.signal(signal.SIGUSR2)
    assert program.wait() == 0

    own.process.pause()
    program = sandbox.nerve(settings)
    if end == "SIGHUP":
        service["labels"] = {"color": "blue"}
        with open(program.config_path, "w", encoding="utf-8") as file:
            json.dump(settings, file)
        program.signal(signal.SIGHUP)
        eventually(lambda: "configuration loaded" in program.log())
        own.process.resume()
    else:
        always(lambda: program.running, 0.3)
        program.signal(getattr(signal, end))
        program.wait()
        own.process.resume()
        program = sandbox.nerve(settings)
    eventually(lambda: status(program) == "disabled")
    always(lambda: status(program) == "disabled" and registry.names() == [], 0.5)
    registry.close()


def test_after_an_orderly_stop_everything_begins_anew(sandbox, registry):
    settings = config(registry, nerve_service(sandbox.backend("a").port, registry))
    program = start_and_settle(sandbox, settings, registry)
    assert program.put("/services/web/weight/7")[0] == 200
    assert program.put("/services/web/disable")[0] == 200
    assert program.stop() == 0
    start_and_settle(sandbox, settings, registry)


@pytest.mark.parametrize("mode, words", [(0o600, "is of no use"), (0o644, "; run: chmod 600")])
def test_a_state_file_that_is_broken_or_open_to_others_is_told_and_left(sandbox, registry, mode, words):
    path = sandbox.path("state.json")
    with open(path, "w", encoding="utf-8") as file:
        file.write('{"version": 1, "sessions": [{}]}' if mode == 0o600 else '{"version": 1, "sessions": [], "services": {}}')
    os.chmod(path, mode)
    settings = config(registry, nerve_service(sandbox.backend("a").port, registry), statePath=path)
    program = start_and_settle(sandbox, settings, registry)
    assert path in program.log() and words in program.log()
    eventually(lambda: stat.S_IMODE(os.stat(path).st_mode) == 0o600)


def test_two_processes_cannot_share_a_state(sandbox, registry):
    path = sandbox.path("state.json")
    backend = sandbox.backend("a")
    start_and_settle(sandbox, config(registry, nerve_service(backend.port, registry), statePath=path), registry)
    before = identity(registry)
    second = sandbox.nerve(config(registry, nerve_service(backend.port, registry), statePath=path), wait=False)
    assert second.wait() == 1
    assert "another nerve has it" in second.log()
    assert identity(registry) == before


def test_an_expired_session_is_replaced(sandbox, registry):
    settings = config(registry, nerve_service(sandbox.backend("a").port, registry))
    program = start_and_settle(sandbox, settings, registry)
    session = registry.server.session_of(program)
    program.kill()
    registry.server.expire(session)
    eventually(lambda: registry.names() == [])
    successor = start_and_settle(sandbox, settings, registry)
    assert registry.stat(registry.names()[0]).ephemeralOwner == registry.server.session_of(successor)

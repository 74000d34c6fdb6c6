"""Disable, shutdown commands, and enables that come between."""

import json
import os
import signal

from harness.configs import nerve, nerve_service
from harness.processes import children_of
from harness.wait import always, eventually
from harness.web import Background


def test_the_shutdown_command_runs_only_when_it_is_asked_for(sandbox, registry):
    backend = sandbox.backend("a")
    ran = sandbox.path("ran")
    program = sandbox.nerve(nerve(nerve_service(backend.port, registry, disableShutdownCommand=["touch", ran])))
    asked = {"": False, "?shutdown=false": False, "?shutdown=true": True, "?shutdown=1": True, "?shutdown=yes": True}
    for query, expected in asked.items():
        eventually(registry.only_record)
        assert program.put(f"/services/web/disable{query}")[0] == 200
        assert os.path.exists(ran) == expected, query
        if expected:
            os.unlink(ran)
        assert program.put("/services/web/enable")[0] == 200


def test_a_shutdown_command_that_hangs_is_killed_at_its_maximum(sandbox, registry):
    backend = sandbox.backend("a")
    service = nerve_service(
        backend.port,
        registry,
        disableShutdownCommand=["sh", "-c", "sleep 60; true"],
        disableShutdownMaxDurationInMilli=200,
    )
    program = sandbox.nerve(nerve(service))
    eventually(registry.only_record)
    assert program.put("/services/web/disable?shutdown=true")[0] == 200
    assert program.metrics().value("nerve_exec_failure_total", name="web", type="disable-shutdown") == 1
    eventually(lambda: children_of(program.pid) == [])


def test_an_enable_interrupts_a_disable(sandbox, registry):
    backend = sandbox.backend("a")
    service = nerve_service(backend.port, registry, disableGracefullyDoneCommand=["false"])
    program = sandbox.nerve(nerve(service))
    eventually(registry.only_record)
    waiting = Background(lambda: program.put("/services/web/disable", timeout=30))
    eventually(lambda: registry.names() == [])
    assert program.put("/services/web/enable")[0] == 200
    assert waiting.result()[0] == 409, "who wanted to stop the service must not"
    eventually(lambda: registry.only_record()["weight"] == 255)
    assert json.loads(program.get("/services/web/status")[1])["Status"] == "enabled"


def test_two_disables_of_one_service_share_it(sandbox, registry):
    backend = sandbox.backend("a")
    idle, runs = sandbox.path("idle"), sandbox.path("runs")
    service = nerve_service(
        backend.port,
        registry,
        disableShutdownCommand=["sh", "-c", f"echo >>{runs}"],
        disableGracefullyDoneCommand=["test", "-e", idle],
        disableGracefullyDoneIntervalInMilli=200,
    )
    program = sandbox.nerve(nerve(service))
    eventually(registry.only_record)
    calls = [Background(lambda: program.put("/services/web/disable?shutdown=true", timeout=30)) for _ in range(2)]
    eventually(lambda: os.path.exists(runs))
    always(lambda: all(call.waiting() for call in calls), 0.2)
    open(idle, "w").close()
    assert [call.result()[0] for call in calls] == [200, 200]
    with open(runs, encoding="ascii") as file:
        assert len(file.readlines()) == 1


def test_a_global_disable_waits_for_all_that_are_not_excluded(sandbox, registry):
    backend = sandbox.backend("a")
    idle = {name: sandbox.path(f"{name}-is-idle") for name in "ab"}

    def service(name, **keys):
        return nerve_service(
            backend.port, registry, name=name, disableShutdownCommand=["touch", sandbox.path(f"{name}-shut")], **keys
        )

    drained = [
        service(name, disableGracefullyDoneCommand=["test", "-e", path], disableGracefullyDoneIntervalInMilli=200)
        for name, path in idle.items()
    ]
    program = sandbox.nerve(nerve(*drained, service("kept", excludeFromGlobalDisable=True)))
    eventually(lambda: len(registry.names()) == 3)
    call = Background(lambda: program.put("/disable?shutdown=true", timeout=30))
    eventually(lambda: all(os.path.exists(sandbox.path(f"{name}-shut")) for name in "ab"), what="both at the same time")
    open(idle["a"], "w").close()
    always(call.waiting, 0.2, "one is not enough")
    open(idle["b"], "w").close()
    assert call.result()[0] == 200
    assert [record["name"] for record in registry.records().values()] == ["kept"]
    assert not os.path.exists(sandbox.path("kept-shut"))


def test_enabling_all_with_force_and_without(sandbox, registry):
    alive, dead = sandbox.backend("alive"), sandbox.backend("dead")
    dead.kill()
    services = [nerve_service(alive.port, registry, name="alive"), nerve_service(dead.port, registry, name="dead")]
    program = sandbox.nerve(nerve(*services))
    eventually(lambda: len(registry.names()) == 1)
    assert program.put("/enable?force=true")[0] == 200
    eventually(lambda: len(registry.names()) == 2)
    status, body = program.get("/status")
    assert (status, [service["Status"] for service in json.loads(body)]) == (200, ["forced", "forced"])
    assert program.put("/services/dead/disable")[0] == 200, "a disable ends the force"
    assert [record["name"] for record in registry.records().values()] == ["alive"]
    assert program.put("/enable")[0] == 200
    always(lambda: len(registry.names()) == 1, 0.3, "the checks count again")


def test_a_second_signal_gives_up_the_wait_but_not_the_deregistration(sandbox, registry):
    backend = sandbox.backend("a")
    service = nerve_service(backend.port, registry, disableGracefullyDoneCommand=["false"])
    program = sandbox.nerve(nerve(service))
    eventually(registry.only_record)
    program.signal(signal.SIGTERM)
    eventually(lambda: "disabling" in program.log())
    always(lambda: program.running, 0.5, "it waits until the service is idle")

    def ended():
        program.signal(signal.SIGTERM)
        return not program.running

    eventually(ended, interval=0.1)
    assert program.wait() == 1
    assert registry.names() == []

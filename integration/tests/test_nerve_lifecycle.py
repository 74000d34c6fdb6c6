"""Coming up, weight, disable, enable, and the end."""

import json
import math
import os
import signal
import threading
import time

import pytest

from harness.configs import check, nerve, nerve_service, reporter
from harness.wait import always, eventually
from harness.weights import STEPS, ReportedWeights


def in_background(call):
    """Starts `call`; the result is in the returned dictionary when the thread has ended."""
    result = {}
    thread = threading.Thread(target=lambda: result.update(value=call()), daemon=True)
    thread.start()
    return thread, result


def test_the_weight_rises_in_steps(sandbox, registry):
    weights = ReportedWeights(sandbox)
    service = nerve_service(
        sandbox.backend("a").port,
        enableWarmupIntervalInMilli=300,
        reporters=[reporter(registry), weights.reporter()],
        # A report that is not acknowledged in time would begin the warm-up anew.
        reportReplayInMilli=30_000,
    )
    program = sandbox.nerve(nerve(service))
    eventually(lambda: registry.only_record()["weight"] == 255)
    eventually(lambda: weights.seen[-1] == 255)
    assert weights.seen == [math.ceil(step * 255 / 233) for step in STEPS]
    eventually(lambda: program.metrics().value("nerve_service_available", name="web") == 255)


def test_a_failing_stability_command_restarts_the_warm_up(sandbox, registry):
    backend = sandbox.backend("a")
    unstable = sandbox.path("unstable")
    service = nerve_service(
        backend.port,
        registry,
        weight=233,
        enableWarmupIntervalInMilli=100,
        enableWarmupMaxDurationInMilli=60_000,
        enableCheckStableIntervalInMilli=30,
        enableCheckStableCommand=["sh", "-c", f"! test -e {unstable}"],
    )
    program = sandbox.nerve(nerve(service))
    eventually(lambda: registry.only_record()["weight"] >= 5)
    open(unstable, "w").close()
    eventually(lambda: registry.only_record()["weight"] == 1, what="back at the first step")
    assert program.metrics().total("nerve_exec_failure_total", name="web") >= 1
    os.unlink(unstable)
    eventually(lambda: registry.only_record()["weight"] == 233)


def test_the_pre_available_command_comes_first_and_may_fail(sandbox, registry):
    backend = sandbox.backend("a")
    go = sandbox.path("go")
    command = ["sh", "-c", f"until test -e {go}; do sleep 0.02; done; exit 3"]
    service = nerve_service(backend.port, registry, preAvailableCommand=command, preAvailableMaxDurationInMilli=30_000)
    program = sandbox.nerve(nerve(service))
    always(lambda: registry.names() == [], 0.4)
    open(go, "w").close()
    eventually(registry.only_record)
    assert program.metrics().total("nerve_exec_failure_total", name="web") == 1


def test_the_weight_is_set_through_the_api(sandbox, registry):
    backend = sandbox.backend("a")
    program = sandbox.nerve(nerve(nerve_service(backend.port, registry)))
    eventually(lambda: registry.only_record()["weight"] == 255)
    assert program.put("/services/web/weight/100")[0] == 200
    eventually(lambda: registry.only_record()["weight"] == 100)

    def shown():  # a moment later: nerve waits for ZooKeeper's acknowledgement
        status, body = program.get("/services/web/status")
        assert status == 200
        assert list(json.loads(body).items())[:7] == [
            ("Name", "web"),
            ("Host", "127.0.0.1"),
            ("Port", backend.port),
            ("Status", "enabled"),
            ("MaxWeight", 100),
            ("CurrentWeight", 100),
            ("Available", True),
        ], "go-nerve's fields come first"
        return True

    eventually(shown)
    assert program.get("/weight/50")[0] == 200, "the GET form, for all services"
    eventually(lambda: registry.only_record()["weight"] == 50)
    for bad in ("0", "256", "-1", "abc", "1e2"):
        assert program.put(f"/services/web/weight/{bad}")[0] == 400
    assert program.put("/services/nobody/weight/5")[0] == 404
    assert registry.only_record()["weight"] == 50


def test_disable_and_enable(sandbox, registry):
    backend = sandbox.backend("a")
    program = sandbox.nerve(nerve(nerve_service(backend.port, registry)))
    eventually(registry.only_record)
    assert program.put("/services/web/disable")[0] == 200
    assert registry.names() == [], "when the call answers, the registration is gone"
    status, body = program.get("/services/web/status")
    assert (status, json.loads(body)["Status"]) == (503, "disabled")
    always(lambda: registry.names() == [], 0.3, "passing checks do not bring it back")
    assert program.put("/services/web/enable")[0] == 200
    eventually(lambda: registry.only_record()["weight"] == 255)
    assert json.loads(program.get("/services/web/status")[1])["Status"] == "enabled"


def test_enable_with_force_overrules_the_checks(sandbox, registry):
    backend = sandbox.backend("a")
    backend.kill()
    program = sandbox.nerve(nerve(nerve_service(backend.port, registry)))
    eventually(lambda: program.metrics().total("nerve_checker_failure_total") >= 1)
    assert program.put("/services/web/enable?force=true")[0] == 200
    eventually(registry.only_record)
    status, body = program.get("/services/web/status")
    assert (status, json.loads(body)["Status"]) == (200, "forced")
    assert program.put("/services/web/enable")[0] == 200
    eventually(lambda: registry.names() == [], what="the checks count again")


def test_global_disable_leaves_out_who_is_excluded(sandbox, registry, zookeeper):
    backends = [sandbox.backend("a"), sandbox.backend("b")]
    services = [
        nerve_service(backends[0].port, registry, name="a"),
        nerve_service(backends[1].port, registry, name="b", excludeFromGlobalDisable=True),
    ]
    program = sandbox.nerve(nerve(*services))
    eventually(lambda: len(registry.names()) == 2)
    assert program.put("/disable")[0] == 200
    assert [record["name"] for record in registry.records().values()] == ["b"]
    assert program.put("/enable")[0] == 200
    eventually(lambda: len(registry.names()) == 2)


def test_the_order_of_a_disable(sandbox, registry):
    """The world is told first; then the commands; the call answers when all is over."""
    backend = sandbox.backend("a")
    started, go, idle = sandbox.path("started"), sandbox.path("go"), sandbox.path("idle")
    service = nerve_service(
        backend.port,
        registry,
        reporters=[reporter(registry, exposeOnUnavailable=True)],
        disableShutdownCommand=["sh", "-c", f"touch {started}; until test -e {go}; do sleep 0.02; done"],
        disableGracefullyDoneCommand=["test", "-e", idle],
        disableGracefullyDoneIntervalInMilli=200,
    )
    program = sandbox.nerve(nerve(service))
    eventually(lambda: registry.only_record()["weight"] == 255)
    thread, result = in_background(lambda: program.put("/services/web/disable?shutdown=true", timeout=30))
    eventually(lambda: os.path.exists(started), what="the shutdown command runs")
    record = registry.only_record()
    assert (record["available"], record["weight"]) == (False, 0), "told before the command runs"
    assert record["unavailable_reason"]
    always(thread.is_alive, 0.2, "the call waits for the shutdown command")
    open(go, "w").close()
    always(thread.is_alive, 0.3, "the call waits until the service is idle")
    open(idle, "w").close()
    thread.join(20)
    assert result["value"][0] == 200


def test_a_disable_takes_its_minimum_and_not_more_than_its_maximum(sandbox, registry):
    backend = sandbox.backend("a")
    service = nerve_service(backend.port, registry, disableMinDurationInMilli=400)
    never_idle = nerve_service(
        backend.port,
        registry,
        name="busy",
        disableGracefullyDoneCommand=["false"],
        disableGracefullyDoneIntervalInMilli=50,
        disableMaxDurationInMilli=600,
    )
    program = sandbox.nerve(nerve(service, never_idle))
    eventually(lambda: len(registry.names()) == 2)
    for name, least, most in (("web", 0.4, 2.9), ("busy", 0.6, 30)):  # the defaults are 3 s and 60 s
        start = time.monotonic()
        assert program.put(f"/services/{name}/disable")[0] == 200
        assert least <= time.monotonic() - start < most


def test_unknown_services_and_routes(sandbox, registry):
    program = sandbox.nerve(nerve(nerve_service(sandbox.backend("a").port, registry)))
    assert program.get("/services/nobody/status")[0] == 404
    assert program.put("/services/nobody/disable")[0] == 404
    assert program.get("/nothing")[0] == 404
    status, version = program.get("/version")
    assert status == 200 and version.strip()
    assert program.get("/")[0] == 200


def test_metrics_have_the_names_that_users_have(sandbox, registry):
    backend = sandbox.backend("a")
    broken = nerve_service(1, registry, name="broken", checks=[check("exec", command=["false"])])
    quiet = nerve_service(backend.port, registry, name="quiet", noMetrics=True)
    program = sandbox.nerve(nerve(nerve_service(backend.port, registry), broken, quiet))
    labels = {"name": "web", "ip": "127.0.0.1", "port": str(backend.port)}
    eventually(lambda: program.metrics().value("nerve_service_available", **labels) == 255)
    eventually(lambda: program.metrics().value("nerve_checker_failure_total", name="broken", type="exec") >= 1)
    assert program.metrics().values("nerve_service_available", name="quiet") == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_drains_and_deregisters(sandbox, registry, number):
    backend = sandbox.backend("a")
    go, started = sandbox.path("go"), sandbox.path("started")
    service = nerve_service(
        backend.port,
        registry,
        reporters=[reporter(registry, exposeOnUnavailable=True)],
        disableShutdownCommand=["sh", "-c", f"touch {started}; until test -e {go}; do sleep 0.02; done"],
    )
    program = sandbox.nerve(nerve(service))
    eventually(lambda: registry.only_record()["weight"] == 255)
    program.signal(number)
    eventually(lambda: os.path.exists(started))
    assert registry.only_record()["available"] is False, "consumers are told while the service still works"
    assert program.running
    open(go, "w").close()
    assert program.wait() == 0
    assert registry.names() == []


def test_several_services_drain_at_the_same_time(sandbox, registry):
    backend = sandbox.backend("a")
    services = [nerve_service(backend.port, registry, name=f"s{i}", disableMinDurationInMilli=1500) for i in range(5)]
    program = sandbox.nerve(nerve(*services))
    eventually(lambda: len(registry.names()) == 5)
    start = time.monotonic()
    assert program.stop() == 0
    assert 1.5 <= time.monotonic() - start < 7.5  # one after the other
    assert registry.names() == []

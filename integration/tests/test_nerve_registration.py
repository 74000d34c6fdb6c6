"""What nerve writes into the registry, and when."""

import json
import os
import re

import pytest

from harness.configs import check, nerve, nerve_service, reporter
from harness.wait import always, eventually
from harness.zookeeper import Registry


def test_the_record_and_its_node(sandbox, registry):
    backend = sandbox.backend("a")
    sandbox.nerve(
        nerve(
            nerve_service(
                backend.port,
                registry,
                weight=200,
                haproxyServerOptions="check inter 2s",
                labels={"az": "b"},
            )
        )
    )
    eventually(lambda: registry.only_record()["weight"] == 200, what="registered with the full weight")
    name = f"web_127.0.0.1_{backend.port}"
    data, stat = registry.client.get(f"{registry.path}/{name}")
    assert data.decode() == (
        f'{{"available":true,"host":"127.0.0.1","port":{backend.port},"name":"web",'
        '"haproxy_server_options":"check inter 2s","weight":200,"labels":{"az":"b"}}'
    )
    assert stat.ephemeralOwner != 0
    data, stat = registry.client.get(registry.path)
    assert (data, stat.ephemeralOwner) == (b"", 0), "the parent is persistent and empty"


def test_what_is_not_configured_is_not_written(sandbox, registry):
    backend = sandbox.backend("a")
    sandbox.nerve(nerve(nerve_service(backend.port, registry)))
    eventually(
        lambda: registry.only_record()
        == {"available": True, "host": "127.0.0.1", "port": backend.port, "name": "web", "weight": 255}
    )


def test_all_parents_are_created(sandbox, registry, zookeeper):
    deep = Registry(zookeeper, f"{registry.path}/a/b/c/d")
    sandbox.nerve(nerve(nerve_service(sandbox.backend("a").port, deep)))
    eventually(deep.only_record)
    deep.close()


def test_the_name_in_the_record_can_be_another(sandbox, registry):
    sandbox.nerve(nerve(nerve_service(sandbox.backend("a").port, registry, reporterServiceName="shown")))
    eventually(lambda: registry.only_record()["name"] == "shown")


def test_the_name_of_the_node_is_fit_for_a_shell(sandbox, registry):
    backend = sandbox.backend("a")
    sandbox.nerve(nerve(nerve_service(backend.port, registry, name="my web/$HOME é")))
    assert eventually(registry.only_record)["name"] == "my web/$HOME é"
    assert re.fullmatch(rf"[A-Za-z0-9._-]+_127\.0\.0\.1_{backend.port}", registry.names()[0])


def test_the_default_name_is_host_and_port(sandbox, registry):
    backend = sandbox.backend("a")
    service = nerve_service(backend.port, registry)
    del service["name"]
    sandbox.nerve(nerve(service))
    eventually(lambda: registry.only_record()["name"] == f"127.0.0.1:{backend.port}")


def test_a_killed_backend_leaves_and_returns(sandbox, registry):
    backend = sandbox.backend("a")
    program = sandbox.nerve(nerve(nerve_service(backend.port, registry)))
    eventually(registry.only_record)
    backend.kill()
    eventually(lambda: registry.names() == [], what="the node is gone")
    assert program.get("/services/web/status")[0] == 503
    sandbox.backend("a", backend.port)
    eventually(registry.only_record)
    eventually(lambda: program.get("/services/web/status")[0] == 200)


def test_an_unavailable_service_can_stay_listed(sandbox, registry):
    backend = sandbox.backend("a")
    service = nerve_service(backend.port, registry, reporters=[reporter(registry, exposeOnUnavailable=True)])
    sandbox.nerve(nerve(service))
    node = eventually(registry.names)
    created = registry.stat(node[0]).czxid
    backend.kill()
    record = eventually(lambda: (r := registry.only_record())["available"] is False and r)
    assert record["weight"] == 0
    assert "refused" in record["unavailable_reason"]
    sandbox.backend("a", backend.port)
    record = eventually(lambda: (r := registry.only_record())["available"] and r["weight"] == 255 and r)
    assert "unavailable_reason" not in record
    assert registry.stat(node[0]).czxid == created, "the same node all the time"


def test_a_service_that_never_was_up_is_not_listed(sandbox, registry):
    backend = sandbox.backend("a")
    backend.kill()
    program = sandbox.nerve(nerve(nerve_service(backend.port, registry)))
    eventually(lambda: program.metrics().value("nerve_checker_failure_total", name="web", type="tcp") >= 2)
    assert registry.names() == []


def test_several_services_do_not_disturb_each_other(sandbox, registry, zookeeper):
    backends = [sandbox.backend(f"b{i}") for i in range(3)]
    paths = [Registry(zookeeper, f"{registry.path}/s{i}") for i in range(3)]
    services = [nerve_service(b.port, p, name=f"s{i}") for i, (b, p) in enumerate(zip(backends, paths))]
    program = sandbox.nerve(nerve(*services))
    for path in paths:
        eventually(path.only_record)
    kept = [path.stat(path.names()[0]) for path in paths]
    backends[1].kill()
    eventually(lambda: paths[1].names() == [])
    assert [path.stat(path.names()[0]).czxid for path in (paths[0], paths[2])] == [kept[0].czxid, kept[2].czxid]
    assert kept[0].ephemeralOwner == kept[2].ephemeralOwner, "one session for one ensemble"
    status, body = program.get("/status")
    assert status == 503
    assert [(s["Name"], s["Available"]) for s in json.loads(body)] == [("s0", True), ("s1", False), ("s2", True)]
    for path in paths:
        path.close()


def test_an_http_check_refuses_only_5xx(sandbox, registry):
    backend = sandbox.backend("a")
    service = nerve_service(backend.port, registry, checks=[check("http", path="/health")])
    program = sandbox.nerve(nerve(service))
    eventually(registry.only_record)
    backend.answer_with(500)
    eventually(lambda: registry.names() == [])
    assert program.metrics().value("nerve_checker_failure_total", name="web", type="http") >= 1
    backend.answer_with(404)
    eventually(registry.only_record)
    assert backend.count("/health") > 2


def test_an_exec_check_follows_the_exit_status(sandbox, registry):
    good = sandbox.path("good")
    service = nerve_service(1, registry, checks=[check("exec", command=["test", "-e", good])])
    program = sandbox.nerve(nerve(service))
    eventually(lambda: program.metrics().value("nerve_checker_failure_total", type="exec") >= 1)
    assert registry.names() == []
    open(good, "w").close()
    eventually(registry.only_record)


def test_an_exec_check_that_hangs_has_failed(sandbox, registry):
    service = nerve_service(1, registry, checks=[check("exec", command=["sleep", "60"], timeoutInMilli=100)])
    program = sandbox.nerve(nerve(service))
    eventually(lambda: program.metrics().value("nerve_checker_failure_total", type="exec") >= 2)
    assert registry.names() == []


@pytest.mark.parametrize("rise,fall", [(3, 1), (1, 3)])
def test_a_verdict_needs_rise_passes_or_fall_failures(sandbox, registry, rise, fall):
    good, runs = sandbox.path("good"), sandbox.path("runs")
    open(good, "w").close()
    open(runs, "w").close()
    command = ["sh", "-c", f"test -e {good}; status=$?; echo $status >>{runs}; exit $status"]

    def count(status):
        with open(runs, encoding="ascii") as file:
            return file.read().split().count(status)

    service = nerve_service(1, registry, checks=[check("exec", command=command, rise=rise, fall=fall)])
    sandbox.nerve(nerve(service))
    eventually(registry.only_record)
    assert count("0") >= rise
    os.unlink(good)
    eventually(lambda: registry.names() == [])
    assert count("1") >= fall


def test_all_checks_must_pass(sandbox, registry):
    one, two = sandbox.backend("one"), sandbox.backend("two")
    checks = [check("tcp"), check("http", port=two.port)]
    program = sandbox.nerve(nerve(nerve_service(one.port, registry, checks=checks)))
    eventually(registry.only_record)
    two.answer_with(503)
    eventually(lambda: registry.names() == [])
    eventually(lambda: program.metrics().value("nerve_service_available", name="web") == 0)
    two.answer_with(200)
    eventually(registry.only_record)
    eventually(lambda: program.metrics().value("nerve_service_available", name="web") == 255)


def test_nothing_is_reported_before_every_check_has_a_verdict(sandbox, registry):
    backend = sandbox.backend("a")
    go = sandbox.path("go")
    waits = check("exec", command=["sh", "-c", f"until test -e {go}; do sleep 0.02; done"], timeoutInMilli=20_000)
    program = sandbox.nerve(nerve(nerve_service(backend.port, registry, checks=[check(), waits])))
    always(lambda: registry.names() == [], 0.5)
    assert program.get("/services/web/status")[0] == 503
    open(go, "w").close()
    eventually(registry.only_record)

"""What synapse says of itself: readiness, services, differences, events, health, metrics."""

import json
import os
import signal
import stat

from harness import web
from harness.configs import start_synapse, synapse, synapse_service
from harness.ports import free_port
from harness.wait import always, eventually

ROUTES = ["/", "/ready", "/health", "/services", "/diff", "/events", "/config", "/metrics", "/version"]


def body(program, path):
    """(status, the JSON that was answered)"""
    status, text = program.get(path)
    return status, json.loads(text)


def service_of(program, name="web"):
    status, service = body(program, f"/services/{name}")
    assert status == 200, service
    return service


def server_of(program, name):
    """A LookupError when it is not there."""
    return {server["name"]: server for server in service_of(program)["servers"]}[name]


def weight_in_haproxy(program, name):
    has = server_of(program, name)["has"]
    return has and has["weight"]


def explained(program, server):
    return body(program, f"/explain/web/{server}")[1][0]


def events_of(program, what=None, **fields):
    events = body(program, "/events")[1]
    return [
        event
        for event in events
        if what in (None, event["what"]) and all(event.get(key) == value for key, value in fields.items())
    ]


def start(sandbox, registry, mode="managed", **keys):
    return start_synapse(sandbox, mode, synapse_service(registry, free_port(), name="web", **keys)).await_ready()


def test_ready_is_true_or_false_and_names_what_is_missing_to_who_asks(sandbox, registry):
    zookeeper = sandbox.zookeeper()
    away = {"type": "zookeeper", "hosts": [zookeeper.hosts], "path": "/away"}
    zookeeper.stop()
    registry.add("a", sandbox.backend("a").port)
    config = synapse(
        synapse_service(registry, free_port(), name="web"), {"name": "away", "watcher": away, "port": free_port()}
    )
    program = sandbox.synapse(config)
    eventually(lambda: service_of(program)["ready"], 20)
    assert program.get("/ready") == (503, "false")
    status, _, text = web.exchange(program.api_port, "/ready", headers={"Accept": "application/json"})
    missing = json.loads(text)["missing"]
    assert status == 503 and [each["service"] for each in missing] == ["away"]
    assert missing[0]["why"], "it says what it waits for"
    zookeeper.start()
    eventually(lambda: program.get("/ready") == (200, "true"), 30)
    assert body(program, "/ready?verbose") == (200, {"ready": True, "missing": []})


def test_a_service_shows_what_is_wanted_and_what_haproxy_has(sandbox, registry):
    backend = sandbox.backend("a")
    registry.add("a", backend.port, weight=7, labels={"az": "x"}, haproxy_server_options="maxconn 9")
    program = start(sandbox, registry)
    service = eventually(lambda: (s := service_of(program))["state"] == "ok" and s, 20)
    assert (service["available"], service["unavailable"], service["inService"], service["wanted"]) == (1, 0, 1, 1)
    assert service["source"]["path"] == registry.path and service["source"]["hosts"] == [registry.server.hosts]
    assert service["router"]["type"] == "haproxy" and service["proxy"] == "web_1"
    assert 0 <= service["ageSeconds"] < 60
    [server] = service["servers"]
    assert (server["in"], server["kind"], server["why"]) == (True, "in", "ready with weight 7")
    wanted = server["wanted"]
    assert (wanted["host"], wanted["port"], wanted["weight"]) == ("127.0.0.1", backend.port, 7)
    assert wanted["labels"] == {"az": "x"} and wanted["options"] == ["maxconn", "9"] and wanted["registered"]
    assert server["has"] == {
        "address": "127.0.0.1", "port": backend.port, "weight": 7, "state": "ready", "note": "",
    }  # fmt: skip
    assert body(program, "/services/nobody")[0] == 404
    assert [each["service"] for each in body(program, "/services?servers=false")[1]] == ["web"]


def test_every_server_that_is_out_says_why(sandbox, registry):
    for name in ("a", "leaves", "drained", "spoilt"):
        registry.add(name, sandbox.backend(name).port)
    registry.put("broken", b"not json")
    program = start(sandbox, registry)
    eventually(lambda: service_of(program)["inService"] == 4, 20)
    assert explained(program, "broken")["kind"] == "invalid"
    registry.add("drained", 1, available=False, unavailable_reason="HTTP 503")
    eventually(lambda: explained(program, "drained")["kind"] == "unavailable")
    assert explained(program, "drained")["why"].endswith(": HTTP 503")
    registry.remove("drained")
    eventually(lambda: explained(program, "drained")["kind"] == "gone")
    why = explained(program, "drained")["why"]
    assert why.startswith("no record since ") and "last reason: HTTP 503" in why
    registry.remove("leaves")
    eventually(lambda: explained(program, "leaves")["kind"] == "gone")
    registry.add("spoilt", 70_000)
    eventually(lambda: explained(program, "spoilt")["kind"] == "invalid")
    assert "port" in explained(program, "spoilt")["why"]
    assert explained(program, "a")["in"] is True
    assert explained(program, "stranger")["kind"] == "unseen"


def test_what_the_configuration_says_about_servers_is_told(sandbox, registry):
    near = sandbox.backend("near")
    registry.add("near", near.port, labels={"az": "x"})
    registry.add("far", sandbox.backend("far").port, labels={"az": "y"})
    default = sandbox.backend("default")
    filters = [{"label": "az", "value": "x"}]
    last = [{"name": "last", "host": "127.0.0.1", "port": default.port}]
    program = start(sandbox, registry, labelFilters=filters, defaultServers=last)
    eventually(lambda: explained(program, "near")["in"], 20)
    assert explained(program, "far")["kind"] == "filtered"
    registry.add("near", near.port, available=False, labels={"az": "x"})
    eventually(lambda: service_of(program)["state"] == "defaulted")
    eventually(lambda: explained(program, "last")["kind"] == "default")
    eventually(lambda: events_of(program, "defaulted", new="true"))
    registry.add("near", near.port, labels={"az": "x"})
    eventually(lambda: service_of(program)["state"] == "ok")
    eventually(lambda: explained(program, "last")["in"] is False)
    eventually(lambda: events_of(program, "defaulted", new="false"))


def test_the_last_servers_are_in_and_said_to_be_kept(sandbox, registry):
    registry.add("a", sandbox.backend("a").port)
    program = start(sandbox, registry)
    registry.remove("a")
    eventually(lambda: service_of(program)["state"] == "kept")
    server = server_of(program, "a")
    assert server["in"] and server["kind"] == "kept" and server["why"].startswith("no record since ")
    eventually(lambda: events_of(program, "kept", new="true"))
    registry.add("b", sandbox.backend("b").port)
    eventually(lambda: service_of(program)["state"] == "ok")
    eventually(lambda: explained(program, "a")["kind"] == "gone")


def test_what_waits_for_a_reload_is_a_difference(sandbox, registry):
    registry.add("a", sandbox.backend("a").port)
    service = synapse_service(registry, free_port(), name="web", routerOptions={"backend": ["balance static-rr"]})
    program = sandbox.synapse(synapse(service, reloadMinIntervalInMilli=600_000)).await_ready()
    eventually(lambda: service_of(program)["inService"] == 1, 20)
    assert body(program, "/diff") == (200, [])
    registry.add("b", sandbox.backend("b").port)
    [found] = eventually(lambda: (diff := body(program, "/diff")[1]) and diff[0]["waiting"] and diff, 20)
    assert found["service"] == "web" and "backend_not_dynamic" in found["waiting"][0]
    assert [(each["server"], each["what"]) for each in found["differences"]] == [("b", "missing")]
    eventually(lambda: service_of(program)["state"] == "pending")
    assert explained(program, "b")["kind"] == "waiting" and "backend_not_dynamic" in explained(program, "b")["why"]
    eventually(lambda: events_of(program, "reload", new="wanted"))
    registry.remove("b")
    eventually(lambda: body(program, "/diff") == (200, []), 20)


def test_haproxy_that_does_not_answer_makes_the_difference_unknown(sandbox, registry):
    registry.add("a", sandbox.backend("a").port)
    program = start(sandbox, registry, "external")
    eventually(lambda: body(program, "/diff") == (200, []), 20)
    worker = program.runtime.worker_pid()
    os.kill(worker, signal.SIGSTOP)
    try:
        eventually(lambda: body(program, "/diff")[1][0]["unknown"], 40)
        assert explained(program, "a")["kind"] == "unknown"
        assert program.get("/ready") == (200, "true"), "the service was routed"
        assert program.get("/health")[0] == 200, "synapse itself works"
    finally:
        os.kill(worker, signal.SIGCONT)
    eventually(lambda: body(program, "/diff") == (200, []), 40)


def test_events_tell_what_happened_to_servers_and_haproxy(sandbox, registry):
    registry.add("a", sandbox.backend("a").port)
    program = start(sandbox, registry)
    registry.add("b", sandbox.backend("b").port, weight=5)
    eventually(lambda: events_of(program, "server", server="b", new="in"))
    registry.add("b", sandbox.backend("b").port, weight=6)
    eventually(lambda: events_of(program, "weight", server="b", old="5", new="6"))
    registry.remove("b")
    eventually(lambda: events_of(program, "server", server="b", new="out", reason="no record"))
    assert events_of(program, "haproxy", new="attached") and events_of(program, "reload", new="done")
    assert events_of(program, "ready", service="web", new="true")
    times = [event["time"] for event in body(program, "/events")[1]]
    assert times == sorted(times)
    assert {event["service"] for event in body(program, "/events?service=web")[1]} == {"web"}
    assert len(body(program, "/events?limit=2")[1]) == 2
    assert program.get("/events?limit=x")[0] == 400


def test_the_first_state_of_a_large_service_does_not_flush_the_record(sandbox, registry):
    for i in range(150):
        registry.add(f"s{i:03}", 40_000 + i)
    program = start(sandbox, registry)
    eventually(lambda: service_of(program)["wanted"] == 150, 20)
    assert events_of(program, "server") == []
    eventually(lambda: events_of(program, "servers", new="150 available, 0 unavailable"))


def test_the_api_is_on_a_unix_socket_too(sandbox, registry):
    path = sandbox.path("synapse.sock")
    config = {**synapse(synapse_service(registry, free_port(), name="web")), "apiSocket": path}
    program = sandbox.synapse(config).await_ready()
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o660
    assert web.request(path, "/version") == program.get("/version")
    assert program.stop() == 0
    assert not os.path.exists(path)


def test_everything_is_read_only(sandbox, registry):
    program = start(sandbox, registry)
    listed = program.get("/")[1]
    for path in ROUTES:
        assert program.get(path)[0] in (200, 503)
        assert f"GET {path}\n" in listed
        assert program.put(path)[0] == 405


def test_health_is_of_the_program_not_of_the_services(sandbox, registry):
    program = start(sandbox, registry)
    status, health = body(program, "/health")
    assert status == 200 and health["healthy"] and health["problems"] == []
    assert health["loopLateMs"] < 5000


def test_propagation_is_measured(sandbox, registry):
    registry.add("a", sandbox.backend("a").port)
    program = start(sandbox, registry)
    metric = "synapse_propagation_seconds_count"
    before = program.metrics().total(metric, since="change")
    port = sandbox.backend("b").port
    for weight in range(1, 6):
        registry.add("b", port, weight=weight)
        eventually(lambda w=weight: weight_in_haproxy(program, "b") == w)
    eventually(lambda: program.metrics().total(metric, since="change") > before)
    metrics = program.metrics()
    assert metrics.total(metric, since="event") >= metrics.total(metric, since="change")
    assert metrics.value("synapse_propagation_seconds_sum", since="event") < 60
    assert metrics.value("synapse_watches") == 3, "the list and two records"


def test_two_routers_with_a_service_of_one_name(sandbox, registry):
    registry.add("a", sandbox.backend("a").port)
    config = synapse(synapse_service(registry, free_port(), name="web"))
    config["routers"].append({"type": "console", "services": [synapse_service(registry, name="web")]})
    program = sandbox.synapse(config).await_ready()
    eventually(lambda: all(each["state"] == "ok" for each in body(program, "/services")[1]), 20)
    assert body(program, "/services/web")[0] == 409
    assert body(program, "/services/web?router=console")[1]["router"]["type"] == "console"
    assert len(body(program, "/explain/web/a")[1]) == 2
    eventually(lambda: len(program.metrics().values("synapse_service_available_count", service="web")) == 2)
    assert sorted(program.metrics().values("synapse_service_available_count", service="web")) == [1, 1]
    labels = [found for name, found, _ in program.metrics().samples if name == "synapse_service_available_count"]
    assert {"service": "web"} in labels, "go-synapse's labels stay"


def test_the_series_of_a_service_that_is_gone_end(sandbox, registry):
    first, second = synapse_service(registry, free_port(), name="web"), synapse_service(registry, free_port(), name="db")
    program = sandbox.synapse(synapse(first, second)).await_ready()
    metric = "synapse_service_available_count"
    eventually(lambda: program.metrics().value(metric, service="db") == 0)
    config = json.loads(json.dumps(program.config))
    del config["routers"][0]["services"][1]
    with open(program.config_path, "w", encoding="utf-8") as file:
        json.dump(config, file)
    eventually(lambda: program.metrics().values(metric, service="db") == [], 20)
    assert program.metrics().value(metric, service="web") == 0
    assert body(program, "/services/db")[0] == 404
    eventually(lambda: events_of(program, "service", service="db", new="removed"))
    always(lambda: program.get("/ready")[0] == 200, 0.2)

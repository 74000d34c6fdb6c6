"""What synapse says of servers that are in although they vanished, and of records that it leaves out."""

import json

from harness.configs import start_synapse, synapse_service
from harness.ports import free_port
from harness.wait import eventually

CHECK = "check inter 100ms fastinter 100ms rise 1 fall 1"
HASH = "c_0123456789abcdef0123456789abcdef"


def start(sandbox, registry, **keys):
    service = synapse_service(registry, free_port(), name="web", **keys)
    return start_synapse(sandbox, "managed", service).await_ready()


def explained(program, server):
    status, text = program.get(f"/explain/web/{server}")
    assert status == 200, text
    return json.loads(text)[0]


def shown(program):
    return json.loads(program.get("/services/web")[1])


def test_servers_that_are_held_are_wanted_and_say_why_they_are_in(sandbox, registry):
    backends = {name: sandbox.backend(name) for name in "abcd"}
    for name, backend in backends.items():
        registry.add(name, backend.port)
    http = {"mode": "http", "routerOptions": {"backend": ["option httpchk GET /", "timeout check 10s"]}}
    program = start(sandbox, registry, serverOptions=CHECK, holdBelowPercent=50, **http)
    eventually(lambda: program.runtime.names_in_rotation("web") == set("abcd"), 20)
    registry.remove("a", "b", "c")
    eventually(lambda: shown(program)["state"] == "held", 20)
    service = shown(program)
    assert (service["held"], service["wanted"], service["inService"]) == (3, 4, 4)
    assert service["trouble"].startswith("3 of 4 servers vanished at once; held for as long as ")
    assert service["gone"] == []
    assert {server["name"]: server["kind"] for server in service["servers"]} == {
        "a": "held",
        "b": "held",
        "c": "held",
        "d": "in",
    }
    assert explained(program, "a")["in"]
    assert explained(program, "a")["why"].startswith("no record since ")
    assert json.loads(program.get("/diff")[1]) == []
    told = sandbox.synapse_command("status", "--api", f"127.0.0.1:{program.api_port}")
    assert " held " in told.stdout and " 4/4 " in told.stdout, told
    web = program.config["routers"][0]["services"][0]
    backends["a"].answer_with(500)
    eventually(lambda: not explained(program, "a")["in"], 20)
    eventually(lambda: shown(program)["held"] == 2, 20)
    web["holdBelowPercent"] = 0
    with open(program.config_path, "w", encoding="utf-8") as file:
        json.dump(program.config, file)
    eventually(lambda: "synapse_service_held_servers{" not in program.metrics().text, 20)
    eventually(lambda: shown(program)["state"] == "ok" and shown(program)["held"] == 0, 20)
    eventually(lambda: not explained(program, "b")["in"])


def test_a_record_that_is_left_out_is_found_by_name_node_and_address(sandbox, registry):
    backends = {name: sandbox.backend(name) for name in ("in", "canary", "default")}
    nodes = {f"api{place}": f"api{place}_10.0.0.{place}_{HASH}000000000{place}" for place in range(1, 5)}
    registry.add("api1", backends["in"].port, child=nodes["api1"])
    registry.add("api2", backends["canary"].port, child="x" + nodes["api2"], labels={"canary": "yes"})
    registry.add("api3", 70_000, child=nodes["api3"])
    registry.add("api4", backends["in"].port, child=nodes["api4"], haproxy_server_options="zork on")
    canaries = [{"label": "canary", "condition": "not-equals", "value": "yes"}]
    default = {"name": "api2", "host": "127.0.0.1", "port": backends["default"].port}
    program = start(sandbox, registry, labelFilters=canaries, defaultServers=[default])
    eventually(lambda: explained(program, "api1")["in"], 20)
    for name in ("api2", "x" + nodes["api2"], f"127.0.0.1:{backends['canary'].port}"):
        assert explained(program, name)["kind"] == "filtered", name
    assert "port" in explained(program, "api3")["why"]
    assert "zork" in explained(program, "api4")["why"]
    assert [explained(program, name)["kind"] for name in ("api3", "api4")] == ["invalid", "invalid"]
    assert explained(program, "api")["kind"] == "unseen"
    registry.add("api5", backends["in"].port, child=f"api5_{HASH}0000000005")
    eventually(lambda: explained(program, "api5")["in"], 20)
    registry.remove(f"api5_{HASH}0000000005")
    registry.add("api5", 70_000, child=f"api5_{HASH}0000000006")
    eventually(lambda: explained(program, "api5")["kind"] == "invalid", 20)
    registry.add("api1", backends["in"].port, child=nodes["api1"], available=False)
    eventually(lambda: explained(program, "api2")["kind"] == "default", 20)
    assert "x" + nodes["api2"] in explained(program, "api2")["why"]
    assert "is out, filtered: " in explained(program, "api2")["why"]

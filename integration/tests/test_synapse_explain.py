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
    http = {"mode": "http", "routerOptions": {"backend": ["option httpchk GET /"]}}
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
    backends["a"].answer_with(500)
    eventually(lambda: not explained(program, "a")["in"], 20)
    eventually(lambda: shown(program)["held"] == 2, 20)
    registry.add("b", backends["b"].port)
    registry.add("c", backends["c"].port)
    eventually(lambda: shown(program)["state"] == "ok", 20)
    assert shown(program)["held"] == 0

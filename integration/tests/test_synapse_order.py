"""The order of servers, correlation, and the console router."""

import json

import pytest

from harness.configs import synapse, synapse_service
from harness.ports import free_port
from harness.wait import eventually


def server_lines(program, proxy):
    """The names on the server lines of one backend, in their order."""
    names, inside = [], False
    for line in program.haproxy_config().splitlines():
        words = line.split()
        if line and not line[0].isspace():
            inside = words[:2] == ["backend", proxy]
        elif inside and words[:1] == ["server"]:
            names.append(words[1])
    return names


def add(registry, *names):
    for number, name in enumerate(names):
        registry.add(name, 40_000 + number)


@pytest.mark.parametrize("sort,expected", [("name", "abcde"), ("date", "dbeac")])
def test_servers_are_sorted(sandbox, registry, sort, expected):
    add(registry, *"dbeac")
    program = sandbox.synapse(
        synapse(synapse_service(registry, free_port(), name="web", serverSort=sort))
    ).await_ready()
    eventually(lambda: server_lines(program, "web_1") == list(expected))


def test_random_is_another_order_but_always_the_same(sandbox, registry):
    names = [f"s{i:02}" for i in range(20)]
    add(registry, *names)
    orders = []
    for _ in range(2):
        program = sandbox.synapse(synapse(synapse_service(registry, free_port(), name="web"))).await_ready()
        orders.append(eventually(lambda p=program: len(lines := server_lines(p, "web_1")) == len(names) and lines))
        program.stop()
    assert orders[0] == orders[1]
    assert sorted(orders[0]) == names and orders[0] != names


def test_correlation_leaves_out_the_first_of_the_other(sandbox, registry):
    add(registry, *"abc")
    correlation = {"type": "excludeServer", "otherServiceName": "writers", "scope": "first"}
    program = sandbox.synapse(
        synapse(
            synapse_service(registry, free_port(), name="writers", serverSort="name"),
            synapse_service(registry, free_port(), name="readers", serverSort="name", serverCorrelation=correlation),
        )
    ).await_ready()
    eventually(lambda: program.runtime.names_in_rotation("readers") == {"b", "c"})
    eventually(lambda: program.runtime.names_in_rotation("writers") == {"a", "b", "c"})
    registry.remove("a")
    eventually(lambda: program.runtime.names_in_rotation("readers") == {"c"}, what="b is the first now")
    registry.add("a", 40_000)
    eventually(lambda: program.runtime.names_in_rotation("readers") == {"b", "c"})


def test_the_console_router_prints_each_change(sandbox, registry):
    add(registry, "b", "a")
    config = {"routers": [{"type": "console", "services": [synapse_service(registry, name="web", serverSort="name")]}]}
    program = sandbox.synapse(config).await_ready()

    def printed():
        return [json.loads(line) for line in program.log().splitlines() if line.startswith(("{", "["))]

    last = eventually(lambda: all(name in (text := json.dumps(printed()[-1])) for name in ("web", '"a"', '"b"')) and text)
    assert last.index('"a"') < last.index('"b"')
    registry.remove("a")
    eventually(lambda: '"a"' not in json.dumps(printed()[-1]) and '"b"' in json.dumps(printed()[-1]))


def test_two_kinds_of_routers_in_one_synapse(sandbox, registry):
    add(registry, "a")
    haproxy = synapse(synapse_service(registry, free_port(), name="web"))["routers"][0]
    console = {"type": "console", "services": [synapse_service(registry, name="web")]}
    program = sandbox.synapse({"routers": [console, haproxy]}).await_ready()
    assert program.runtime.names_in_rotation("web") == {"a"}
    assert "40000" in program.log()

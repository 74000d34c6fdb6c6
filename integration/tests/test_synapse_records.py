"""All forms of records that real registries hold, and the ones that nobody should hold."""

import base64
import json

import pytest

from harness.configs import synapse, synapse_service
from harness.ports import free_port
from harness.wait import eventually
from harness.web import answers
from harness.zookeeper import record


def serving(sandbox, registry, **keys):
    """(synapse, port) that serves what is in the registry."""
    port = free_port()
    return sandbox.synapse(synapse(synapse_service(registry, port, name="web", **keys))).await_ready(), port


def put_forms(registry, ports):
    """One record in each form; `ports` by the name of the backend that shall answer."""
    registry.put("web_10.0.0.1_c_0123456789abcdef0123456789abcdef0000000001", record("go", ports["go"], weight=None))
    airbnb = {"host": "127.0.0.1", "port": ports["airbnb"], "name": "i-0a1b", "weight": None, "labels": {"az": "b"}}
    registry.put("i-0a1b_0000000002", json.dumps(airbnb))
    registry.put(
        "i-0a1c_0000000003", json.dumps({"host": "127.0.0.1", "port": str(ports["text"]), "id": 7}), ephemeral=False
    )
    text = json.dumps({"host": "127.0.0.1", "port": ports["encoded"], "name": "encoded"})
    encoded = base64.urlsafe_b64encode(text.encode()).decode()
    registry.put(f"base64_{len(encoded)}_{encoded}_0000000004", b"")
    unknown = {"name": "future", "host": "127.0.0.1", "port": ports["future"], "shape": {"of": ["things"]}, "x": None}
    registry.put("future", json.dumps(unknown))
    old = {"name": "old", "host": "127.0.0.1", "port": ports["old"], "haproxy_server_id": "12"}
    registry.put("old", json.dumps(old), ephemeral=False)


FORMS = ["go", "airbnb", "text", "encoded", "future", "old"]


@pytest.mark.parametrize("when", ["before", "after"])
def test_every_form_is_served(sandbox, registry, when):
    """Whether it was there at the start, or came later."""
    ports = {name: sandbox.backend(name).port for name in FORMS}
    if when == "before":
        put_forms(registry, ports)
    program, port = serving(sandbox, registry)
    if when == "after":
        put_forms(registry, ports)
    eventually(lambda: set(answers(port, 12)) == set(FORMS))
    eventually(lambda: program.metrics().value("synapse_service_available_count", service="web") == len(FORMS))
    assert program.metrics().total("synapse_record_rejected_total") == 0


BAD = {
    "a newline in the name": record("evil\n  server attacker 127.0.0.1:9 weight 1", 9),
    "a newline in the options": record("evil", 9, haproxy_server_options="check\n  server attacker 127.0.0.1:9"),
    "a newline in the host": record("evil", 9, host="127.0.0.1:9\n  server attacker 127.0.0.1"),
    "a space in the name": record("evil attacker", 9),
    "a comment in the name": record("evil#attacker", 9),
    "an unknown option": record("evil", 9, haproxy_server_options="attacker 3"),
    "a file as the host": record("evil", 9, host="/etc/attacker"),
    "a socket as the host": record("evil", 9, host="unix@attacker"),
    "the environment as the host": record("evil", 9, host="$attacker"),
    "any host": record("evil", 9, host="*"),
    "port 70000": record("evil", 70_000),
    "port 0": record("evil", 0),
    "port -1": record("evil", -1),
    "no port": record("evil", None),
    "no host": record("evil", 9, host=None),
    "a weight of words": record("evil", 9, weight="heavy"),
    "garbage": b"\x00\xff{not json",
    "nothing": b"",
    "a list": b"[1,2,3]",
    "half a record": b'{"host":"127.0.0.1","port":',
    "a deep one": b'{"host":' * 5000,
    "invalid UTF-8": b'{"name":"evil\xff","host":"127.0.0.1","port":9}',
}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_record_is_left_out_and_the_others_are_served(sandbox, registry, kind):
    registry.add("a", sandbox.backend("a").port)
    program, port = serving(sandbox, registry)
    worker = program.runtime.worker_pid()
    registry.put("bad", BAD[kind])
    registry.add("b", sandbox.backend("b").port)
    eventually(lambda: set(answers(port, 4)) == {"a", "b"}, what="what comes after the bad record is served")
    eventually(lambda: program.metrics().value("synapse_record_rejected_total", service="web") >= 1)
    eventually(lambda: "bad" in program.log())
    assert program.runtime.names_in_rotation("web") == {"a", "b"}
    assert "attacker" not in program.haproxy_config() and "evil" not in program.haproxy_config()
    assert program.runtime.worker_pid() == worker
    registry.add("repaired", sandbox.backend("c").port, child="bad")
    eventually(lambda: program.runtime.names_in_rotation("web") == {"a", "b", "repaired"})


def test_bad_records_at_the_start(sandbox, registry):
    registry.add("a", sandbox.backend("a").port)
    for number, data in enumerate(BAD.values()):
        registry.put(f"bad{number}", data)
    program, port = serving(sandbox, registry)
    assert answers(port, 6) == {"a": 6}
    assert program.runtime.names_in_rotation("web") == {"a"}
    assert program.metrics().value("synapse_record_rejected_total", service="web") == len(BAD)
    assert "attacker" not in program.haproxy_config()


def test_a_trouble_that_lasts_is_told_once(sandbox, registry):
    registry.add("a", 40_000)
    registry.put("bad", "garbage")
    program, _ = serving(sandbox, registry)
    for weight in range(1, 11):
        registry.add("a", 40_000, weight=weight)
        eventually(lambda weight=weight: program.runtime.in_rotation("web") == {"127.0.0.1:40000": weight})
    assert sum("bad" in line and "web" in line for line in program.log().splitlines()) == 1


def test_a_host_without_an_address_holds_up_nobody(sandbox, registry):
    registry.add("lost", 9, host="no-such-host.invalid")
    registry.add("a", sandbox.backend("a").port)
    program, port = serving(sandbox, registry)
    assert answers(port, 4) == {"a": 4}
    registry.add("b", sandbox.backend("b").port)
    eventually(lambda: set(answers(port, 4)) == {"a", "b"})
    assert "no-such-host.invalid" not in program.haproxy_config()


def test_records_without_a_weight_get_their_share(sandbox, registry):
    """Both kinds stand in one path while its services move from one family of tools to the other."""
    registry.add("go", sandbox.backend("go").port)
    airbnb = {"host": "127.0.0.1", "port": sandbox.backend("airbnb").port, "name": "airbnb", "weight": None}
    registry.put("airbnb_0000000001", json.dumps(airbnb))
    _, port = serving(sandbox, registry)
    assert answers(port, 20) == {"go": 10, "airbnb": 10}


def test_two_records_with_one_name(sandbox, registry):
    """The older keeps the name, the other has its address behind it."""
    a, b = sandbox.backend("a"), sandbox.backend("b")
    registry.add("twin", b.port, child="second")
    registry.remove("second")
    registry.add("twin", a.port, child="z-older")
    registry.add("twin", b.port, child="a-younger")
    program, port = serving(sandbox, registry)
    assert set(answers(port, 6)) == {"a", "b"}
    names = {row["srv_name"]: int(row["srv_port"]) for row in program.runtime.servers("web")}
    assert names == {"twin": a.port, f"twin_127.0.0.1_{b.port}": b.port}

"""Where servers come from: each kind of watcher drives HAProxy, and fails as its README says."""

import base64
import json
import os
import re

import pytest

from harness.configs import synapse, synapse_service
from harness.dns import REFUSED, SERVFAIL, NameServer
from harness.ports import free_port
from harness.relay import Relay
from harness.wait import always, eventually
from harness.web import Load, answers
from harness.zookeeper import Registry


def service(watcher, port=None, **keys):
    return {"name": "web", "watcher": watcher, **({"port": port} if port else {}), **keys}


def in_rotation(program, name="web"):
    return set(program.runtime.in_rotation(name))


@pytest.fixture
def name_server():
    server = NameServer()
    yield server
    server.close()


def dns(server, *hosts, **keys):
    """A watcher of these; what it may cache is as short as it can be."""
    watcher = {"type": "dns", "nameservers": [server.place], "minTtlInMilli": 200, **keys}
    return {**watcher, "hosts": list(hosts)} if hosts else watcher


# fixed


def test_fixed_servers_are_served(sandbox):
    a, b = sandbox.backend("a"), sandbox.backend("b")
    port = free_port()
    servers = [f"127.0.0.1:{a.port}", {"host": "127.0.0.1", "port": b.port, "name": "b", "weight": 7}]
    program = sandbox.synapse(synapse(service({"type": "fixed", "servers": servers}, port))).await_ready()
    eventually(lambda: set(answers(port, 4)) == {"a", "b"})
    assert program.runtime.in_rotation("web") == {f"127.0.0.1:{a.port}": 255, f"127.0.0.1:{b.port}": 7}
    assert program.metrics().value("synapse_registry_age_seconds", service="web") < 1


# file


def replace(path, content):
    with open(f"{path}.new", "w", encoding="utf-8") as file:
        file.write(content if isinstance(content, str) else json.dumps(content))
    os.rename(f"{path}.new", path)


def test_a_file_is_followed(sandbox):
    a, b = sandbox.backend("a"), sandbox.backend("b")
    path, port = sandbox.path("web.json"), free_port()
    program = sandbox.synapse(synapse(service({"type": "file", "path": path}, port)))
    eventually(lambda: f"cannot read {path}: No such file" in program.log())
    assert program.get("/ready")[0] == 503, "unknown is not empty"
    replace(path, [f"127.0.0.1:{a.port}"])
    program.await_ready()
    eventually(lambda: answers(port, 2) == {"a": 2})
    worker = program.runtime.worker_pid()
    with open(path, "w", encoding="utf-8") as file:  # in place
        file.write(f"- 127.0.0.1:{a.port}\n- {{host: 127.0.0.1, port: {b.port}, weight: 3}}\n")
    eventually(lambda: set(answers(port, 8)) == {"a", "b"})
    replace(path, [f"127.0.0.1:{b.port}"])
    eventually(lambda: answers(port, 2) == {"b": 2})
    assert program.runtime.worker_pid() == worker


def test_a_bad_file_changes_nothing(sandbox):
    a = sandbox.backend("a")
    path, port = sandbox.path("web.yml"), free_port()
    replace(path, [f"127.0.0.1:{a.port}"])
    program = sandbox.synapse(synapse(service({"type": "file", "path": path}, port))).await_ready()
    with Load(port) as load:
        replace(path, "- 127.0.0.1:1\n- {host: [\n")
        eventually(lambda: f"{path}:3: " in program.log())
        replace(path, "hosts: []\n")
        eventually(lambda: f"{path}:1: must be a list" in program.log())
        os.remove(path)
        eventually(lambda: "No such file" in program.log())
        eventually(lambda: program.metrics().value("synapse_watcher_failure", service="web", type="file") >= 3)
        replace(path, [f"127.0.0.1:{a.port}", "127.0.0.1:0"])
        eventually(lambda: f"{path}:1: [1]: must be host:port" in program.log(), what="the other item is told of")
        eventually(lambda: "web: its source answers again" in program.log())
    assert load.failures == [] and load.answers["a"] > 0


def test_a_mounted_config_map_is_followed(sandbox):
    """Kubernetes puts a directory under a link, and swaps the link."""
    a, b = sandbox.backend("a"), sandbox.backend("b")
    mount, port = sandbox.path("mount"), free_port()
    os.makedirs(mount)
    for version, backend in (("..1", a), ("..2", b)):
        os.mkdir(f"{mount}/{version}")
        replace(f"{mount}/{version}/web.yml", [f"127.0.0.1:{backend.port}"])
    os.symlink("..1", f"{mount}/..data")
    os.symlink("..data/web.yml", f"{mount}/web.yml")
    sandbox.synapse(synapse(service({"type": "file", "path": f"{mount}/web.yml"}, port))).await_ready()
    eventually(lambda: answers(port, 2) == {"a": 2})
    os.symlink("..2", f"{mount}/..tmp")
    os.rename(f"{mount}/..tmp", f"{mount}/..data")
    eventually(lambda: answers(port, 2) == {"b": 2})


def test_a_change_that_the_kernel_does_not_tell_of_is_found(sandbox):
    """Through another link to the file, which is not on the way to it."""
    path, elsewhere = sandbox.path("web.yml"), sandbox.path("elsewhere")
    os.mkdir(elsewhere)
    replace(path, ["127.0.0.1:1"])
    os.link(path, f"{elsewhere}/web.yml")
    program = sandbox.synapse(synapse(service({"type": "file", "path": path}))).await_ready()
    eventually(lambda: in_rotation(program) == {"127.0.0.1:1"})
    with open(f"{elsewhere}/web.yml", "w", encoding="utf-8") as file:
        file.write("[127.0.0.1:2]")
    eventually(lambda: in_rotation(program) == {"127.0.0.1:2"}, 30)


# dns


def test_addresses_of_a_name_are_followed(sandbox, name_server):
    port, backend_port = free_port(), free_port()
    name_server.addresses("web.test", "127.0.0.2", "127.0.0.3")
    watcher = dns(name_server, f"web.test.:{backend_port}")
    program = sandbox.synapse(synapse(service(watcher, port))).await_ready()
    eventually(lambda: in_rotation(program) == {f"127.0.0.2:{backend_port}", f"127.0.0.3:{backend_port}"})
    worker = program.runtime.worker_pid()
    name_server.addresses("web.test", "127.0.0.4", "127.0.0.3")
    eventually(lambda: in_rotation(program) == {f"127.0.0.4:{backend_port}", f"127.0.0.3:{backend_port}"})
    assert program.runtime.worker_pid() == worker
    assert program.metrics().value("synapse_registry_age_seconds", service="web") < 10


def test_a_name_server_is_asked_when_the_ttl_is_over(sandbox, name_server):
    name_server.addresses("short.test", "127.0.0.2", ttl=1)
    name_server.addresses("long.test", "127.0.0.2", ttl=3600)
    services = [service(dns(name_server, f"{name}.test.:1"), name=name) for name in ("short", "long")]
    program = sandbox.synapse(synapse(*services)).await_ready()
    eventually(lambda: name_server.asked("short.test", "A") >= 4, 20)
    assert name_server.asked("long.test", "A") == 1
    assert name_server.asked("short.test", "AAAA") == 0, "it has IPv4 addresses"
    assert program.log().count("servers available") == 2, "the same answer is no news"


def test_ipv6_where_there_is_nothing_else(sandbox):
    server = NameServer("::1")
    try:
        server.addresses("six.test", "::1")
        server.addresses("both.test", "127.0.0.1", "::1")
        services = [service(dns(server, f"{name}.test.:1"), name=name) for name in ("six", "both")]
        services.append(service(dns(server, "both.test.:1", family="ipv6"), name="wanted"))
        program = sandbox.synapse(synapse(*services)).await_ready()
        eventually(lambda: in_rotation(program, "six") == {"::1:1"})
        eventually(lambda: in_rotation(program, "both") == {"127.0.0.1:1"})
        eventually(lambda: in_rotation(program, "wanted") == {"::1:1"})
    finally:
        server.close()


@pytest.mark.parametrize("fault", ["silent", "garbage", SERVFAIL, REFUSED, "gone"])
def test_while_name_servers_fail_the_last_answer_stays(sandbox, name_server, fault):
    a = sandbox.backend("a")
    port = free_port()
    name_server.addresses("web.test", "127.0.0.1")
    program = sandbox.synapse(synapse(service(dns(name_server, f"web.test.:{a.port}"), port))).await_ready()
    with Load(port) as load:
        if fault == "gone":
            name_server.close()
        else:
            name_server.mode = fault
        eventually(lambda: "cannot resolve web.test.: " in program.log(), 30)
        eventually(lambda: program.metrics().value("synapse_watcher_failure", service="web", type="dns") >= 1)
        before = program.metrics().value("synapse_registry_age_seconds", service="web")
        eventually(lambda: program.metrics().value("synapse_registry_age_seconds", service="web") > before + 0.2)
    assert load.failures == [] and load.answers["a"] > 0
    if fault == "gone":
        return
    name_server.mode = "answer"
    name_server.addresses("web.test", "127.0.0.7")
    eventually(lambda: in_rotation(program) == {f"127.0.0.7:{a.port}"}, 40)
    eventually(lambda: "web: its source answers again" in program.log())


def test_a_name_without_servers_is_told_and_does_not_empty_the_service(sandbox, name_server):
    """NXDOMAIN, and a name that has no addresses, are answers; the last servers stay by the rule for all sources."""
    a = sandbox.backend("a")
    port = free_port()
    name_server.addresses("web.test", "127.0.0.1")
    program = sandbox.synapse(synapse(service(dns(name_server, f"web.test.:{a.port}"), port))).await_ready()
    eventually(lambda: answers(port, 1) == {"a": 1})
    name_server.forget("web.test")
    eventually(lambda: "know no such name (NXDOMAIN)" in program.log(), 20)
    assert answers(port, 2) == {"a": 2}
    name_server.addresses("web.test")
    eventually(lambda: "have no such records" in program.log(), 20)
    assert answers(port, 2) == {"a": 2}
    name_server.addresses("web.test", "127.0.0.9")
    eventually(lambda: in_rotation(program) == {f"127.0.0.9:{a.port}"}, 20)


def test_a_name_that_never_existed_is_no_riddle(sandbox, name_server):
    program = sandbox.synapse(synapse(service(dns(name_server, "nobody.test.:80"), free_port()))).await_ready()
    eventually(lambda: "nobody.test./nobody.test. is left out: name servers know no such name" in program.log())


def servers_line(program, name):
    return next(line for line in program.haproxy_config().splitlines() if f"server {name} " in line)


def test_srv_records_have_ports_weights_and_priorities(sandbox, name_server):
    name_server.services("_http._tcp.test", (10, 5, 1001, "n1.test"), (10, 0, 1002, "n2.test"), (20, 9, 1003, "n3.test"))
    for number in (1, 2, 3):
        name_server.addresses(f"n{number}.test", f"127.0.0.{number}")
    watcher = dns(name_server, srv=["_http._tcp.test."])
    program = sandbox.synapse(synapse(service(watcher, free_port()))).await_ready()
    wanted = {"127.0.0.1:1001": 5, "127.0.0.2:1002": 1, "127.0.0.3:1003": 9}
    eventually(lambda: program.runtime.in_rotation("web") == wanted)
    eventually(lambda: "n3.test:1003" in program.haproxy_config())
    assert "backup" in servers_line(program, "n3.test:1003").split()
    assert "backup" not in servers_line(program, "n1.test:1001").split()
    worker = program.runtime.worker_pid()
    name_server.services("_http._tcp.test", (10, 6, 1001, "n1.test"), (10, 3, 1004, "n2.test"))
    eventually(lambda: program.runtime.in_rotation("web") == {"127.0.0.1:1001": 6, "127.0.0.2:1004": 3}, 20)
    assert program.runtime.worker_pid() == worker


def test_an_answer_that_needs_tcp(sandbox, name_server):
    name_server.addresses("node.test", "127.0.0.1")
    name_server.services("many.test", *[(1, 1, 1000 + i, "node.test") for i in range(100)])
    program = sandbox.synapse(synapse(service(dns(name_server, srv=["many.test."])))).await_ready()
    eventually(lambda: len(in_rotation(program)) == 100)


def test_a_name_without_an_answer_holds_up_the_others_for_a_while_only(sandbox, name_server):
    name_server.addresses("good.test", "127.0.0.1")
    name_server.addresses("late.test", "127.0.0.2")
    name_server.silent_about.add("late.test")
    program = sandbox.synapse(synapse(service(dns(name_server, "good.test.:80", "late.test.:80"))))
    eventually(lambda: name_server.asked("late.test", "A") > 0)
    assert program.get("/ready")[0] == 503
    program.await_ready(30)
    eventually(lambda: in_rotation(program) == {"127.0.0.1:80"})
    name_server.silent_about.clear()
    eventually(lambda: in_rotation(program) == {"127.0.0.1:80", "127.0.0.2:80"}, 40)


def test_silent_name_servers_hold_up_nobody_else(sandbox, registry, name_server):
    registry.add("a", 40_000)
    silent = NameServer()
    silent.mode = "silent"
    name_server.addresses("good.test", "127.0.0.1")
    services = [service(dns(silent, f"bad{i}.test.:80"), name=f"bad{i}") for i in range(8)]
    services.append(service(dns(name_server, "good.test.:80"), name="good"))
    services.append(synapse_service(registry, name="registered"))
    try:
        program = sandbox.synapse(synapse(*services))
        eventually(lambda: in_rotation(program, "good") == {"127.0.0.1:80"})
        eventually(lambda: in_rotation(program, "registered") == {"127.0.0.1:40000"})
        assert program.get("/ready")[0] == 503
        registry.add("b", 40_001)
        eventually(lambda: len(in_rotation(program, "registered")) == 2)
        assert program.stop(20) == 0, "threads that wait for name servers do not hold up the end"
    finally:
        silent.close()


# zookeeper


def test_server_sets_are_served(sandbox, registry):
    """Finagle's and Aurora's records; one path with two endpoints of each member."""
    a, b, admin = sandbox.backend("a"), sandbox.backend("b"), sandbox.backend("admin")

    def member(port, status="ALIVE", **keys):
        where = {"host": "127.0.0.1", "port": port}
        further = {"admin": {"host": "127.0.0.1", "port": admin.port if port == a.port else 1}}
        return json.dumps({"serviceEndpoint": where, "additionalEndpoints": further, "status": status, **keys})

    registry.put("member_0000000001", member(a.port, shard=0))
    registry.put("member_0000000002", member(b.port, status="STOPPING", shard=1))
    port, admin_port = free_port(), free_port()
    other = synapse_service(registry, admin_port, name="admin")
    other["watcher"]["endpointName"] = "admin"
    program = sandbox.synapse(synapse(synapse_service(registry, port, name="web"), other)).await_ready()
    eventually(lambda: answers(port, 2) == {"a": 2})
    eventually(lambda: answers(admin_port, 2) == {"admin": 2})
    eventually(lambda: program.metrics().value("synapse_service_unavailable_count", service="web") == 1)
    registry.put("member_0000000002", member(b.port, shard=1))
    eventually(lambda: set(answers(port, 4)) == {"a", "b"})


def test_the_age_of_what_the_registry_said(sandbox):
    server = sandbox.zookeeper()
    registry = Registry(server, "/services/web")
    registry.add("a", 40_000)
    config = synapse_service(registry, name="web")
    config["watcher"]["fullCheckIntervalInMilli"] = 1000
    program = sandbox.synapse(synapse(config)).await_ready()

    def age():
        return program.metrics().value("synapse_registry_age_seconds", service="web")

    eventually(lambda: age() > 0.3)
    eventually(lambda: age() < 0.3, what="the full check has confirmed it")
    server.stop()
    eventually(lambda: age() > 3, 20)
    server.start()
    eventually(lambda: age() < 2, 30)
    registry.close()


def test_a_node_is_read_only_when_it_has_changed(sandbox):
    """When a session has expired, and by the full check, a node is only looked at; one whose name says all not even
    that. Seen by what the server sends."""
    server = sandbox.zookeeper()
    registry = Registry(server, "/services/web")
    relay = Relay(server.port)
    padding = "x" * 20_000
    record = {"host": "127.0.0.1", "port": 40_000, "padding": padding}
    for number in range(20):
        registry.put(f"n{number}", json.dumps({**record, "name": f"n{number}"}), ephemeral=False)
    text = base64.urlsafe_b64encode(json.dumps({"host": "127.0.0.1", "port": 40_001}).encode()).decode()
    registry.put(f"base64_{len(text)}_{text}_0000000001", padding, ephemeral=False)
    watcher = {"type": "zookeeper", "hosts": [f"127.0.0.1:{relay.port}"], "path": registry.path, "timeoutInMilli": 20_000}
    program = sandbox.synapse(synapse(service({**watcher, "fullCheckIntervalInMilli": 1000}))).await_ready()
    eventually(lambda: len(program.runtime.names_in_rotation("web")) == 21)
    read_once = relay.to_client
    assert 20 * len(padding) < read_once < 21 * len(padding)

    sessions = re.findall(r"ZooKeeper session (0x[0-9a-f]+) established", program.log())
    server.expire(int(sessions[-1], 16), program)
    eventually(lambda: program.log().count(" established with ") >= 2, 40)
    always(lambda: relay.to_client - read_once < len(padding), 3, "nothing is read again")
    registry.put("n0", json.dumps({**record, "name": "changed"}), ephemeral=False)
    eventually(lambda: "changed" in program.runtime.names_in_rotation("web"))
    always(lambda: relay.to_client - read_once < 2 * len(padding), 2, "nothing but what has changed")
    relay.close()
    registry.close()


# multi


def test_a_union_has_the_servers_of_all(sandbox, registry):
    a, b, c = (sandbox.backend(name) for name in "abc")
    path, port = sandbox.path("more.yml"), free_port()
    registry.add("a", a.port)
    zookeeper = {"type": "zookeeper", "hosts": [registry.server.hosts], "path": registry.path}
    watchers = {"registry": zookeeper, "file": {"type": "file", "path": path}}
    program = sandbox.synapse(synapse(service({"type": "multi", "watchers": watchers}, port)))
    eventually(lambda: f"watcher file: cannot read {path}" in program.log())
    assert program.get("/ready")[0] == 503, "it waits for the file"
    replace(path, [f"127.0.0.1:{b.port}"])
    program.await_ready()
    eventually(lambda: set(answers(port, 4)) == {"a", "b"})
    registry.add("c", c.port)
    eventually(lambda: set(answers(port, 6)) == {"a", "b", "c"})
    replace(path, [])
    eventually(lambda: set(answers(port, 4)) == {"a", "c"})


def test_a_union_goes_on_without_one_that_says_nothing(sandbox, registry):
    registry.add("a", 40_000)
    watchers = {
        "registry": {"type": "zookeeper", "hosts": [registry.server.hosts], "path": registry.path},
        "away": {"type": "zookeeper", "hosts": [f"127.0.0.1:{free_port()}"], "path": "/x"},
    }
    watcher = {"type": "multi", "resolver": "union", "watchers": watchers, "firstWaitInMilli": 500}
    program = sandbox.synapse(synapse(service(watcher))).await_ready()
    eventually(lambda: in_rotation(program) == {"127.0.0.1:40000"})
    eventually(lambda: "no word yet from away; going on without" in program.log())
    eventually(lambda: program.metrics().value("synapse_watcher_failure", service="web", type="multi") >= 1)


def test_the_first_source_that_has_servers_is_taken(sandbox, registry):
    near, far = sandbox.backend("near"), sandbox.backend("far")
    port = free_port()
    registry.add("near", near.port)
    watchers = {
        "near": {"type": "zookeeper", "hosts": [registry.server.hosts], "path": registry.path},
        "far": {"type": "fixed", "servers": [f"127.0.0.1:{far.port}"]},
    }
    watcher = {"type": "multi", "resolver": "sequential", "watchers": watchers}
    program = sandbox.synapse(synapse(service(watcher, port))).await_ready()
    eventually(lambda: answers(port, 3) == {"near": 3})
    registry.add("near", near.port, available=False, unavailable_reason="lunch")
    eventually(lambda: answers(port, 3) == {"far": 3})
    registry.remove("near")
    always(lambda: answers(port, 1) == {"far": 1}, 0.5)
    registry.add("near", near.port)
    eventually(lambda: answers(port, 3) == {"near": 3})
    assert program.running

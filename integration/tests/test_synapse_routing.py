"""What an application reaches through its localhost port while the registry changes; in both ways to run HAProxy."""

import subprocess
import time

import pytest

from harness.configs import start_synapse, synapse, synapse_service
from harness.ports import free_port
from harness.wait import always, eventually
from harness.web import answers, request
from harness.zookeeper import Registry


@pytest.fixture(params=["managed", "external"])
def mode(request):
    return request.param


@pytest.fixture
def start(sandbox, mode):
    """Starts synapse with these services and waits until it is ready."""
    return lambda *services, **keys: start_synapse(sandbox, mode, *services, **keys).await_ready()


def in_rotation(program, registry, *names, service=None):
    """Waits until exactly these take new connections."""
    service = service or registry.path.strip("/").replace("/", "_")
    eventually(lambda: program.runtime.names_in_rotation(service) == set(names), what=f"{names} in rotation")


def test_requests_are_spread_over_all(sandbox, registry, start):
    port = free_port()
    backends = {name: sandbox.backend(name) for name in ("a", "b", "c")}
    for name, backend in backends.items():
        registry.add(name, backend.port)
    start(synapse_service(registry, port))
    assert answers(port, 30) == {"a": 10, "b": 10, "c": 10}


def test_servers_come_and_go_without_a_reload(sandbox, registry, start):
    port = free_port()
    a, b, c = (sandbox.backend(name) for name in "abc")
    registry.add("a", a.port)
    program = start(synapse_service(registry, port))
    worker = program.runtime.worker_pid()
    assert answers(port, 2) == {"a": 2}
    registry.add("b", b.port)
    registry.add("c", c.port)
    in_rotation(program, registry, "a", "b", "c")
    assert set(answers(port, 9)) == {"a", "b", "c"}
    registry.remove("a")
    in_rotation(program, registry, "b", "c")
    assert set(answers(port, 10)) == {"b", "c"}
    registry.add("a", a.port)
    in_rotation(program, registry, "a", "b", "c")
    assert set(answers(port, 9)) == {"a", "b", "c"}
    assert program.runtime.worker_pid() == worker


def test_weight_and_availability_follow_the_record(sandbox, registry, start):
    port = free_port()
    a, b = (sandbox.backend(name) for name in "ab")
    registry.add("a", a.port, weight=100)
    registry.add("b", b.port, weight=100)
    program = start(synapse_service(registry, port))
    worker = program.runtime.worker_pid()
    registry.add("a", a.port, weight=20)
    service = registry.path.strip("/").replace("/", "_")
    wanted = {f"127.0.0.1:{a.port}": 20, f"127.0.0.1:{b.port}": 100}
    eventually(lambda: program.runtime.in_rotation(service) == wanted)
    assert answers(port, 24) == {"a": 4, "b": 20}
    registry.add("a", a.port, available=False, weight=0, unavailable_reason="disabled")
    in_rotation(program, registry, "b")
    assert answers(port, 5) == {"b": 5}
    registry.add("a", a.port, weight=100)
    in_rotation(program, registry, "a", "b")
    assert answers(port, 10) == {"a": 5, "b": 5}
    assert program.runtime.worker_pid() == worker


def test_five_removed_in_one_transaction_are_all_out(sandbox, registry, start):
    port = free_port()
    backend = sandbox.backend("stays")
    registry.add("stays", backend.port)
    gone = [registry.add(f"gone{i}", sandbox.backend(f"gone{i}").port) for i in range(5)]
    program = start(synapse_service(registry, port))
    in_rotation(program, registry, "stays", *gone)
    worker = program.runtime.worker_pid()
    registry.remove(*gone)
    in_rotation(program, registry, "stays")
    assert answers(port, 12) == {"stays": 12}
    assert program.runtime.worker_pid() == worker


def test_the_same_name_with_a_new_port_in_the_same_node(sandbox, registry, start):
    port = free_port()
    old, new = sandbox.backend("old"), sandbox.backend("new")
    registry.add("web", old.port)
    program = start(synapse_service(registry, port))
    worker = program.runtime.worker_pid()
    assert answers(port, 2) == {"old": 2}
    registry.add("web", new.port)
    eventually(lambda: answers(port, 1) == {"new": 1})
    assert answers(port, 5) == {"new": 5}
    assert program.runtime.worker_pid() == worker


def test_the_same_name_with_a_new_port_in_a_new_node(sandbox, registry, start):
    """A rolling deploy: the new one is there before the old one is gone, under the same name."""
    port = free_port()
    old, new = sandbox.backend("old"), sandbox.backend("new")
    registry.add("web", old.port, child="web_0000000001")
    program = start(synapse_service(registry, port))
    worker = program.runtime.worker_pid()
    registry.add("web", new.port, child="web_0000000002")
    eventually(lambda: set(answers(port, 4)) == {"old", "new"})
    registry.remove("web_0000000001")
    eventually(lambda: set(answers(port, 4)) == {"new"})
    registry.add("web", old.port, child="web_0000000003")
    eventually(lambda: set(answers(port, 4)) == {"old", "new"})
    assert program.runtime.worker_pid() == worker


def test_when_all_vanish_the_last_servers_stay(sandbox, registry, start):
    port = free_port()
    a, b = sandbox.backend("a"), sandbox.backend("b")
    registry.add("a", a.port)
    program = start(synapse_service(registry, port))
    registry.remove("a")
    always(lambda: answers(port, 1) == {"a": 1}, 0.5)
    registry.add("b", b.port)
    in_rotation(program, registry, "b")
    assert answers(port, 4) == {"b": 4}


def test_a_service_without_servers_answers_at_once(registry, start):
    http, tcp = free_port(), free_port()
    services = [
        synapse_service(registry, http, name="h", mode="http"),
        synapse_service(registry, tcp, name="t", mode="tcp"),
    ]
    start(*services)
    assert request(http, timeout=5)[0] == 503
    with pytest.raises(ConnectionError):  # at once, not a time-out
        request(tcp, timeout=5)


def test_a_service_that_never_had_a_server_can_stay_undeclared(sandbox, registry, start):
    port = free_port()
    program = start(synapse_service(registry, port, declareEmpty=False))
    with pytest.raises(ConnectionRefusedError):
        request(port)
    registry.add("a", sandbox.backend("a").port)
    eventually(lambda: answers(port, 1) == {"a": 1})
    assert program.running


def test_a_path_that_does_not_exist_yet(sandbox, registry, zookeeper, start):
    later = Registry(zookeeper, f"{registry.path}/not/yet")
    port = free_port()
    program = start(synapse_service(later, port))
    worker = program.runtime.worker_pid()
    later.add("a", sandbox.backend("a").port)
    eventually(lambda: answers(port, 1) == {"a": 1})
    assert program.runtime.worker_pid() == worker
    later.close()


def test_a_noisy_service_does_not_delay_another(sandbox, registry, zookeeper, start):
    noisy, quiet = (Registry(zookeeper, f"{registry.path}/{name}") for name in ("noisy", "quiet"))
    ports = free_port(), free_port()
    a, b = sandbox.backend("a"), sandbox.backend("b")
    noisy.add("a", a.port)
    quiet.add("b", b.port)
    program = start(
        synapse_service(noisy, ports[0], name="noisy"),
        synapse_service(quiet, ports[1], name="quiet"),
        eventsBufferDurationInMilli=30_000,  # longer than the limit below: waiting for the other's burst would be seen
    )
    worker = program.runtime.worker_pid()
    names = ["b"]
    weight = 255
    for i in range(10):
        name = f"new{i}"
        quiet.add(name, free_port())
        names.append(name)
        added = time.monotonic()
        while program.runtime.names_in_rotation("quiet") != set(names):
            assert time.monotonic() - added < 15, f"{name} did not arrive while the other service changes"
            weight = weight % 200 + 1
            noisy.add("a", a.port, weight=weight)
    eventually(lambda: program.runtime.in_rotation("noisy") == {f"127.0.0.1:{a.port}": weight})
    assert program.runtime.worker_pid() == worker
    noisy.close()
    quiet.close()


def test_two_hundred_changes_in_a_second(registry, start):
    """Additions, removals, weights and new ports of forty servers; equal in the end, and no reload."""
    service = registry.path.strip("/").replace("/", "_")
    for i in range(0, 40, 2):
        registry.add(f"s{i}", 40_000 + i)
    program = start(synapse_service(registry, free_port()))
    worker = program.runtime.worker_pid()
    reloads = program.metrics().total("synapse_haproxy_reload_total")
    wanted = {f"s{i}": (40_000 + i, 255) for i in range(0, 40, 2)}
    began = time.monotonic()
    for change in range(200):
        name = f"s{change * 7 % 40}"
        if change % 5 == 0 and name in wanted and len(wanted) > 5:
            registry.remove(name)
            del wanted[name]
        else:
            wanted[name] = (40_000 + change * 7 % 40 + 100 * (change % 3), change % 250 + 1)
            registry.add(name, wanted[name][0], weight=wanted[name][1])
        pause = began + change / 200 - time.monotonic()
        if pause > 0:
            time.sleep(pause)
    expected = {f"127.0.0.1:{port}": weight for port, weight in wanted.values()}
    eventually(lambda: program.runtime.in_rotation(service) == expected)
    assert program.runtime.worker_pid() == worker
    assert program.metrics().total("synapse_haproxy_reload_total") == reloads


def test_what_cannot_change_live_reloads_seldom_and_says_why(registry, start):
    service = registry.path.strip("/").replace("/", "_")
    registry.add("first", 40_000)
    program = start(
        synapse_service(registry, free_port(), routerOptions={"backend": ["balance static-rr"]}),
        reloadMinIntervalInMilli=500,
    )
    reloads = program.metrics().total("synapse_haproxy_reload_total")
    began = time.monotonic()
    for i in range(20):
        registry.add(f"s{i}", 40_001 + i)
    eventually(lambda: len(program.runtime.in_rotation(service)) == 21)

    def made():
        return program.metrics().total("synapse_haproxy_reload_total") - reloads

    eventually(made)  # counted a moment after HAProxy has them
    assert made() <= (time.monotonic() - began) / 0.5 + 1
    eventually(lambda: program.metrics().total("synapse_haproxy_reload_total", reason="backend_not_dynamic") >= 1)
    eventually(lambda: "backend_not_dynamic" in program.log())


def test_the_file_agrees_with_what_runs(sandbox, registry, start):
    registry.add("a", 40_001, weight=7)
    program = start(synapse_service(registry, free_port()))
    registry.add("b", 40_002, weight=9)
    in_rotation(program, registry, "a", "b")

    def lines():
        found = [line.split() for line in program.haproxy_config().splitlines() if line.split()[:1] == ["server"]]
        return {words[1]: (words[2], words[words.index("weight") + 1]) for words in found}

    eventually(lambda: lines() == {"a": ("127.0.0.1:40001", "7"), "b": ("127.0.0.1:40002", "9")})
    check = ["haproxy", "-c", "-q", "-f", program.router["configPath"]]
    assert subprocess.run(check, capture_output=True, timeout=10, check=False).returncode == 0


def test_options_of_record_and_service_reach_a_new_server(sandbox, registry, start):
    """HAProxy's own check takes a dead server out while the registry still lists it."""
    port = free_port()
    a, b = sandbox.backend("a"), sandbox.backend("b")
    registry.add("a", a.port)
    program = start(synapse_service(registry, port, serverOptions="check inter 100ms fall 1 rise 1"))
    registry.add("b", b.port, haproxy_server_options="maxconn 50")
    in_rotation(program, registry, "a", "b")
    b.kill()
    in_rotation(program, registry, "a")
    assert answers(port, 6) == {"a": 6}


def test_localhost_is_resolved(sandbox, registry, start):
    port = free_port()
    registry.add("a", sandbox.backend("a").port, host="localhost")
    program = start(synapse_service(registry, port))
    registry.add("b", sandbox.backend("b").port, host="localhost")
    eventually(lambda: set(answers(port, 4)) == {"a", "b"})
    assert program.running


def test_two_haproxies_in_one_synapse(sandbox, registry):
    ports = free_port(), free_port()
    registry.add("a", sandbox.backend("a").port)
    one, two = (synapse(synapse_service(registry, port))["routers"][0] for port in ports)
    program = sandbox.synapse({"routers": [one, two]}).await_ready()
    assert [answers(port, 2) for port in ports] == [{"a": 2}, {"a": 2}]
    registry.add("b", sandbox.backend("b").port)
    for port in ports:
        eventually(lambda port=port: set(answers(port, 4)) == {"a", "b"})
    assert program.stop() == 0

"""Which of its servers a service routes: filters, near and far ones, default ones, ports, unix sockets and IPv6."""

import csv
import io
import signal

import pytest

from harness.configs import synapse, synapse_service
from harness.ports import free_port
from harness.wait import always, eventually
from harness.web import answers, exchange

SOON = 20.0
# Quick verdicts of HAProxy's own check, which asks the backend for its status, and has time for the answer: without a
# timeout of its own it has one interval.
CHECKED = {
    "serverOptions": "check inter 100ms fastinter 100ms rise 1 fall 1",
    "routerOptions": {"backend": ["option httpchk GET /", "timeout check 10s"]},
}


@pytest.fixture
def start(sandbox, registry):
    """Starts synapse with one service of name `web` with these keys, and waits until it is ready."""

    def start(port, **keys):
        service = synapse_service(registry, port, name="web", mode="http", **keys)
        return sandbox.synapse(synapse(service)).await_ready()

    return start


def answered_by(port, *names):
    """Waits until these answer, and nobody else does."""
    eventually(lambda: set(answers(port, 3 * len(names))) == set(names), SOON, f"{names} answer")
    assert set(answers(port, 5 * len(names))) == set(names)


def in_rotation(program, *names):
    eventually(lambda: program.runtime.names_in_rotation("web") == set(names), SOON, f"{names} in rotation")


def stat(program, name):
    """The line of `show stat` of one server, as a dictionary; a LookupError when it is not there (yet)."""
    text = program.runtime.command("show stat").lstrip("# ")
    rows = csv.DictReader(io.StringIO(text))
    return [row for row in rows if row["pxname"].startswith("web_") and row["svname"] == name][0]


def test_servers_are_filtered_by_their_labels(sandbox, registry, start):
    port = free_port()
    backends = {name: sandbox.backend(name) for name in "abcd"}
    registry.add("a", backends["a"].port, labels={"az": "x"})
    registry.add("b", backends["b"].port, labels={"az": "y", "canary": "no"})
    registry.add("c", backends["c"].port, labels={"az": "x", "canary": "yes"})
    registry.add("d", backends["d"].port)
    filters = [
        {"label": "az", "condition": "in", "values": ["x", "y"]},
        {"label": "canary", "condition": "not-equals", "value": "yes"},
    ]
    program = start(port, labelFilters=filters)
    answered_by(port, "a", "b")
    assert program.metrics().value("synapse_service_available_count", service="web") == 2
    assert "left out" not in program.log()  # what the operator wants is no trouble
    worker = program.runtime.worker_pid()
    registry.add("a", backends["a"].port, labels={"az": "z"})
    registry.add("d", backends["d"].port, labels={"az": "y"})
    answered_by(port, "b", "d")
    # The last ones that do not pass any more are no servers that vanished.
    registry.add("b", backends["b"].port, labels={"az": "z"})
    answered_by(port, "d")
    registry.add("d", backends["d"].port, labels={"az": "z"})
    eventually(lambda: answers(port, 1) == {503: 1}, SOON)
    assert program.runtime.worker_pid() == worker


def test_a_filter_that_nobody_passes_leaves_nobody_after_a_restart_either(sandbox, registry, start):
    port = free_port()
    registry.add("a", sandbox.backend("a").port)
    program = start(port)
    answered_by(port, "a")
    config = program.config
    config["routers"][0]["services"][0]["labelFilters"] = [{"label": "az", "condition": "exists"}]
    program.stop()
    sandbox.synapse(config).await_ready()
    assert answers(port, 3) == {503: 3}


def test_a_port_for_all(sandbox, registry, start):
    port = free_port()
    backend = sandbox.backend("a")
    registry.add("a", 9, child="one")
    registry.add("a", 10, child="two")
    program = start(port, portOverride=backend.port)
    answered_by(port, "a")
    assert [row["srv_name"] for row in program.runtime.servers("web")] == ["a"]


def test_far_servers_take_over_and_give_back(sandbox, registry, start, monkeypatch):
    port = free_port()
    near, far, other = (sandbox.backend(name) for name in ("near", "far", "other"))
    registry.add("near", near.port, labels={"az": "x"})
    registry.add("far", far.port, labels={"az": "y"})
    registry.add("other", other.port)
    monkeypatch.setenv("MY_AZ", "x")
    program = start(port, prefer={"label": "az", "value": "{{ .MY_AZ }}", "otherwise": "backup"}, **CHECKED)
    worker = program.runtime.worker_pid()
    answered_by(port, "near")
    assert [stat(program, name)["bck"] for name in ("near", "far", "other")] == ["0", "1", "1"]
    assert [row["srv_name"] for row in program.runtime.servers("web")][0] == "near"
    # The check finds it ill: all the others serve, not just one of them.
    near.answer_with(500)
    answered_by(port, "far", "other")
    near.answer_with(200)
    answered_by(port, "near")
    # It leaves the registry, and comes back.
    registry.remove("near")
    answered_by(port, "far", "other")
    registry.add("near", near.port, labels={"az": "x"})
    answered_by(port, "near")
    # A far one that is new is a backup, too.
    registry.remove("far")
    registry.add("far2", far.port, labels={"az": "y"})
    eventually(lambda: stat(program, "far2")["bck"] == "1", SOON)
    answered_by(port, "near")
    assert program.runtime.worker_pid() == worker


def test_far_servers_with_a_smaller_weight(sandbox, registry, start):
    port = free_port()
    registry.add("near", sandbox.backend("near").port, labels={"az": "x"}, weight=100)
    registry.add("far", sandbox.backend("far").port, labels={"az": "y"}, weight=100)
    registry.add("cold", sandbox.backend("cold").port, weight=5)
    program = start(port, prefer={"label": "az", "value": "x", "otherwise": "weight 20"})
    weights = {row["srv_name"]: int(row["srv_uweight"]) for row in program.runtime.servers("web")}
    assert weights == {"near": 100, "far": 20, "cold": 5}
    assert answers(port, 25) == {"near": 20, "far": 4, "cold": 1}


def test_default_servers_serve_when_nobody_is_there(sandbox, registry, start):
    port = free_port()
    a, spare = sandbox.backend("a"), sandbox.backend("spare")
    registry.client.ensure_path(registry.path)
    program = start(port, defaultServers=[{"name": "spare", "host": "127.0.0.1", "port": spare.port}])
    answered_by(port, "spare")
    assert "the default servers serve" in program.log()
    registry.add("a", a.port)
    answered_by(port, "a")
    in_rotation(program, "a")
    # The one that vanished stays, as without default servers.
    registry.remove("a")
    eventually(lambda: "every server has vanished" in program.log(), SOON)
    always(lambda: answers(port, 1) == {"a": 1}, 0.5)
    # Also when synapse is another one.
    program.stop()
    program = sandbox.synapse(program.config).await_ready()
    eventually(lambda: "every server has vanished" in program.log(), SOON)
    always(lambda: answers(port, 1) == {"a": 1}, 0.5)
    # One that says itself that it is not available is taken at its word.
    registry.add("a", a.port, available=False)
    answered_by(port, "spare")
    registry.add("a", a.port)
    answered_by(port, "a")


def test_default_servers_may_always_serve(sandbox, registry, start):
    port = free_port()
    spare = sandbox.backend("spare")
    registry.add("a", sandbox.backend("a").port)
    program = start(port, defaultServers=[f"127.0.0.1:{spare.port}"], keepDefaultServers=True)
    answered_by(port, "a", "spare")
    assert [row["srv_name"] for row in program.runtime.servers("web")] == ["a", f"127.0.0.1:{spare.port}"]


def test_servers_on_unix_sockets(sandbox, registry, serve, start):
    port = free_port()
    path = sandbox.path("spare.sock")
    serve(lambda _: (200, "spare"), unix_socket=path)
    a = sandbox.backend("a")
    registry.add("a", a.port)
    keys = {"defaultServers": [{"name": "spare", "socket": path, "weight": 255}], **CHECKED}
    program = start(port, **keys)
    answered_by(port, "a")
    worker = program.runtime.worker_pid()
    # It comes in and leaves through the runtime socket.
    registry.add("a", a.port, available=False)
    answered_by(port, "spare")
    eventually(lambda: stat(program, "spare")["check_status"] == "L7OK", SOON, "its check passes")
    registry.add("a", a.port)
    answered_by(port, "a")
    registry.add("a", a.port, available=False)
    answered_by(port, "spare")
    eventually(lambda: f"unix@{path}" in program.haproxy_config(), SOON, "the file has it")
    assert program.runtime.worker_pid() == worker
    # A new synapse knows from the file what HAProxy does not tell, and has nothing to do.
    program.signal(signal.SIGUSR2)
    program.wait()
    again = sandbox.synapse(program.config).await_ready()
    always(lambda: answers(port, 1) == {"spare": 1}, 1.0)
    assert again.runtime.worker_pid() == worker
    assert "surprise" not in again.log()


def test_a_server_moves_to_another_unix_socket(sandbox, registry, serve, start):
    port = free_port()
    paths = [sandbox.path(f"{name}.sock") for name in ("old", "new")]
    for name, path in zip(("old", "new"), paths):
        serve(lambda _, name=name: (200, name), unix_socket=path)
    registry.client.ensure_path(registry.path)
    program = start(port, defaultServers=[{"name": "spare", "socket": paths[0]}])
    answered_by(port, "old")
    config = program.config
    config["routers"][0]["services"][0]["defaultServers"][0]["socket"] = paths[1]
    program.stop()
    sandbox.synapse(config).await_ready()
    answered_by(port, "new")


def test_a_record_cannot_name_a_unix_socket(sandbox, registry, serve, start):
    port = free_port()
    path = sandbox.path("secret.sock")
    secret = serve(lambda _: (200, "secret"), unix_socket=path)
    registry.add("a", sandbox.backend("a").port)
    registry.add("b", 80, host=path)
    registry.add("c", 80, host=f"unix@{path}")
    registry.put("d", f'{{"name":"d","socket":"{path}"}}')
    registry.put("e", f'{{"name":"e","host":"127.0.0.1","port":9,"available":false,"socket":"{path}"}}')
    program = start(port)
    answered_by(port, "a")
    assert path not in program.haproxy_config()
    assert program.metrics().value("synapse_record_rejected_total", service="web") == 3
    assert not secret.requests


def test_ipv6_servers(sandbox, registry, serve, start):
    port = free_port()
    one, two = (serve(lambda _, name=name: (200, name), host="::1") for name in ("one", "two"))
    registry.add("one", one.port, host="::1")
    program = start(port, **CHECKED)
    answered_by(port, "one")
    assert f"[::1]:{one.port}" in program.haproxy_config()
    worker = program.runtime.worker_pid()
    registry.add("two", two.port, host="0:0:0:0:0:0:0:1")
    answered_by(port, "one", "two")
    # To another port, and from one family to the other.
    registry.remove("two")
    registry.add("one", two.port, host="::1")
    answered_by(port, "two")
    registry.add("one", sandbox.backend("four").port)
    answered_by(port, "four")
    registry.add("one", one.port, host="::1")
    answered_by(port, "one")
    assert program.runtime.worker_pid() == worker


def test_labels_in_server_options(sandbox, registry, start):
    port = free_port()
    backends = {name: sandbox.backend(name) for name in "abcde"}
    registry.add("a", backends["a"].port, labels={"limit": "7"})
    registry.add("b", backends["b"].port)
    registry.add("c", backends["c"].port, labels={"limit": "1\\nserver evil 127.0.0.1:9"})
    registry.add("d", backends["d"].port, labels={"limit": "many"})
    program = start(port, serverOptions="maxconn {{.Labels.limit}}")
    worker = program.runtime.worker_pid()
    answered_by(port, "a")
    assert stat(program, "a")["slim"] == "7"
    log = program.log()
    assert 'b is left out: serverOptions: it has no label "limit"' in log
    assert "c is left out: " in log
    assert 'd is left out: serverOptions: bad value "many" behind "maxconn"' in log
    registry.add("d", backends["d"].port, labels={"limit": "8"})
    registry.add("e", backends["e"].port, labels={"limit": "9"})
    answered_by(port, "a", "d", "e")
    assert (stat(program, "d")["slim"], stat(program, "e")["slim"]) == ("8", "9")
    eventually(lambda: "maxconn 9" in program.haproxy_config(), SOON)
    assert "evil" not in program.haproxy_config()
    assert program.runtime.worker_pid() == worker


def test_weight_zero_drains(sandbox, registry, start):
    """New connections go elsewhere; a session that belongs to the server goes on."""
    port = free_port()
    backends = {name: sandbox.backend(name) for name in "ab"}
    for name, backend in backends.items():
        registry.add(name, backend.port)
    program = start(
        port, serverOptions="cookie {{.Name}}", routerOptions={"backend": ["cookie S insert"]}
    )
    answered_by(port, "a", "b")
    worker = program.runtime.worker_pid()
    registry.add("a", backends["a"].port, weight=0)
    in_rotation(program, "b")
    assert set(answers(port, 10)) == {"b"}
    assert exchange(port, headers={"Cookie": "S=a"})[2] == "a"
    registry.add("a", backends["a"].port, weight=0, available=False)
    eventually(lambda: exchange(port, headers={"Cookie": "S=a"})[2] == "b", SOON)
    assert program.runtime.worker_pid() == worker

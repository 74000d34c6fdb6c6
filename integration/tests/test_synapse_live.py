"""Servers at run time: what they are added with, checks before they enter, drains before they go, and what stays
although the registry lost it."""

import http.client
import os
import signal

import pytest

from harness.configs import start_synapse, synapse, synapse_service
from harness.live import DRAIN, MAINTENANCE, SOON, away, file_says, reload_by_hand, reloads, rotation, state
from harness.ports import free_port
from harness.wait import always, eventually
from harness.web import Download, Load, answers

CHECK = "check inter 100ms rise 1 fall 1"


@pytest.fixture(params=["managed", "external"])
def mode(request):
    return request.param


# Servers that are added at run time.


def test_a_cookie_reloads_once_where_haproxy_does_not_take_it_live(sandbox, registry, mode):
    a, b = sandbox.backend("a"), sandbox.backend("b")
    registry.add("a", a.port)
    port = free_port()
    lines = {"backend": ["mode http", "cookie SRV insert indirect nocache"], "frontend": ["mode http"]}
    service = synapse_service(registry, port, name="web", serverOptions="cookie {{.Name}}", routerOptions=lines)
    program = start_synapse(sandbox, mode, service).await_ready()
    worker = program.runtime.worker_pid()
    registry.add("a", a.port, weight=7)
    eventually(lambda: program.runtime.in_rotation("web") == {f"127.0.0.1:{a.port}": 7}, SOON)
    assert program.runtime.worker_pid() == worker, "a known server changes live"
    registry.add("b", b.port)
    rotation(program, "a", "b")
    live = program.runtime.version() >= (3, 0)
    eventually(lambda: reloads(program, reason="option_not_dynamic") == (0 if live else 1), SOON)
    assert (program.runtime.worker_pid() == worker) == live

    def cookie_of(wanted):
        for _ in range(20):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/")
            response = connection.getresponse()
            body, cookie = response.read().decode(), response.headers.get("Set-Cookie", "")
            connection.close()
            if body == wanted:
                return cookie.partition(";")[0]
        return None

    eventually(lambda: cookie_of("b") == "SRV=b", SOON)


def test_static_balance_reloads_for_new_servers_only(sandbox, registry, mode):
    registry.add("a", 40_001)
    lines = {"backend": ["balance static-rr"]}
    service = synapse_service(registry, free_port(), name="web", routerOptions=lines)
    program = start_synapse(sandbox, mode, service).await_ready()
    registry.add("b", 40_002)
    rotation(program, "a", "b")
    eventually(lambda: reloads(program, reason="backend_not_dynamic") == 1, SOON)
    worker = program.runtime.worker_pid()
    registry.remove("b")
    rotation(program, "a")
    registry.add("b", 40_003)
    eventually(lambda: set(program.runtime.in_rotation("web")) == {"127.0.0.1:40001", "127.0.0.1:40003"}, SOON)
    assert program.runtime.worker_pid() == worker, "a server that returns, even elsewhere, is known"


def test_an_option_that_is_refused_at_run_time_reloads(sandbox, registry, mode):
    registry.add("a", 40_001)
    service = synapse_service(registry, free_port(), name="web", serverOptions="init-addr none")
    program = start_synapse(sandbox, mode, service).await_ready()
    worker = program.runtime.worker_pid()
    registry.add("b", 40_002)
    rotation(program, "a", "b")
    assert program.runtime.worker_pid() != worker
    eventually(lambda: reloads(program, reason="option_not_dynamic") == 1, SOON)


def test_default_server_and_options_reach_a_server_that_was_added(sandbox, registry):
    """The same columns as a server from the file has."""
    a, b = sandbox.backend("a"), sandbox.backend("b")
    registry.add("a", a.port)
    lines = {"backend": [f"default-server {CHECK} maxconn 17 slowstart 1s"]}
    service = synapse_service(registry, free_port(), name="web", serverOptions="minconn 3", routerOptions=lines)
    program = sandbox.synapse(synapse(service)).await_ready()
    registry.add("b", b.port)
    eventually(lambda: {row["srv_name"] for row in program.runtime.servers("web")} == {"a", "b"}, SOON)

    def columns(name):
        rows = program.runtime.command("show stat").splitlines()
        header = rows[0].lstrip("# ").split(",")
        row = next(row.split(",") for row in rows if row.split(",")[1:2] == [name])
        found = dict(zip(header, row))
        return {key: found[key] for key in ("slim", "throttle", "check_status", "check_rise", "check_fall", "weight")}

    eventually(lambda: columns("a") == columns("b"), SOON)
    assert columns("b")["slim"] == "17"


def test_connections_to_a_server_that_was_added_are_reused(sandbox, registry, mode):
    a, b = sandbox.backend("a"), sandbox.backend("b")
    registry.add("a", a.port)
    port = free_port()
    lines = {"backend": ["mode http", "http-reuse always"], "frontend": ["mode http"]}
    program = start_synapse(sandbox, mode, synapse_service(registry, port, name="web", routerOptions=lines))
    program.await_ready()
    registry.add("b", b.port)
    rotation(program, "a", "b")
    registry.remove("a")
    rotation(program, "b")
    before = b.connections()
    assert answers(port, 60) == {"b": 60}
    assert b.connections() - before <= 10, "60 requests of 60 clients, and hardly a new connection"


# admission: verified


def verified(registry, port, **keys):
    return synapse_service(registry, port, name="web", admission="verified", serverOptions=CHECK, **keys)


def test_a_new_server_enters_after_its_first_check(sandbox, registry, mode):
    a, b = sandbox.backend("a"), sandbox.backend("b")
    registry.add("a", a.port)
    port = free_port()
    program = start_synapse(sandbox, mode, verified(registry, port)).await_ready()
    rotation(program, "a")
    worker = program.runtime.worker_pid()
    dead = free_port()
    with Load(port) as load:
        registry.add("dead", dead)
        registry.add("b", b.port)
        rotation(program, "a", "b")
        always(lambda: program.runtime.names_in_rotation("web") == {"a", "b"}, 1)
        eventually(lambda: load.answers["b"] > 10, SOON)
    assert load.failures == []
    assert program.runtime.admin_state("web", "dead") in (MAINTENANCE, DRAIN)
    assert program.runtime.worker_pid() == worker
    sandbox.backend("late", dead)
    rotation(program, "a", "b", "dead")
    eventually(lambda: "late" in answers(port, 9), SOON)


def test_a_reload_lets_no_unverified_server_in(sandbox, registry, mode):
    a = sandbox.backend("a")
    registry.add("a", a.port)
    port, dead = free_port(), free_port()
    program = start_synapse(sandbox, mode, verified(registry, port)).await_ready()
    rotation(program, "a")
    registry.add("dead", dead)
    mark = "# below: waits for its first check"
    eventually(lambda: program.haproxy_config().count(mark) == 1 and "server dead" in program.haproxy_config(), SOON)
    with Load(port) as load:
        reload_by_hand(program)
        always(lambda: program.runtime.names_in_rotation("web") <= {"a"}, 1.5)
        sandbox.backend("late", dead)
        rotation(program, "a", "dead")
    assert load.failures == []


def test_a_returning_server_is_verified_anew(sandbox, registry):
    a, b = sandbox.backend("a"), sandbox.backend("b")
    registry.add("a", a.port)
    registry.add("b", b.port)
    port = free_port()
    program = sandbox.synapse(synapse(verified(registry, port))).await_ready()
    rotation(program, "a", "b")
    registry.remove("b")
    away(program, "b")
    b.kill()
    with Load(port) as load:
        registry.add("b", b.port)
        always(lambda: program.runtime.names_in_rotation("web") == {"a"}, 1)
        sandbox.backend("b2", b.port)
        rotation(program, "a", "b")
        eventually(lambda: load.answers["b2"] > 0, SOON)
    assert load.failures == []


def test_the_last_one_serves_until_its_successor_is_verified(sandbox, registry, mode):
    old = sandbox.backend("old")
    registry.add("old", old.port)
    port, later = free_port(), free_port()
    program = start_synapse(sandbox, mode, verified(registry, port)).await_ready()
    rotation(program, "old")
    with Load(port) as load:
        registry.add("new", later)
        eventually(lambda: program.runtime.server("web", "new"), SOON)
        registry.remove("old")
        always(lambda: program.runtime.names_in_rotation("web") == {"old"}, 1)
        sandbox.backend("new", later)
        rotation(program, "new")
        eventually(lambda: load.answers["new"] > 0, SOON)
    assert load.failures == []


def test_new_servers_of_a_static_backend_are_verified_after_their_reload(sandbox, registry):
    a = sandbox.backend("a")
    registry.add("a", a.port)
    port, later = free_port(), free_port()
    service = verified(registry, port, routerOptions={"backend": ["balance static-rr"]})
    program = sandbox.synapse(synapse(service)).await_ready()
    rotation(program, "a")
    with Load(port) as load:
        registry.add("b", later)
        eventually(lambda: program.runtime.server("web", "b"), SOON)
        always(lambda: program.runtime.names_in_rotation("web") <= {"a"}, 1)
        sandbox.backend("b", later)
        rotation(program, "a", "b")
        eventually(lambda: load.answers["b"] > 0, SOON)
    assert load.failures == []


# drainInMilli


def test_a_vanished_server_drains_and_then_goes(sandbox, registry, mode):
    a, b = sandbox.backend("a"), sandbox.backend("b")
    registry.add("a", a.port)
    registry.add("b", b.port)
    port = free_port()
    program = start_synapse(sandbox, mode, synapse_service(registry, port, name="web", drainInMilli=8000)).await_ready()
    worker = program.runtime.worker_pid()
    registry.remove("b")
    state(program, "b", DRAIN)
    assert answers(port, 6) == {"a": 6}
    file_says(program, "# below: drains, weight 255")
    away(program, "b")
    registry.add("b", b.port)
    rotation(program, "a", "b")
    assert program.runtime.worker_pid() == worker


def test_who_returns_or_becomes_available_while_it_drains_serves_again(sandbox, registry):
    for name in "abc":
        registry.add(name, 40_000 + ord(name))
    service = synapse_service(registry, free_port(), name="web", drainInMilli=600_000)
    program = sandbox.synapse(synapse(service)).await_ready()
    rotation(program, *"abc")
    registry.remove("b")
    registry.add("c", 40_000 + ord("c"), available=False)
    state(program, "b", DRAIN)
    state(program, "c", DRAIN)
    registry.add("b", 40_000 + ord("b"))
    registry.add("c", 40_000 + ord("c"))
    rotation(program, *"abc")


def test_a_drain_survives_a_reload_and_a_restart_and_ends(sandbox, registry, mode):
    """And a connection that is under way when it begins ends in peace."""
    a, b = sandbox.backend("a"), sandbox.backend("b")
    registry.add("b", b.port)
    port = free_port()
    service = synapse_service(registry, port, name="web", drainInMilli=20_000)
    if mode == "managed":
        directory = sandbox.path("run")
        os.mkdir(directory)
        config = synapse(service, runtimeDir=directory)
    else:
        config = {"routers": [sandbox.haproxy().router([service])]}
    program = sandbox.synapse(config).await_ready()
    download = Download(port, 100, 50)
    registry.add("a", a.port)
    rotation(program, "a", "b")
    registry.remove("b")
    state(program, "b", DRAIN)
    file_says(program, "# below: drains, weight 255")
    reload_by_hand(program)
    state(program, "b", DRAIN)
    eventually(lambda: program.runtime.server("web", "b")["srv_uweight"] == "255", SOON)
    program.signal(signal.SIGUSR2)
    program.wait(15)
    assert program.runtime.admin_state("web", "b") == DRAIN
    program = sandbox.synapse(config).await_ready()
    away(program, "b", within=40)
    assert "by hand" not in program.log()
    eventually(lambda: not download.running, SOON)
    assert download.complete, download.error


# holdBelowPercent


def held(program):
    return program.metrics().value("synapse_service_held_servers", service="web")


def test_many_that_vanish_at_once_stay_as_long_as_they_live(sandbox, registry, mode):
    backends = {name: sandbox.backend(name) for name in "abcd"}
    for name, backend in backends.items():
        registry.add(name, backend.port)
    port = free_port()
    service = synapse_service(registry, port, name="web", serverOptions=CHECK, holdBelowPercent=50)
    program = start_synapse(sandbox, mode, service).await_ready()
    rotation(program, *"abcd")
    worker = program.runtime.worker_pid()
    registry.remove("b", "c", "d")
    eventually(lambda: held(program) == 3, SOON)
    rotation(program, *"abcd")
    eventually(lambda: "3 of 4 servers have vanished from the registry" in program.log())
    assert set(answers(port, 8)) == set("abcd")
    backends["b"].kill()
    eventually(lambda: held(program) == 2, SOON)
    away(program, "b")
    registry.add("c", backends["c"].port)
    registry.add("new", backends["d"].port)
    eventually(lambda: held(program) == 0, SOON)
    rotation(program, "a", "c", "new")
    assert program.runtime.worker_pid() == worker


def test_held_servers_stay_over_a_restart_of_synapse(sandbox, registry):
    for name in "abcd":
        registry.add(name, sandbox.backend(name).port)
    service = synapse_service(registry, free_port(), name="web", serverOptions=CHECK, holdBelowPercent=50)
    config = {**synapse(service, runtimeDir=sandbox.path("run")), "statePath": sandbox.path("state")}
    program = sandbox.synapse(config).await_ready()
    rotation(program, *"abcd")
    registry.remove("b", "c", "d")
    eventually(lambda: held(program) == 3, SOON)
    program.signal(signal.SIGUSR2)
    assert program.wait() == 0
    program = sandbox.synapse(config).await_ready()
    eventually(lambda: held(program) == 3, SOON)
    rotation(program, *"abcd")


def test_a_few_that_vanish_are_gone(sandbox, registry):
    for name in "abcd":
        registry.add(name, sandbox.backend(name).port)
    service = synapse_service(registry, free_port(), name="web", serverOptions=CHECK, holdBelowPercent=50)
    program = sandbox.synapse(synapse(service)).await_ready()
    rotation(program, *"abcd")
    registry.remove("c", "d")
    rotation(program, "a", "b")
    always(lambda: held(program) == 0, 1)

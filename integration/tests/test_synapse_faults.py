"""synapse when something else fails: ZooKeeper, its session, HAProxy, synapse itself. Traffic goes on."""

import os
import signal
import threading

import pytest

from harness.configs import start_synapse, synapse, synapse_service
from harness.ports import free_port
from harness.processes import alive, children_of, command_line, descendants
from harness.wait import always, eventually
from harness.web import Load, answers, request
from harness.zookeeper import Registry


@pytest.fixture(params=["managed", "external"])
def mode(request):
    return request.param


def haproxies(program):
    """The HAProxy masters and workers of a managed one, wherever they stand in the tree of processes."""
    path = program.router["configPath"]
    words = {pid: command_line(pid) for pid in descendants()}
    return [pid for pid, argv in words.items() if argv and "haproxy" in argv[0] and path in argv]


def masters(program):
    """Those of them that have a worker."""
    found = haproxies(program)
    return [pid for pid in found if set(children_of(pid)) & set(found)]


def test_ready_follows_the_first_routing(sandbox):
    server = sandbox.zookeeper()
    registry = Registry(server, "/services/web")
    registry.add("a", sandbox.backend("a").port)
    server.stop()
    port = free_port()
    program = sandbox.synapse(synapse(synapse_service(registry, port, name="web")))
    status, body = program.get("/ready")
    assert (status, body.strip()) == (503, "false")
    always(lambda: program.get("/ready")[0] == 503, 0.5)
    server.start()
    program.await_ready()
    assert program.get("/ready")[1].strip() == "true"
    eventually(lambda: answers(port, 1) == {"a": 1})
    registry.close()


def test_metrics_and_version(sandbox, registry):
    registry.add("a", 40_000)
    registry.add("b", 40_001)
    registry.add("c", 40_002, available=False)
    program = sandbox.synapse(synapse(synapse_service(registry, free_port(), name="web"))).await_ready()
    metrics = program.metrics()
    assert metrics.value("synapse_service_available_count", service="web") == 2
    assert metrics.value("synapse_service_unavailable_count", service="web") == 1
    status, version = program.get("/version")
    assert status == 200 and version.strip()
    assert program.get("/")[0] == 200
    assert program.get("/nothing")[0] == 404


def test_zookeeper_away_changes_nothing(sandbox, mode):
    server = sandbox.zookeeper()
    registry = Registry(server, "/services/web")
    a, b = sandbox.backend("a"), sandbox.backend("b")
    registry.put("a", f'{{"name":"a","host":"127.0.0.1","port":{a.port}}}', ephemeral=False)
    port = free_port()
    program = start_synapse(sandbox, mode, synapse_service(registry, port, name="web")).await_ready()
    worker = program.runtime.worker_pid()
    with Load(port) as load:
        server.stop()
        eventually(lambda: "SUSPENDED" in registry.client.state or not registry.client.connected)
        always(lambda: program.get("/ready")[0] == 200, 0.5)
        server.start()
        eventually(lambda: registry.client.connected)
        registry.put("b", f'{{"name":"b","host":"127.0.0.1","port":{b.port}}}', ephemeral=False)
        eventually(lambda: program.runtime.names_in_rotation("web") == {"a", "b"})
    assert load.failures == [] and load.answers["a"] > 0
    assert program.runtime.worker_pid() == worker
    registry.close()


def test_an_expired_session_catches_up(sandbox, registry, zookeeper, mode):
    a, b = sandbox.backend("a"), sandbox.backend("b")
    registry.add("a", a.port)
    port = free_port()
    program = start_synapse(sandbox, mode, synapse_service(registry, port, name="web")).await_ready()
    worker = program.runtime.worker_pid()
    for i in range(3):
        old = zookeeper.session_of(program)
        zookeeper.expire(old, program)
        registry.add("b", b.port)
        eventually(lambda: program.runtime.names_in_rotation("web") == {"a", "b"}, what="what changed meanwhile is there")
        eventually(lambda: zookeeper.session_of(program) != old)
        registry.remove("b")
        eventually(lambda: program.runtime.names_in_rotation("web") == {"a"}, what="it watches again")
        assert answers(port, 2) == {"a": 2}
    assert program.runtime.worker_pid() == worker


def test_a_synapse_that_slept_too_long_catches_up(sandbox, registry):
    registry.add("a", 40_001)
    registry.add("b", 40_002)
    service = synapse_service(registry, free_port(), name="web")
    service["watcher"]["timeoutInMilli"] = 400
    program = sandbox.synapse(synapse(service)).await_ready()
    session = eventually(lambda: registry.server.session_of(program))
    program.pause()
    registry.remove("a")
    eventually(lambda: f"{session:x}" not in registry.server.command("cons"))
    program.resume()
    eventually(lambda: program.runtime.names_in_rotation("web") == {"b"})


@pytest.mark.parametrize("victim", ["master", "worker"])
def test_a_killed_haproxy_is_started_again(sandbox, registry, victim):
    registry.add("a", sandbox.backend("a").port)
    port = free_port()
    program = sandbox.synapse(synapse(synapse_service(registry, port, name="web"))).await_ready()
    registry.add("b", sandbox.backend("b").port)
    eventually(lambda: program.runtime.names_in_rotation("web") == {"a", "b"})
    for _ in range(2):
        (master,) = eventually(lambda: len(found := masters(program)) == 1 and found)
        worker = program.runtime.worker_pid()
        os.kill(master if victim == "master" else worker, signal.SIGKILL)
        eventually(lambda: program.runtime.worker_pid() != worker)
        eventually(lambda: set(answers(port, 4)) == {"a", "b"}, what="all servers, also those that came at run time")
    assert program.running
    eventually(lambda: len(masters(program)) == 1, what="only one HAProxy")


def test_an_external_haproxy_that_was_restarted_has_all(sandbox, registry):
    registry.add("a", sandbox.backend("a").port)
    port = free_port()
    haproxy = sandbox.haproxy()
    program = sandbox.synapse(
        {"routers": [haproxy.router([synapse_service(registry, port, name="web")])]}
    ).await_ready()
    registry.add("b", sandbox.backend("b").port)
    eventually(lambda: program.runtime.names_in_rotation("web") == {"a", "b"})
    haproxy.process.kill()
    eventually(lambda: not [pid for pid in haproxies(program) if alive(pid)])
    haproxy.start()
    sandbox.processes.append(haproxy.process)
    eventually(lambda: set(answers(port, 4)) == {"a", "b"}, what="from the file alone")
    registry.remove("a")
    eventually(lambda: program.runtime.names_in_rotation("web") == {"b"})


def test_restarting_synapse_is_no_event_for_an_external_haproxy(sandbox, registry):
    a, b = sandbox.backend("a"), sandbox.backend("b")
    registry.add("a", a.port)
    port = free_port()
    haproxy = sandbox.haproxy()
    config = {"routers": [haproxy.router([synapse_service(registry, port, name="web")])]}
    program = sandbox.synapse(config).await_ready()
    registry.add("b", b.port)
    eventually(lambda: program.runtime.names_in_rotation("web") == {"a", "b"})
    worker, reloads = haproxy.runtime.worker_pid(), haproxy.reloads()
    content = eventually(lambda: f":{b.port}" in program.haproxy_config() and program.haproxy_config(), 15)
    with Load(port) as load:
        for end in (signal.SIGTERM, signal.SIGKILL):
            program.signal(end)
            program.wait()
            always(lambda: load.failures == [], 0.2)
            program = sandbox.synapse(config).await_ready()
        registry.remove("a")
        eventually(lambda: program.runtime.names_in_rotation("web") == {"b"})
    assert load.failures == [] and load.answers["b"] > 0
    assert haproxy.runtime.worker_pid() == worker
    assert haproxy.reloads() == reloads and set(reloads) == {haproxy.config_path}
    registry.add("a", a.port)
    eventually(lambda: sorted(program.haproxy_config().splitlines()) == sorted(content.splitlines()), 15)


def test_what_changed_while_synapse_was_away_is_made_good_without_a_reload(sandbox, registry, mode):
    a, b, c = (sandbox.backend(name) for name in "abc")
    registry.add("a", a.port)
    registry.add("b", b.port)
    port = free_port()
    if mode == "external":
        config = {"routers": [sandbox.haproxy().router([synapse_service(registry, port, name="web")])]}
    else:
        directory = sandbox.path("run")
        os.mkdir(directory)
        config = synapse(synapse_service(registry, port, name="web"), runtimeDir=directory)
    program = sandbox.synapse(config).await_ready()
    worker = program.runtime.worker_pid()
    eventually(lambda: f":{a.port}" in program.haproxy_config() and f":{b.port}" in program.haproxy_config(), 15)
    program.kill()
    registry.remove("a")
    registry.add("b", b.port, weight=11)
    registry.add("c", c.port, weight=22)
    program = sandbox.synapse(config).await_ready()
    wanted = {f"127.0.0.1:{b.port}": 11, f"127.0.0.1:{c.port}": 22}
    eventually(lambda: program.runtime.in_rotation("web") == wanted)
    assert program.runtime.worker_pid() == worker
    assert set(answers(port, 9)) == {"b", "c"}


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGUSR2])
def test_a_new_synapse_adopts_the_running_haproxy(sandbox, registry, end):
    """After a crash, and after SIGUSR2, which asks for a planned restart."""
    registry.add("a", sandbox.backend("a").port)
    port = free_port()
    directory = sandbox.path("run")
    os.mkdir(directory)
    config = synapse(synapse_service(registry, port, name="web"), runtimeDir=directory)
    program = sandbox.synapse(config).await_ready()
    (master,) = masters(program)
    worker = program.runtime.worker_pid()
    with Load(port) as load:
        for _ in range(2):
            program.signal(end)
            status = program.wait()
            assert status == (-signal.SIGKILL if end == signal.SIGKILL else 0)
            always(lambda: load.failures == [], 0.2)
            program = sandbox.synapse(config).await_ready()
            assert masters(program) == [master]
            assert program.runtime.worker_pid() == worker
        registry.add("b", sandbox.backend("b").port)
        eventually(lambda: program.runtime.names_in_rotation("web") == {"a", "b"})
    assert load.failures == [] and load.answers["a"] > 0
    assert program.stop() == 0
    eventually(lambda: haproxies(program) == [], what="the adopted HAProxy ends with synapse")


def test_a_changed_configuration_of_an_adopted_haproxy_reloads_once(sandbox, registry):
    registry.add("a", sandbox.backend("a").port)
    ports = free_port(), free_port()
    directory = sandbox.path("run")
    os.mkdir(directory)
    program = sandbox.synapse(
        synapse(synapse_service(registry, ports[0], name="web"), runtimeDir=directory)
    ).await_ready()
    (master,) = masters(program)
    program.signal(signal.SIGUSR2)
    program.wait()
    with Load(ports[0]) as load:
        services = [synapse_service(registry, port, name=name) for port, name in zip(ports, ("web", "more"))]
        program = sandbox.synapse(synapse(*services, runtimeDir=directory)).await_ready()
        eventually(lambda: answers(ports[1], 2) == {"a": 2})
        assert masters(program) == [master]
    assert load.failures == []


def test_on_a_stop_connections_finish(sandbox, registry):
    registry.add("a", sandbox.backend("a").port)
    port = free_port()
    program = sandbox.synapse(synapse(synapse_service(registry, port, name="web"))).await_ready()
    result = []
    client = threading.Thread(target=lambda: result.append(request(port, "/?delay=1000")))
    client.start()
    eventually(lambda: int(program.runtime.info()["CurrConns"]) >= 1)
    program.signal(signal.SIGTERM)
    eventually(lambda: "SIGTERM: stopping" in program.log())
    program.signal(signal.SIGHUP)  # nobody's wish to end it sooner
    client.join(20)
    assert result == [(200, "a")]
    assert program.wait() == 0
    eventually(lambda: haproxies(program) == [])
    with pytest.raises(OSError):
        request(port)


def test_a_connection_that_never_ends_does_not_stop_the_stop(sandbox, registry):
    registry.add("a", sandbox.backend("a").port)
    port = free_port()
    program = sandbox.synapse(
        synapse(synapse_service(registry, port, name="web"), shutdownTimeoutInMilli=500)
    ).await_ready()
    client = threading.Thread(target=lambda: pytest.raises(OSError, request, port, "/?delay=60000", timeout=30))
    client.start()
    eventually(lambda: int(program.runtime.info()["CurrConns"]) >= 1)
    program.stop()
    client.join(20)
    assert not client.is_alive()
    eventually(lambda: haproxies(program) == [])


def test_a_stop_right_after_the_start_is_heard(sandbox, registry):
    """A signal to HAProxy in its first milliseconds can get lost."""
    registry.add("a", 40_000)
    for _ in range(5):
        program = sandbox.synapse(synapse(synapse_service(registry, free_port(), name="web"))).await_ready()
        assert program.stop() == 0
        eventually(lambda: haproxies(program) == [])


def test_synapse_stops_while_zookeeper_is_away(sandbox):
    server = sandbox.zookeeper()
    registry = Registry(server, "/services/web")
    registry.add("a", 40_000)
    program = sandbox.synapse(synapse(synapse_service(registry, free_port()))).await_ready()
    server.stop()
    assert program.stop() == 0
    registry.close()


def test_a_port_that_is_taken_is_told_and_tried_again(sandbox, registry):
    backend = sandbox.backend("in the way")
    registry.add("a", sandbox.backend("a").port)
    program = sandbox.synapse(synapse(synapse_service(registry, backend.port, name="web")))
    eventually(lambda: str(backend.port) in program.log())
    assert program.get("/ready")[0] == 503
    backend.kill()
    eventually(lambda: answers(backend.port, 1) == {"a": 1})
    program.await_ready()

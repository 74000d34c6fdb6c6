"""What synapse must not do: empty a service it knows nothing of, miss a change, wait for one when another is stuck."""

import os
import signal
import subprocess
import time

from kazoo.security import make_digest_acl

from harness.configs import synapse, synapse_service
from harness.ports import free_port
from harness.wait import always, eventually
from harness.web import Load, answers
from harness.zookeeper import Registry


def managed(sandbox, directory, *services, **keys):
    return sandbox.synapse(synapse(*services, runtimeDir=directory, **keys))


def test_services_that_get_other_ids_keep_their_servers_while_zookeeper_is_away(sandbox):
    server = sandbox.zookeeper()
    registry = Registry(server, "/services/web")
    registry.add("a", sandbox.backend("a").port)
    port = free_port()
    directory = sandbox.path("run")
    os.mkdir(directory)
    web = synapse_service(registry, port, name="web")
    program = managed(sandbox, directory, web).await_ready()
    eventually(lambda: answers(port, 1) == {"a": 1})
    program.signal(signal.SIGUSR2)
    program.wait()
    server.stop()
    with Load(port) as load:
        first = synapse_service(registry, free_port(), name="first")
        program = managed(sandbox, directory, first, web)  # web_1 becomes web_2
        eventually(lambda: "because of skeleton_changed" in program.log())
        always(lambda: load.failures == [], 1)
    assert load.answers["a"] > 0
    registry.close()


def test_a_reload_waits_for_the_registry_rather_than_empty_an_haproxy_it_does_not_know(sandbox):
    """HAProxy runs a file that synapse did not write, as when it takes the place of another synapse."""
    server = sandbox.zookeeper()
    registry = Registry(server, "/services/web")
    backend = sandbox.backend("a")
    registry.put("a", f'{{"name":"a","host":"127.0.0.1","port":{backend.port}}}', ephemeral=False)
    port = free_port()
    haproxy = sandbox.haproxy()
    with open(haproxy.config_path, "a", encoding="utf-8") as file:
        file.write(f"frontend web_1\n  bind 127.0.0.1:{port}\n  default_backend web_1\n")
        file.write(f"backend web_1\n  server a 127.0.0.1:{backend.port} weight 255\n")

    def serves():  # a signal in HAProxy's first milliseconds is lost
        subprocess.run(haproxy.reload_command, check=True, timeout=10)
        return answers(port, 1) == {"a": 1}

    eventually(serves, interval=0.3)
    server.stop()
    with Load(port) as load:
        program = sandbox.synapse({"routers": [haproxy.router([synapse_service(registry, port, name="web")])]})
        always(lambda: load.failures == [], 1)
        server.start()
        program.await_ready()
    assert load.failures == [] and load.answers["a"] > 0
    registry.close()


def test_without_a_stats_socket_a_new_service_of_which_nobody_speaks_holds_up_no_other(sandbox, registry):
    registry.add("a", sandbox.backend("a").port)
    port = free_port()
    router = sandbox.haproxy().router([synapse_service(registry, port, name="web")])
    router["global"] = []
    program = sandbox.synapse({"routers": [router]}).await_ready()
    eventually(lambda: answers(port, 1) == {"a": 1})
    silent = synapse_service(registry, free_port(), name="silent")
    silent["watcher"] = {**silent["watcher"], "hosts": [f"127.0.0.1:{free_port()}"]}
    program.config["routers"][0]["services"].append(silent)
    program.replace_config()
    eventually(lambda: "configuration loaded" in program.log())
    registry.add("b", sandbox.backend("b").port)
    # One after the other: a signal is lost while HAProxy loads.
    eventually(lambda: set(answers(port, 4)) == {"a", "b"})
    registry.remove("a")
    eventually(lambda: answers(port, 1) == {"b": 1})


def test_what_changes_after_a_long_absence_of_zookeeper_is_seen(sandbox):
    server = sandbox.zookeeper()
    registry = Registry(server, "/services/web")

    def write(weight):
        record = f'{{"name":"a","host":"127.0.0.1","port":40000,"weight":{weight}}}'
        registry.put("a", record, ephemeral=False)

    write(10)
    program = sandbox.synapse(synapse(synapse_service(registry, free_port(), name="web"))).await_ready()
    server.stop()
    away = time.monotonic()
    # Longer than a handle is left without a connection before it is opened anew.
    eventually(lambda: time.monotonic() - away > 13)
    server.start()
    eventually(lambda: registry.client.connected)
    for weight in (20, 30):
        write(weight)
        eventually(lambda: program.runtime.in_rotation("web") == {"127.0.0.1:40000": weight})
    registry.close()


def test_a_reload_that_does_not_come_about_holds_nothing_else_up(sandbox, registry):
    """The command says that all is well, and HAProxy was never told."""
    static = Registry(registry.server, registry.path + "/static")
    live = Registry(registry.server, registry.path + "/live")
    static.add("a", 40_000)
    live.put("a", '{"name":"a","host":"127.0.0.1","port":40001,"weight":10}')
    services = [
        synapse_service(static, free_port(), name="static", routerOptions={"backend": ["balance static-rr"]}),
        synapse_service(live, free_port(), name="live"),
    ]
    haproxy = sandbox.haproxy()
    program = sandbox.synapse({"routers": [haproxy.router(services, reloadTimeoutInMilli=20_000)]}).await_ready()
    with open(haproxy.reload_command[0], "w", encoding="ascii") as file:
        file.write("#!/bin/sh\nexit 0\n")
    static.add("b", 40_002)
    eventually(lambda: "a reload is needed, backend_not_dynamic" in program.log())
    for weight in (20, 30, 40):
        live.put("a", f'{{"name":"a","host":"127.0.0.1","port":40001,"weight":{weight}}}')
        eventually(lambda: program.runtime.in_rotation("live") == {"127.0.0.1:40001": weight})
    assert "reload failed" not in program.log(), "all that while the reload is waited for"
    eventually(lambda: "reload failed" in program.log(), 40)
    static.close()
    live.close()


def test_a_refused_configuration_is_told_in_haproxys_words(sandbox, registry):
    registry.add("a", sandbox.backend("a").port)
    port = free_port()
    directory = sandbox.path("run")
    os.mkdir(directory)
    program = managed(sandbox, directory, synapse_service(registry, port, name="web")).await_ready()
    program.signal(signal.SIGUSR2)
    program.wait()
    with Load(port) as load:
        broken = synapse_service(registry, port, name="web", routerOptions={"backend": ["balance nonsense"]})
        program = managed(sandbox, directory, broken)
        eventually(lambda: "balance only supports" in program.log() and "HAProxy refuses" in program.log())
        eventually(lambda: os.path.exists(os.path.join(directory, "haproxy.cfg.rejected")))
        always(lambda: load.failures == [], 0.3)
    assert load.answers["a"] > 0


def test_a_record_cannot_claim_the_id_of_a_server_of_the_operators(sandbox, registry):
    registry.add("a", sandbox.backend("a").port, haproxy_server_options="id 5")
    port = free_port()
    fixed = sandbox.backend("fixed")
    lines = {"backend": ["balance static-rr", f"server fixed 127.0.0.1:{fixed.port} id 5"]}
    program = sandbox.synapse(synapse(synapse_service(registry, port, name="web", routerOptions=lines))).await_ready()
    eventually(lambda: set(answers(port, 4)) == {"a", "fixed"})
    assert "refuses" not in program.log()


def test_a_runtime_directory_belongs_to_one_synapse(sandbox, registry):
    directory = sandbox.path("run")
    os.mkdir(directory)
    service = synapse_service(registry, free_port(), name="web")
    managed(sandbox, directory, service).await_ready()
    second = sandbox.synapse(synapse(service, runtimeDir=directory), wait=False)
    assert second.wait() == 1
    assert f"another synapse uses runtimeDir {directory}" in second.log()


def test_an_haproxy_of_somebody_elses_belongs_to_one_synapse(sandbox, registry):
    """By its file, by its socket, and by what is kept; a first one that was killed is in nobody's way."""
    haproxy = sandbox.haproxy()
    service = synapse_service(registry, free_port(), name="web")
    router = haproxy.router([service])
    state = sandbox.path("state")
    first = sandbox.synapse({"statePath": state, "routers": [router]}).await_ready()
    loads = len(haproxy.reloads())
    own = {**router, "global": [f"stats socket {sandbox.path('none.sock')} level admin"]}
    other = {**router, "configPath": sandbox.path("other.cfg")}
    away = {**own, "configPath": sandbox.path("away.cfg")}
    for config, words in [
        ({"routers": [own]}, f"another synapse writes configPath {haproxy.config_path}"),
        ({"routers": [other]}, f"another synapse drives the HAProxy at {haproxy.socket_path}"),
        ({"statePath": state, "routers": [away]}, f"another synapse uses statePath {state}"),
    ]:
        second = sandbox.synapse(config, wait=False)
        assert second.wait() == 1
        assert words in second.log()
    assert first.ready()
    assert len(haproxy.reloads()) == loads
    first.kill()
    sandbox.synapse({"statePath": state, "routers": [router]}).await_ready()
    assert len(haproxy.reloads()) == loads


def test_a_child_that_may_not_be_read_hides_no_other(sandbox, registry):
    acl = make_digest_acl("somebody", "else", all=True)
    registry.add("a", sandbox.backend("a").port)
    registry.client.create(registry.path + "/secret", b"{}", acl=[acl])
    port = free_port()
    program = sandbox.synapse(synapse(synapse_service(registry, port, name="web"))).await_ready()
    eventually(lambda: answers(port, 1) == {"a": 1})
    assert "not authenticated" in program.log() or "no auth" in program.log().lower()

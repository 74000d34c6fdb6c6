"""The configuration changes while synapse runs: by difference, and never for the worse."""

import json
import os
import signal
import socket
import time

import pytest

from harness.configs import start_synapse, synapse, synapse_service
from harness.ports import free_port
from harness.wait import always, eventually
from harness.web import answers, request
from harness.zookeeper import Registry


def replace(path, text):
    """In one step, as a configuration tool does."""
    hidden = os.path.join(os.path.dirname(path), ".new")
    with open(hidden, "w", encoding="utf-8") as file:
        file.write(text)
    os.rename(hidden, path)


def loaded(program):
    return program.log().count("configuration loaded")


def refused(program):
    return program.log().count("the new configuration is refused")


def loads(program):
    """How often HAProxy has loaded a configuration."""
    return program.metrics().total("synapse_haproxy_reload_total")


@pytest.fixture
def other(registry):
    """A second path."""
    other = Registry(registry.server, registry.path + "-other")
    yield other
    other.close()


@pytest.fixture(params=["managed", "external"])
def mode(request):
    return request.param


def test_a_new_service_needs_exactly_one_reload(sandbox, registry, other, mode):
    ports = [free_port(), free_port()]
    registry.add("a", sandbox.backend("a").port)
    other.add("b", sandbox.backend("b").port)
    program = start_synapse(sandbox, mode, synapse_service(registry, ports[0], name="web")).await_ready()
    eventually(lambda: answers(ports[0], 2) == {"a": 2})
    before = loads(program)
    # In front of the other one, which thereby gets another number.
    program.config["routers"][0]["services"].insert(0, synapse_service(other, ports[1], name="api"))
    program.replace_config()
    eventually(lambda: answers(ports[1], 2) == {"b": 2})
    assert answers(ports[0], 2) == {"a": 2}
    eventually(lambda: program.ready() and loads(program) == before + 1, what="counted once it has ended")
    eventually(lambda: "1 added (api), 1 service(s) unchanged" in program.log())
    registry.add("c", sandbox.backend("c").port)
    eventually(lambda: set(answers(ports[0], 4)) == {"a", "c"}, what="the unchanged one is followed as before")
    assert loads(program) == before + 1


def test_a_removed_service_is_gone_and_its_port_is_free(sandbox, registry, other):
    ports = [free_port(), free_port()]
    registry.add("a", sandbox.backend("a").port)
    other.add("b", sandbox.backend("b").port)
    services = [synapse_service(registry, ports[0], name="web"), synapse_service(other, ports[1], name="api")]
    program = sandbox.synapse(synapse(*services)).await_ready()
    eventually(lambda: answers(ports[1], 1) == {"b": 1})
    program.config["routers"][0]["services"].pop()
    program.replace_config()

    def closed():
        try:
            request(ports[1])
        except OSError:
            return True
        return False

    eventually(closed)
    assert answers(ports[0], 2) == {"a": 2}
    eventually(lambda: 'service="api"' not in program.metrics().text)


def test_a_changed_service_goes_on_with_its_servers(sandbox):
    server = sandbox.zookeeper()
    registry = Registry(server, "/services/web")
    ports = [free_port(), free_port()]
    registry.add("a", sandbox.backend("a").port)
    program = sandbox.synapse(synapse(synapse_service(registry, ports[0], name="web"))).await_ready()
    eventually(lambda: answers(ports[0], 1) == {"a": 1})
    server.process.pause()  # nothing can be asked of the registry now
    try:
        program.config["routers"][0]["services"][0]["port"] = ports[1]
        program.replace_config()
        eventually(lambda: answers(ports[1], 2) == {"a": 2})
        eventually(lambda: program.metrics().value("synapse_service_stale", service="web") == 1)
        eventually(lambda: "its servers are those of its earlier configuration" in program.log())
    finally:
        server.process.resume()
        registry.close()
    eventually(lambda: "1 changed (web)" in program.log())
    eventually(lambda: program.metrics().value("synapse_service_stale", service="web") == 0, 30)


def test_a_service_is_a_file(sandbox, registry, other):
    ports = [free_port(), free_port()]
    registry.add("a", sandbox.backend("a").port)
    other.add("b", sandbox.backend("b").port)
    directory = sandbox.path("services.d")
    os.makedirs(directory)
    config = synapse(synapse_service(registry, ports[0], name="web"), servicesDir=directory)
    program = sandbox.synapse(config).await_ready()
    replace(os.path.join(directory, "api.yml"), json.dumps(synapse_service(other, ports[1], name="api")))
    eventually(lambda: answers(ports[1], 2) == {"b": 2})
    os.unlink(os.path.join(directory, "api.yml"))
    eventually(lambda: "1 removed (api)" in program.log())
    eventually(lambda: program.log().count("skeleton_changed: the configuration changed") == 2)
    assert "HAProxy runs another configuration" not in program.log(), "the same fact is told once"
    assert answers(ports[0], 2) == {"a": 2}


def test_a_bad_file_changes_nothing(sandbox, registry):
    port = free_port()
    registry.add("a", sandbox.backend("a").port)
    program = sandbox.synapse(synapse(synapse_service(registry, port, name="web"))).await_ready()
    good = json.dumps(program.config)
    before = loads(program)

    def last_success():
        return program.metrics().value("synapse_config_last_reload_success_timestamp_seconds")

    good_at = last_success()
    program.config["routers"][0]["services"][0].update(port=70000, serverSort="sideways")
    program.replace_config()
    eventually(lambda: refused(program) == 1)
    log = program.log()
    assert "port: must be between 0 and 65535, got 70000" in log and "serverSort" in log, "all errors"
    assert program.metrics().value("synapse_config_last_reload_successful") == 0
    assert last_success() == good_at
    registry.add("b", sandbox.backend("b").port)
    eventually(lambda: set(answers(port, 4)) == {"a", "b"}, what="the old one runs on")
    eventually(lambda: time.time() >= good_at + 1, what="a second later, which is what the time is told in")
    replace(program.config_path, good)
    eventually(lambda: program.metrics().value("synapse_config_last_reload_successful") == 1)
    assert good_at < last_success() <= time.time() + 1
    assert loads(program) == before


def rejected(program):
    """The text that HAProxy refused, with its words; empty when there is none."""
    try:
        with open(program.router["configPath"] + ".rejected", encoding="ascii") as file:
            return file.read()
    except FileNotFoundError:
        return ""


def last_was_good(program):
    return program.metrics().value("synapse_config_last_reload_successful") == 1


def test_what_haproxy_refuses_changes_nothing_either(sandbox, registry):
    port = free_port()
    registry.add("a", sandbox.backend("a").port)
    program = sandbox.synapse(synapse(synapse_service(registry, port, name="web"))).await_ready()
    worker = program.runtime.worker_pid()
    service = program.config["routers"][0]["services"][0]
    service["routerOptions"] = {"backend": ["balance sideways"]}
    program.replace_config()
    eventually(lambda: refused(program) == 1)
    log = program.log()
    assert "routers[0]: HAProxy refuses the new configuration, kept as" in log and "balance only supports" in log
    registry.add("b", sandbox.backend("b").port)
    eventually(lambda: set(answers(port, 4)) == {"a", "b"}, what="live changes go on")
    assert program.runtime.worker_pid() == worker
    service["routerOptions"] = {"backend": ["balance leastconn"]}
    program.replace_config()
    eventually(lambda: program.runtime.worker_pid() != worker, what="the mended one is loaded at once")
    eventually(lambda: set(answers(port, 4)) == {"a", "b"})


def test_a_bad_service_in_front_of_another_changes_nothing_for_that(sandbox, registry, other, mode):
    """The other one would get another number by it, and its proxies another name."""
    ports = [free_port(), free_port()]
    registry.add("a", sandbox.backend("a").port)
    other.add("x", sandbox.backend("x").port)
    program = start_synapse(sandbox, mode, synapse_service(registry, ports[0], name="web")).await_ready()
    eventually(lambda: answers(ports[0], 1) == {"a": 1})
    eventually(lambda: "server a " in program.haproxy_config())
    before, worker = loads(program), program.runtime.worker_pid()
    good = json.dumps(program.config)
    bad = synapse_service(other, ports[1], name="api", routerOptions={"backend": ["zork on"]})
    program.config["routers"][0]["services"].insert(0, bad)
    program.replace_config()
    eventually(lambda: refused(program) == 1)
    assert not last_was_good(program)
    assert [each["service"] for each in json.loads(program.get("/services?servers=false")[1])] == ["web"]
    registry.add("b", sandbox.backend("b").port)
    eventually(lambda: set(answers(ports[0], 4)) == {"a", "b"}, what="it is changed live")
    eventually(lambda: "server b " in program.haproxy_config(), 15, what="its file follows")
    assert "backend web_1\n" in program.haproxy_config() and "zork" not in program.haproxy_config()
    assert (loads(program), program.runtime.worker_pid()) == (before, worker)
    assert "zork on\n" in rejected(program) and "unknown keyword 'zork'" in rejected(program)
    replace(program.config_path, good)
    eventually(lambda: last_was_good(program) and not rejected(program), 15, what="taken back")
    assert (loads(program), program.runtime.worker_pid()) == (before, worker)
    bad["routerOptions"] = {"backend": ["balance leastconn"]}
    program.replace_config()
    eventually(lambda: answers(ports[1], 2) == {"x": 2}, 20, what="the mended one is applied")
    eventually(lambda: set(answers(ports[0], 4)) == {"a", "b"})
    eventually(lambda: "backend web_2\n" in program.haproxy_config(), 15)
    eventually(lambda: last_was_good(program) and loads(program) == before + 1, what="counted once it has ended")


def test_a_service_that_a_refused_configuration_removed_is_followed(sandbox, registry, other):
    ports = [free_port(), free_port()]
    registry.add("a", sandbox.backend("a").port)
    other.add("x", sandbox.backend("x").port)
    services = [synapse_service(registry, ports[0], name="web"), synapse_service(other, ports[1], name="api")]
    program = sandbox.synapse(synapse(*services)).await_ready()
    eventually(lambda: answers(ports[1], 1) == {"x": 1})
    worker = program.runtime.worker_pid()
    web = program.config["routers"][0]["services"][0]
    program.config["routers"][0]["services"].pop()
    web["serverOptions"] = "check zork"  # of the servers that it will have
    program.replace_config()
    eventually(lambda: refused(program) == 1)
    other.add("y", sandbox.backend("y").port)
    eventually(lambda: set(answers(ports[1], 4)) == {"x", "y"})
    assert program.runtime.worker_pid() == worker
    assert not last_was_good(program) and "zork" in rejected(program)
    web["serverOptions"] = "check"
    program.replace_config()
    eventually(lambda: "1 removed (api)" in program.log())
    eventually(lambda: program.runtime.worker_pid() != worker, 20)
    eventually(lambda: answers(ports[0], 2) == {"a": 2})
    eventually(lambda: last_was_good(program) and not rejected(program))


def test_a_line_may_name_a_server_that_runs(sandbox, registry):
    """Without its servers HAProxy would refuse the backend."""
    port = free_port()
    registry.add("a", sandbox.backend("a").port)
    program = sandbox.synapse(synapse(synapse_service(registry, port, name="web"))).await_ready()
    eventually(lambda: answers(port, 1) == {"a": 1})
    worker = program.runtime.worker_pid()
    service = program.config["routers"][0]["services"][0]
    service["routerOptions"] = {"backend": ["use-server a if TRUE"]}
    program.replace_config()
    eventually(lambda: program.runtime.worker_pid() != worker, 20)
    assert answers(port, 2) == {"a": 2} and refused(program) == 0


def test_sighup_reloads(sandbox, registry, other):
    ports = [free_port(), free_port()]
    registry.add("a", sandbox.backend("a").port)
    other.add("b", sandbox.backend("b").port)
    config = {**synapse(synapse_service(registry, ports[0], name="web")), "watchConfig": False}
    program = sandbox.synapse(config).await_ready()
    program.config["routers"][0]["services"].append(synapse_service(other, ports[1], name="api"))
    program.replace_config()
    always(lambda: loaded(program) == 0, 0.5, "nobody follows the file")
    program.signal(signal.SIGHUP)
    eventually(lambda: answers(ports[1], 2) == {"b": 2})


def test_routers_come_and_go(sandbox, registry):
    registry.add("a", sandbox.backend("a").port)
    ports = [free_port(), free_port()]
    program = sandbox.synapse(synapse(synapse_service(registry, ports[0], name="web"))).await_ready()
    directory = sandbox.path("second")
    os.makedirs(directory)
    second = {"type": "haproxy", "runtimeDir": directory, "services": [synapse_service(registry, ports[1], name="again")]}
    program.config["routers"].append(second)
    program.replace_config()
    eventually(lambda: answers(ports[1], 2) == {"a": 2})
    with open(os.path.join(directory, "haproxy.pid"), encoding="ascii") as file:
        pid = int(file.read())
    program.config["routers"].pop()
    program.replace_config()
    eventually(lambda: not os.path.exists(f"/proc/{pid}"), what="its HAProxy has ended")
    assert answers(ports[0], 2) == {"a": 2}


def test_a_router_comes_back_while_it_still_ends(sandbox, registry):
    registry.add("a", sandbox.backend("a").port)
    ports = [free_port(), free_port()]
    directory = sandbox.path("second")
    os.makedirs(directory)
    second = {"type": "haproxy", "runtimeDir": directory, "shutdownTimeoutInMilli": 15_000}
    second["services"] = [synapse_service(registry, ports[1], name="again")]
    config = synapse(synapse_service(registry, ports[0], name="web"))
    program = sandbox.synapse({**config, "routers": [*config["routers"], second], "watchConfig": False}).await_ready()
    eventually(lambda: answers(ports[1], 2) == {"a": 2})
    with socket.create_connection(("127.0.0.1", ports[1]), timeout=30):  # keeps its HAProxy from ending
        program.config["routers"].pop()
        program.replace_config()
        program.signal(signal.SIGHUP)
        eventually(lambda: loaded(program) == 1)
        program.config["routers"].append(second)
        program.replace_config()
        program.signal(signal.SIGHUP)
        eventually(lambda: "has not ended yet; the new configuration waits" in program.log())
        assert loaded(program) == 1 and answers(ports[0], 2) == {"a": 2}, "the others go on meanwhile"
        eventually(lambda: loaded(program) == 2, 40)
    eventually(lambda: answers(ports[1], 2) == {"a": 2})
    assert refused(program) == 0 and "another synapse" not in program.log()


def test_a_router_without_services_follows_its_configuration(sandbox):
    def status_on(port):
        answer = 'http-request return status 200 content-type text/plain string "here"'
        return {"status": ["mode http", f"bind 127.0.0.1:{port}", answer]}

    ports = free_port(), free_port()
    program = sandbox.synapse(synapse(listen=status_on(ports[0]))).await_ready()
    eventually(lambda: request(ports[0]) == (200, "here"))
    program.config["routers"][0]["listen"] = status_on(ports[1])
    program.replace_config()
    eventually(lambda: request(ports[1]) == (200, "here"))


def test_a_file_cannot_move_while_its_directory_stays(sandbox, registry):
    registry.add("a", sandbox.backend("a").port)
    port = free_port()
    program = sandbox.synapse(synapse(synapse_service(registry, port, name="web"))).await_ready()
    program.config["routers"][0]["configPath"] = sandbox.path("elsewhere.cfg")
    program.replace_config()
    eventually(lambda: refused(program) == 1)
    assert "a router of this synapse that still runs uses runtimeDir" in program.log()
    assert answers(port, 2) == {"a": 2}


def test_what_only_counts_at_the_start_is_refused_with_words(sandbox, registry):
    port = free_port()
    registry.add("a", sandbox.backend("a").port)
    program = sandbox.synapse(synapse(synapse_service(registry, port, name="web"))).await_ready()
    program.config["routers"][0]["haproxyBinary"] = "/usr/sbin/haproxy"
    program.replace_config()
    eventually(lambda: refused(program) == 1)
    assert "routers[0]: a restart is needed for the new haproxyBinary; SIGUSR2" in program.log()
    assert answers(port, 2) == {"a": 2}

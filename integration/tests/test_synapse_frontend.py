"""How an application reaches a service: ports, unix sockets, names, the shared frontend; and several HAProxys at once."""

import os

import pytest

from harness.configs import start_synapse, synapse, synapse_service
from harness.haproxy import RuntimeSocket
from harness.ports import free_port
from harness.wait import eventually
from harness.web import answers, exchange, request
from harness.zookeeper import Registry

DEFAULTS = ["mode http", "timeout connect 2s", "timeout client 10s", "timeout server 10s"]


@pytest.fixture(params=["managed", "external"])
def mode(request):
    return request.param


@pytest.fixture
def registries(zookeeper, registry):
    """Paths of services below the registry of this test."""
    made = []

    def make(name):
        made.append(Registry(zookeeper, f"{registry.path}/{name}"))
        return made[-1]

    yield make
    for each in made:
        each.close()


def answer_for(port, host):
    status, _, body = exchange(port, headers={"Host": host})
    return status, body


def test_a_service_is_reached_on_a_port_and_on_a_unix_socket(sandbox, registry, mode):
    registry.add("a", sandbox.backend("a").port)
    port, path = free_port(), sandbox.path("web.sock")
    service = synapse_service(registry, port, bindSocket=path, bindOptions="mode 600", balance="leastconn")
    # `mode` is a word for unix sockets only, and HAProxy ignores it on a port.
    program = start_synapse(sandbox, mode, service).await_ready()
    assert answers(port, 2) == {"a": 2}
    assert request(path) == (200, "a")
    assert os.stat(path).st_mode & 0o777 == 0o600
    assert "balance leastconn" in program.haproxy_config()
    worker = program.runtime.worker_pid()
    registry.add("b", sandbox.backend("b").port)
    eventually(lambda: request(path) == (200, "b"))
    assert program.runtime.worker_pid() == worker


def test_backend_name_is_the_name_in_haproxy(sandbox, registry, mode):
    registry.add("a", sandbox.backend("a").port)
    port = free_port()
    program = start_synapse(sandbox, mode, synapse_service(registry, port, backendName="web")).await_ready()
    assert program.runtime.names_in_rotation("web") == {"a"}
    worker = program.runtime.worker_pid()
    registry.add("b", sandbox.backend("b").port)
    eventually(lambda: program.runtime.names_in_rotation("web") == {"a", "b"})
    assert program.runtime.worker_pid() == worker
    # A new synapse finds its servers under that name, before the registry has spoken.
    eventually(lambda: "server b " in program.haproxy_config())


def test_services_share_a_frontend_by_host_name(sandbox, registries):
    port = free_port()
    services = []
    for name in ("api", "web"):
        registry = registries(name)
        registry.add(name, sandbox.backend(name).port)
        line = f"use_backend {{{{.Backend}}}} if {{ hdr_dom(host) -i {name} }}"
        services.append(synapse_service(registry, name=name, sharedFrontend=[line]))
    services[0].update(backendName="api", sharedFrontend=["acl is_api hdr_dom(host) -i api", "use_backend api if is_api"])
    sandbox.synapse(
        synapse(*services, defaults=DEFAULTS, sharedFrontend=[f"bind 127.0.0.1:{port}"])
    ).await_ready()
    assert answer_for(port, "api.example.org") == (200, "api")
    assert answer_for(port, "web.example.org") == (200, "web")
    assert answer_for(port, "other.example.org")[0] == 503


def test_a_service_joins_the_shared_frontend_when_it_is_declared(sandbox, registries):
    port = free_port()
    web, late = registries("web"), registries("late")
    web.add("web", sandbox.backend("web").port)
    late.client.ensure_path(late.path)
    services = [
        synapse_service(web, name="web", sharedFrontend=["use_backend {{.Backend}} if { hdr(host) web }"]),
        synapse_service(
            late, name="late", declareEmpty=False, sharedFrontend=["use_backend {{.Backend}} if { hdr(host) late }"]
        ),
    ]
    program = sandbox.synapse(
        synapse(*services, defaults=DEFAULTS, sharedFrontend=[f"bind 127.0.0.1:{port}"])
    ).await_ready()
    assert answer_for(port, "web") == (200, "web")
    assert answer_for(port, "late")[0] == 503
    assert "late" not in program.haproxy_config()
    late.add("late", sandbox.backend("late").port)
    eventually(lambda: answer_for(port, "late") == (200, "late"), 15)
    assert answer_for(port, "web") == (200, "web")


def test_extra_sections_are_there_for_the_lines_that_name_them(sandbox, registry):
    registry.add("a", sandbox.backend("a").port)
    port = free_port()
    service = synapse_service(registry, port, routerOptions={"frontend": ["http-request auth unless { http_auth(us) }"]})
    extra = {"userlist us": ["user ann insecure-password secret"], "resolvers dns": ["nameserver a 127.0.0.1:53"]}
    sandbox.synapse(synapse(service, defaults=DEFAULTS, extraSections=extra)).await_ready()
    assert exchange(port)[0] == 401
    assert exchange(port, headers={"Authorization": "Basic YW5uOnNlY3JldA=="})[::2] == (200, "a")


def test_a_disabled_service_is_neither_watched_nor_served(sandbox, registries):
    ports = free_port(), free_port()
    off, on = registries("off"), registries("on")
    on.add("on", sandbox.backend("on").port)
    services = [
        synapse_service(off, ports[0], name="off", disabled=True),
        synapse_service(on, ports[1], name="on"),
    ]
    program = sandbox.synapse(synapse(*services)).await_ready()
    assert answers(ports[1], 1) == {"on": 1}
    assert answers(ports[0], 1) == {"ConnectionRefusedError": 1}
    assert "off" not in program.haproxy_config()
    assert program.runtime.names_in_rotation("on_2") == {"on"}, "it keeps its number, so the others keep their names"


def test_two_routers_each_run_their_own_haproxy(sandbox, registries):
    ports = free_port(), free_port()
    routers = []
    for name, port in zip("ab", ports):
        registry = registries(name)
        registry.add(name, sandbox.backend(name).port)
        routers.append({"type": "haproxy", "services": [synapse_service(registry, port, name=name)]})
    program = sandbox.synapse({"routers": routers}).await_ready()
    assert answers(ports[0], 2) == {"a": 2} and answers(ports[1], 2) == {"b": 2}
    runtimes = [
        RuntimeSocket(os.path.join(router["runtimeDir"], "haproxy.sock")) for router in program.config["routers"]
    ]
    workers = [runtime.worker_pid() for runtime in runtimes]
    assert workers[0] != workers[1]
    # Each goes on without the other.
    os.kill(workers[0], 9)
    c = sandbox.backend("c")
    registries("b").add("c", c.port)
    eventually(lambda: runtimes[1].names_in_rotation("b_2") == {"b", "c"})
    eventually(lambda: answers(ports[0], 2) == {"a": 2}, 20)
    assert runtimes[1].worker_pid() == workers[1]
    assert program.stop(20) == 0


def test_one_router_runs_an_haproxy_and_another_drives_somebody_elses(sandbox, registries):
    ports = free_port(), free_port()
    own, foreign = registries("own"), registries("foreign")
    own.add("own", sandbox.backend("own").port)
    foreign.add("foreign", sandbox.backend("foreign").port)
    haproxy = sandbox.haproxy()
    program = sandbox.synapse(
        {
            "routers": [
                {"type": "haproxy", "services": [synapse_service(own, ports[0], name="own")]},
                haproxy.router([synapse_service(foreign, ports[1], name="foreign")]),
            ]
        }
    ).await_ready()
    assert answers(ports[0], 2) == {"own": 2} and answers(ports[1], 2) == {"foreign": 2}
    reloads = len(haproxy.reloads())
    foreign.add("more", sandbox.backend("more").port)
    eventually(lambda: haproxy.runtime.names_in_rotation("foreign_2") == {"foreign", "more"})
    assert len(haproxy.reloads()) == reloads
    assert program.stop(20) == 0
    eventually(lambda: answers(ports[0], 1) == {"ConnectionRefusedError": 1})
    assert set(answers(ports[1], 4)) == {"foreign", "more"}, "somebody else's HAProxy goes on"


def test_when_the_first_socket_is_of_no_use_the_next_one_is_taken(sandbox, registry):
    registry.add("a", sandbox.backend("a").port)
    port = free_port()
    haproxy = sandbox.haproxy()
    second = os.path.join(haproxy.directory, "second.sock")
    haproxy.global_lines.append(f"stats socket {second} mode 600 level admin")
    program = sandbox.synapse({"routers": [haproxy.router([synapse_service(registry, port, name="web")])]})
    program.await_ready()
    eventually(lambda: os.path.exists(second))
    worker = haproxy.runtime.worker_pid()
    os.unlink(haproxy.socket_path)
    registry.add("b", sandbox.backend("b").port)
    further = RuntimeSocket(second)
    eventually(lambda: further.names_in_rotation("web") == {"a", "b"}, 15)
    assert further.worker_pid() == worker, "no reload was needed"
    assert set(answers(port, 4)) == {"a", "b"}
    eventually(lambda: haproxy.socket_path in program.log() and second in program.log())

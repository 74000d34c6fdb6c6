"""What nerve and synapse live in, a machine or a container, does not do what it should."""

import os
import socket

import pytest

from harness import namespaces, processes
from harness.configs import check, nerve, nerve_service, synapse_service
from harness.ports import free_port
from harness.wait import always, eventually
from harness.web import request_json


def status(program):
    return request_json(program.api_port, "/services/web/status")[1]


@pytest.fixture
def silent_name_server():
    """An address at which a name server takes questions and answers none."""
    address = f"127.54.{os.getpid() >> 8 & 255}.{os.getpid() & 255}"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        try:
            server.bind((address, 53))
        except PermissionError:
            pytest.skip("only root may stand in for a name server")
        yield address


def read(path):
    with open(path, encoding="ascii") as file:
        return file.read()


def write(path, *lines):
    with open(path, "w", encoding="ascii") as file:
        file.writelines(f"{line}\n" for line in lines)


def test_a_name_server_that_hangs_takes_no_healthy_backend_out(sandbox, registry, silent_name_server):
    hosts, servers = sandbox.path("hosts"), sandbox.path("resolv.conf")
    write(hosts, "127.0.0.1 localhost", "127.0.0.1 back.test")
    write(servers, f"nameserver {silent_name_server}")
    service = nerve_service(sandbox.backend("a").port, registry, checks=[check(host="back.test", timeoutInMilli=4000)])
    program = sandbox.nerve(nerve(service), wrapper=namespaces.with_files(hosts=hosts, resolv_conf=servers))
    before = eventually(registry.stats)
    write(hosts, "127.0.0.1 localhost")
    # An answer serves for ten seconds without a new lookup.
    always(lambda: status(program)["Available"] and registry.stats().keys() == before.keys(), 20, interval=0.1)


def test_the_first_process_of_a_container_reaps_what_checks_leave(sandbox):
    command = ["sh", "-c", "sleep 777 & sleep 778"]
    checks = [check("exec", command=command, timeoutInMilli=50)]
    program = sandbox.nerve(nerve(nerve_service(1, checks=checks)), wrapper=namespaces.first_process())
    failures = lambda: program.metrics().value("nerve_checker_failure_total", name="web")
    eventually(lambda: failures() >= 20, 30)
    (pid,) = processes.children_of(program.pid)
    # Some have only just ended.
    eventually(lambda: processes.zombies_of(pid) <= 3)
    assert status(program)["Checks"][0]["Reason"] == "sh: timed out after 50 ms"


def test_the_first_process_of_a_container_reaps_what_a_reload_command_leaves(sandbox, registry):
    registry.add("a", sandbox.backend("a").port)
    router = {
        "type": "haproxy",
        "services": [synapse_service(registry, free_port(), name="web")],
        "configPath": sandbox.path("haproxy.cfg"),
        "global": [f"stats socket {sandbox.path('nobody.sock')} level admin"],
        "reloadCommand": ["sh", "-c", f"echo x >> {sandbox.path('reloads')}; sleep 777 & exit 0"],
        "reloadMinIntervalInMilli": 1,
    }
    program = sandbox.synapse({"routers": [router]}, wrapper=namespaces.first_process())
    registry.add("b", free_port())
    eventually(lambda: len(read(sandbox.path("reloads")).splitlines()) >= 2, 30, "the first has left an orphan")
    (pid,) = processes.children_of(program.pid)
    eventually(lambda: processes.zombies_of(pid) == 0)

"""Where a backend says that it lives."""

import json
import os

from harness.configs import check, nerve, nerve_service
from harness.ports import free_port
from harness.wait import eventually

# A machine of its own with one more address, 10.9.8.7, over which everything leaves.
OTHER_MACHINE = ["unshare", "-n", "sh", "-c", 'ip link set lo up; ip addr add 10.9.8.7/24 dev lo; '
                 'ip route add default dev lo; exec "$@"', "nerve"]


def record(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def announce(sandbox, host, wrapper=(), **keys):
    """What a nerve announces that is given this host; the file is its registry."""
    report = sandbox.path("report")
    service = nerve_service(free_port(), host=host, checks=[check("exec", command=["true"])], reporters=[{"type": "file", "path": report}])
    program = sandbox.nerve(nerve({**service, **keys}), wrapper=wrapper, wait=False)
    return program, eventually(lambda: os.path.getsize(report) and record(report))


def test_auto_is_the_address_that_leads_outward(sandbox):
    program, announced = announce(sandbox, "auto", OTHER_MACHINE)
    assert announced["host"] == "10.9.8.7"
    assert "warning" not in program.log()


def test_auto_takes_the_address_of_an_interface(sandbox):
    assert announce(sandbox, "auto:lo")[1]["host"] == "127.0.0.1"


def test_auto_without_a_route_is_an_error_that_says_what_to_do(sandbox):
    config = nerve(nerve_service(free_port(), host="auto"))
    program = sandbox.nerve(config, wrapper=["unshare", "-n"], wait=False)
    assert program.wait() == 1
    assert "host: auto: no route leads out of this machine; name an interface (auto:eth0) or give an address" in program.log()


def test_an_unknown_interface_is_an_error_that_lists_the_known(sandbox):
    program = sandbox.nerve(nerve(nerve_service(free_port(), host="auto:nosuch0")), wait=False)
    assert program.wait() == 1
    assert "there is no interface nosuch0; there are " in program.log()


def test_the_environment_gives_the_address(sandbox):
    wrapper = ["env", "POD_IP=10.1.2.3"]
    assert announce(sandbox, "{{ .POD_IP }}", wrapper)[1]["host"] == "10.1.2.3"


def test_the_address_that_is_checked_may_be_another_one(sandbox, registry):
    backend = sandbox.backend("a")
    service = nerve_service(backend.port, registry, host="10.1.2.3", checks=[check(host="127.0.0.1")])
    program = sandbox.nerve(nerve(service))
    eventually(lambda: registry.only_record()["host"] == "10.1.2.3")
    assert "loopback" not in program.log()


def test_loopback_in_zookeeper_works_and_warns_once(sandbox, registry):
    backend = sandbox.backend("a")
    services = [nerve_service(backend.port, registry, name=f"s{i}") for i in range(3)]
    program = sandbox.nerve(nerve(*services))
    eventually(lambda: len(registry.names()) == 3)
    assert program.log().count("loopback") == 1
    assert "services[0] and 2 more announce a loopback address in ZooKeeper" in program.log()

"""Name servers that answer wrong, slowly or not at all: for ZooKeeper's host names, for backends, for a dns watcher."""

import os

import pytest

from harness import namespaces
from harness.dns import SERVFAIL, NameServer
from harness.wait import eventually

# Port 53 can be had once on each address, and several workers run side by side.
ADDRESS = f"127.53.{os.getpid() >> 8 & 255}.{os.getpid() & 255}"
NOBODY = "127.0.0.9"  # no ZooKeeper and no backend is there
SLOW_SECONDS = 1.5


@pytest.fixture
def name_server():
    """The one that the programs' resolv.conf names."""
    try:
        server = NameServer(ADDRESS, 53)
    except PermissionError:
        pytest.skip("only root may stand in for a name server")
    for name in ("zk.test", "b1.test", "b2.test", "b3.test"):
        server.addresses(name, "127.0.0.1")
    yield server
    server.close()


@pytest.fixture
def wrapper(sandbox):
    with open(sandbox.path("hosts"), "w", encoding="ascii") as file:
        file.write("127.0.0.1 localhost\n")
    with open(sandbox.path("resolv.conf"), "w", encoding="ascii") as file:
        file.write(f"nameserver {ADDRESS}\noptions timeout:1 attempts:2\n")
    return namespaces.with_files(hosts=sandbox.path("hosts"), resolv_conf=sandbox.path("resolv.conf"))


def silent(server):
    server.mode = "silent"


def refusing(server):
    server.mode = SERVFAIL


def garbled(server):
    server.mode = "garbage"


def slow(server):
    server.delay = SLOW_SECONDS


def wrong(server):
    server.addresses("zk.test", NOBODY)
    server.addresses("b1.test", NOBODY)


def without_names(server):
    for name in ("zk.test", "b1.test", "b2.test", "b3.test"):
        server.forget(name)


def mend(server):
    server.mode, server.delay = "answer", 0.0
    for name in ("zk.test", "b1.test", "b2.test", "b3.test"):
        server.addresses(name, "127.0.0.1")


HOW = [silent, refusing, garbled, slow, wrong, without_names]
every_way = pytest.mark.parametrize("how", HOW, ids=[how.__name__ for how in HOW])
# One takes half a minute.
silence_and_the_rest = pytest.mark.parametrize(
    "how", [silent, *(pytest.param(how, marks=pytest.mark.long) for how in HOW[1:])], ids=[how.__name__ for how in HOW]
)


@every_way
def test_zookeepers_name(build, zookeeper, name_server, wrapper, how):
    """A connection that is lost comes back by the addresses that are known, whatever name servers do. A wrong answer
    is believed while there is none: the servers may have moved."""
    world = build(
        zookeeper, session_ms=8000, wrapper=wrapper, hosts=lambda ports: [f"zk.test:{port}" for port in ports]
    )
    links = world.synapse_links + world.nerve_links
    with world.case(f"ZooKeeper's name, name server {how.__name__.replace('_', ' ')}") as case:
        served = world.served()
        how(name_server)
        case.did("spoilt the answers")
        if how is not wrong:
            owners = {name: stat.ephemeralOwner for name, stat in world.registry.stats().items()}
            for link in links:
                link.reset()
            case.did("reset all connections")
            eventually(lambda: all(link.open_connections for link in links), 20, "all are connected again")
            world.check()
            case.did("they are there again")
            assert {name: stat.ephemeralOwner for name, stat in world.registry.stats().items()} == owners
        for link in links:
            link.cut()
        asked = name_server.asked("zk.test", "A")
        eventually(lambda: name_server.asked("zk.test", "A") >= asked + 4, 60, "everybody looks the name up again")
        assert world.served() and set(world.served()) <= set(served)
        for link in links:
            link.heal()
        mend(name_server)
        case.did("ZooKeeper and the answers are there again", over=True)


@silence_and_the_rest
def test_names_of_backends(build, zookeeper, name_server, wrapper, how):
    """nerve announces names, and checks them; synapse looks them up. `wrong` is of one of the three."""
    world = build(zookeeper, wrapper=wrapper, pod=lambda number: {"host": f"b{number}.test"})
    with world.case(f"names of backends, name server {how.__name__.replace('_', ' ')}") as case:
        how(name_server)
        case.did("spoilt the answers")
        asked = name_server.asked("b1.test", "A")
        eventually(lambda: name_server.asked("b1.test", "A") > asked, 45, "somebody looks the name up")
        world.stays(lambda: len(world.served()) >= 2, 12)
        mend(name_server)
        case.did("they are right again", over=True)


@every_way
def test_a_dns_watcher(build, zookeeper, name_server, how):
    """The name of one of the three is that which can be wrong."""

    def service(pods):
        hosts = [f"b{number}.test.:{pod.backend.port}" for number, pod in enumerate(pods, 1)]
        watcher = {"type": "dns", "nameservers": [f"{ADDRESS}:53"], "minTtlInMilli": 200, "hosts": hosts}
        return {"watcher": watcher}

    world = build(zookeeper, service=service)
    with world.case(f"dns watcher, name server {how.__name__.replace('_', ' ')}") as case:
        how(name_server)
        case.did("spoilt the answers")
        asked = len(name_server.questions)
        eventually(lambda: len(name_server.questions) > asked + 3, 30, "synapse asks")
        # That a name does not exist is an answer; the last servers stay all the same.
        least = 1 if how is without_names else 2
        world.stays(lambda: len(world.served()) >= least, 4)
        mend(name_server)
        case.did("they are right again", over=True)

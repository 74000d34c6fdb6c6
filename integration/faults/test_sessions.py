"""Connections that end in the middle of something, sessions that end unnoticed, lists beyond ZooKeeper's limits, and clocks
that jump. One ZooKeeper server, which is well all the time."""

import os
import re
import signal
import struct
import subprocess
import time

import pytest

from harness import sanitizers
from harness.wait import eventually
from harness.zookeeper import ChildrenRecorder, Registry

CREATES = {1, 15}  # create and create2; a transaction has them inside
MULTI = 14
EXISTS = 3
ERROR_FREE = 0

FORMS = {
    "a plain node": {},
    "a numbered node": {"nodeType": "ephemeral_sequential"},
    "a numbered node whose name is the record": {"nodeType": "ephemeral_sequential", "pathEncoding": True},
}


def creates(packet, path):
    """Whether it asks for a new node below this path."""
    kind, inside = struct.unpack(">ii", packet[4:12])
    return (kind in CREATES or (kind == MULTI and inside in CREATES)) and f"{path}/".encode() in packet


class Breaker:
    """Ends the connection in the middle of a registration, `times` times; what happened is in `done`."""

    def __init__(self, path, when, times=3):
        self._path, self._when, self._left = path, when, times
        self._xid = None
        self.done = []

    def __call__(self, of_client, packet):
        if of_client and self._left and len(packet) > 12 and creates(packet, self._path):
            if self._when == "request":
                self._left -= 1
                self.done.append("request")
                return "half"
            self._xid = struct.unpack(">i", packet[:4])[0]
        elif not of_client and self._xid is not None and len(packet) >= 16:
            xid, _, error = struct.unpack(">iqi", packet[:16])
            if xid == self._xid:
                self._xid = None
                if error == ERROR_FREE:  # else it has yet to be created
                    self._left -= 1
                    self.done.append("answer")
                    return "cut"
        return None


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("when", ["request", "answer"])
def test_a_registration_is_interrupted(build, zookeeper, when, form):
    """An answer that is lost leaves a node that the client does not know of; a second one would be a phantom."""
    world = build(zookeeper, reporter=FORMS[form])
    what = {"request": "the connection ends in the middle of the create of", "answer": "the answer is lost of the create of"}
    with world.case(f"{what[when]} {form}") as case:
        pod = world.pods[0]
        pod.nerve.stop()
        observer = Registry(zookeeper, world.path)
        recorder = ChildrenRecorder(observer)
        breaker = Breaker(world.path, when)
        (link,) = pod.links
        link.intercept = breaker
        pod.start_nerve()
        times = 3 if when == "request" else 1  # then it is there
        eventually(lambda: len(breaker.done) >= times, 60, "the create was interrupted")
        link.intercept = None
        case.did(f"interrupted it {len(breaker.done)} times", over=True)
        case.settle()
        eventually(lambda: len(recorder.lists()[-1]) == len(world.pods))
        assert max(map(len, recorder.lists())) <= len(world.pods), "there is never one too many"
        observer.close()


def test_nerves_session_expires_while_it_is_disconnected(build, zookeeper):
    world = build(zookeeper, session_ms=3000)
    with world.case("nerve's session expires while it is cut off") as case:
        pod = world.pods[0]
        (node,) = (name for name in world.registry.names() if str(pod.backend.port) in name)
        old = world.registry.stat(node).ephemeralOwner
        pod.links[0].cut()
        case.did("cut it off")
        eventually(lambda: node not in world.registry.names(), 30, "its node is gone")
        eventually(lambda: pod.address not in world.served(), 30)
        case.did("its node is gone, and HAProxy sends nothing there")
        pod.links[0].heal()
        case.did("connected it", over=True)
        case.settle()
        assert world.registry.stat(node).ephemeralOwner != old


def test_synapses_session_expires_while_it_is_disconnected(build, zookeeper):
    world = build(zookeeper, session_ms=3000)
    with world.case("synapse's session expires while it is cut off, and a backend leaves and one comes") as case:
        worker, served = world.worker(), world.served()
        session = eventually(lambda: zookeeper.session_at(world.synapse_links[0].ports_to_server()))
        world.synapse_links[0].cut()
        case.did("cut it off")
        eventually(lambda: not zookeeper.knows_session(session), 30, "its session is over")
        case.did("its session is over")
        world.pods[0].nerve.stop()
        world.add_pod()
        eventually(lambda: len(world.registry.names()) == len(served))
        world.stays(lambda: world.served() == served, 1)
        case.did("one backend has left the registry, another has come")
        world.synapse_links[0].heal()
        case.did("connected it", over=True)
        world.remove_pod(world.pods[0])
        case.settle()
        assert world.worker() == worker, "HAProxy was not reloaded"


def test_nodes_vanish_while_a_new_session_looks_at_them(build, zookeeper):
    """To ask whether a node exists leaves a watch, also when it does not."""
    world = build(zookeeper, session_ms=4000)
    with world.case("500 nodes vanish while synapse looks at them after its session has expired") as case:
        names = [f"{number:03}-no-record" for number in range(500)]
        before = watches(zookeeper)
        for name in names:
            world.registry.client.create_async(f"{world.path}/{name}", b"no record")
        eventually(lambda: watches(zookeeper) >= before + len(names), 30, "all of them are watched")
        case.did("500 nodes that are no records are there")

        def vanish(of_client, packet):
            if of_client and names and packet[4:8] == struct.pack(">i", EXISTS) and f"{world.path}/".encode() in packet:
                world.registry.remove(*names)
                names.clear()

        world.synapse_links[0].intercept = vanish
        zookeeper.expire(zookeeper.session_at(world.synapse_links[0].ports_to_server()), world.synapse)
        case.did("its session is over")
        eventually(lambda: not names, 30, "it looks at them")
        case.did("they vanish before the first look arrives", over=True)
        case.settle()
        world.synapse_links[0].intercept = None


def watches(zookeeper):
    return int(re.search(r"zk_watch_count\t(\d+)", zookeeper.command("mntr"))[1])


LONG_NAMES = 6000
FOR_NAMES_KB = 40_000  # memory that a list of that size needs once, and the allocator keeps


def test_a_path_has_more_children_than_a_megabyte_of_names(build, zookeeper):
    """A server takes no packet above that; one that it sends may be larger, and a client that watches so many nodes must
    get over a reconnect."""
    world = build(zookeeper, spare_kb=FOR_NAMES_KB)
    with world.case("a path has 1.2 MB of names of children") as case:
        served = world.served()
        names = [f"{number:06}-{'x' * 193}" for number in range(LONG_NAMES)]
        for start in range(0, LONG_NAMES, 500):
            transaction = world.registry.client.transaction()
            for name in names[start : start + 500]:
                transaction.create(f"{world.path}/{name}", b"no record")
            assert not [result for result in transaction.commit() if isinstance(result, Exception)]
        case.did(f"{LONG_NAMES} nodes that are no records are there")
        world.stays(lambda: set(served) <= set(world.served()), 1)
        added = world.add_pod()
        eventually(lambda: added.address in world.served(), 60, "one more is served")
        case.did("one more backend is served")
        for links in (world.synapse_links, added.links):
            links[0].reset()
        case.did("connections reset")
        another = world.add_pod()
        eventually(lambda: another.address in world.served(), 60, "one more is served")
        case.did("one more backend is served", over=True)
        for start in range(0, LONG_NAMES, 500):
            world.registry.remove(*names[start : start + 500])
        for pod in (added, another):
            world.remove_pod(pod)
        case.did("the nodes and the two are gone", over=True)


class Clock:
    """The wall clock of the programs that are started with `wrapper`; their monotonic clock is the machine's."""

    def __init__(self, sandbox):
        library, self._path = sandbox.path("wall_clock.so"), sandbox.path("clock")
        source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "wall_clock.c")
        subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-o", library, source], check=True, timeout=120)
        with open(self._path, "wb") as file:
            file.write(struct.pack("=q", 0))
        self.wrapper = ["env", f"LD_PRELOAD={library}", f"WALL_CLOCK={self._path}"]

    def jump(self, seconds):
        """To the machine's time and so much."""
        with open(self._path, "r+b", buffering=0) as file:
            file.write(struct.pack("=q", seconds))


@pytest.mark.skipif(sanitizers.ANY, reason="nothing may be loaded before a sanitizer")
def test_the_wall_clock_jumps(build, sandbox, zookeeper):
    clock = Clock(sandbox)
    world = build(zookeeper, wrapper=clock.wrapper, session_ms=4000)
    with world.case("the wall clock jumps") as case:
        stats = world.registry.stats()
        worker = world.worker()
        for by, seconds in {"+1h": 3600, "-1h": -3600, "+1d": 86_400, "-1d": -86_400, "+0": 0}.items():
            clock.jump(seconds)
            case.did(f"{by}")
            for program in ("nerve", "synapse"):
                process = world.nerves[0] if program == "nerve" else world.synapse
                process.signal(signal.SIGHUP)
                metric = f"{program}_config_last_reload_success_timestamp_seconds"
                expected = time.time() + seconds
                eventually(lambda: abs(process.metrics().value(metric) - expected) < 60, what=f"{program} has that time")
            world.stays(lambda: not world.differences(), 3)
            # What is decided while it is wrong comes through as ever.
            weight = 100 + len(case.steps)
            world.nerves[0].put(f"/services/{world.pods[0].name}/weight/{weight}")
            eventually(lambda w=weight: world.weights()[world.pods[0].address] == w, 10, "a change comes through")
            case.settle()  # nerve may hear last that it is there
        world.nerves[0].put(f"/services/{world.pods[0].name}/weight/255")
        case.did("is right again", over=True)
        case.settle()
        now = world.registry.stats()
        assert {name: stat.czxid for name, stat in now.items()} == {name: stat.czxid for name, stat in stats.items()}
        assert world.worker() == worker

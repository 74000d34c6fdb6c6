"""nerve's registration under everything that happens to connections, sessions, servers and processes."""

import signal
import time

import pytest

from harness.configs import nerve, nerve_service, reporter
from harness.wait import always, eventually
from harness.zookeeper import ChildrenRecorder, Registry


@pytest.fixture
def own(sandbox):
    """(server, registry) of a ZooKeeper that the test may break."""
    server = sandbox.zookeeper()
    registry = Registry(server, "/services/web")
    yield server, registry
    registry.close()


def owner(registry):
    names = registry.names()
    return registry.stat(names[0]).ephemeralOwner if names else None


def test_a_restarted_zookeeper_keeps_the_node(sandbox, own):
    server, registry = own
    backend = sandbox.backend("a")
    sandbox.nerve(
        nerve(nerve_service(backend.port, registry, reporters=[reporter(registry, connectionTimeoutInMilli=60_000)]))
    )
    eventually(lambda: registry.only_record()["weight"] == 255)
    (name,) = registry.names()
    before = registry.stat(name)
    recorder = ChildrenRecorder(registry)
    server.stop()
    server.start()
    eventually(
        lambda: server.session_of(sandbox.processes[-1]) == before.ephemeralOwner & (2**64 - 1), what="nerve is back"
    )
    after = eventually(lambda: registry.stat(name))
    assert (after.czxid, after.mzxid, after.ephemeralOwner) == (before.czxid, before.mzxid, before.ephemeralOwner)
    assert recorder.lists() == [[name]], "nobody saw a change"


def test_the_node_goes_when_the_backend_died_while_zookeeper_was_away(sandbox, own):
    server, registry = own
    backend = sandbox.backend("a")
    service = nerve_service(backend.port, registry, reporters=[reporter(registry, connectionTimeoutInMilli=6000)])
    program = sandbox.nerve(nerve(service))
    eventually(lambda: registry.only_record()["weight"] == 255)
    server.stop()
    backend.kill()
    eventually(lambda: program.get("/services/web/status")[0] == 503)
    server.start()
    eventually(lambda: registry.names() == [])


def test_the_data_follows_the_last_verdict(sandbox, own):
    """Down and up again while ZooKeeper is away, with the reason and the weight of the last state."""
    server, registry = own
    backend = sandbox.backend("a")
    reporters = [reporter(registry, exposeOnUnavailable=True, connectionTimeoutInMilli=6000)]
    program = sandbox.nerve(nerve(nerve_service(backend.port, registry, reporters=reporters)))
    eventually(lambda: registry.only_record()["weight"] == 255)
    server.stop()
    backend.kill()
    eventually(lambda: program.get("/services/web/status")[0] == 503)
    server.start()
    eventually(lambda: registry.only_record()["available"] is False)
    server.stop()
    sandbox.backend("a", backend.port)
    eventually(lambda: program.get("/services/web/status")[0] in (200, 503))
    server.start()
    eventually(lambda: registry.only_record()["available"] and registry.only_record()["weight"] == 255)


def test_a_zookeeper_that_forgot_everything_is_told_again(sandbox, own):
    """Such a server refuses all clients that know more than it does."""
    server, registry = own
    backend = sandbox.backend("a")
    service = nerve_service(backend.port, registry, reporters=[reporter(registry, connectionTimeoutInMilli=500)])
    sandbox.nerve(nerve(service))
    eventually(lambda: registry.only_record()["weight"] == 255)
    server.stop()
    server.wipe()
    server.start()
    fresh = Registry(server, registry.path)
    eventually(lambda: fresh.only_record()["weight"] == 255)
    fresh.close()


def test_nerve_starts_before_zookeeper(sandbox, own):
    server, registry = own
    server.stop()
    backend = sandbox.backend("a")
    service = nerve_service(backend.port, registry, reporters=[reporter(registry, connectionTimeoutInMilli=6000)])
    program = sandbox.nerve(nerve(service))
    eventually(lambda: program.get("/services/web/status")[0] in (200, 503))
    server.start()
    eventually(registry.only_record)


def test_nerve_stops_while_zookeeper_is_away(sandbox, own):
    server, registry = own
    backend = sandbox.backend("a")
    program = sandbox.nerve(nerve(nerve_service(backend.port, registry)))
    eventually(registry.only_record)
    server.stop()
    start = time.monotonic()
    program.stop()
    assert time.monotonic() - start < 15


def test_nerve_stops_while_zookeeper_hangs(sandbox, own):
    server, registry = own
    backend = sandbox.backend("a")
    service = nerve_service(backend.port, registry, reporters=[reporter(registry, connectionTimeoutInMilli=2000)])
    program = sandbox.nerve(nerve(service))
    eventually(registry.only_record)
    server.process.pause()
    program.stop()
    server.process.resume()


def test_an_expired_session_registers_again_at_once(sandbox, registry, zookeeper):
    backend = sandbox.backend("a")
    program = sandbox.nerve(nerve(nerve_service(backend.port, registry)))
    eventually(lambda: registry.only_record()["weight"] == 255)
    took = []
    for _ in range(3):
        old = owner(registry)
        zookeeper.expire(old, program)
        start = time.monotonic()
        eventually(lambda: owner(registry) not in (old, None), what="registered by a new session")
        took.append(time.monotonic() - start)
        eventually(lambda: registry.only_record()["weight"] == 255)
    assert min(took) < 2, "some milliseconds when the machine is idle"


def test_a_nerve_that_slept_too_long_registers_again(sandbox, registry):
    backend = sandbox.backend("a")
    service = nerve_service(backend.port, registry, reporters=[reporter(registry, connectionTimeoutInMilli=400)])
    program = sandbox.nerve(nerve(service))
    eventually(registry.only_record)
    program.pause()
    eventually(lambda: registry.names() == [], what="the server gave up on the session")
    program.resume()
    eventually(lambda: registry.only_record()["weight"] == 255)


def test_two_ensembles_are_independent(sandbox, own, registry):
    server, other = own
    backend = sandbox.backend("a")
    sandbox.nerve(nerve(nerve_service(backend.port, reporters=[reporter(registry), reporter(other)])))
    eventually(registry.only_record)
    eventually(other.only_record)
    server.stop()
    backend.kill()
    eventually(lambda: registry.names() == [], what="the ensemble that is away holds up nobody")
    sandbox.backend("a", backend.port)
    eventually(lambda: registry.only_record()["weight"] == 255)


def test_killed_and_started_again_there_is_never_a_second_registration(sandbox, registry, zookeeper):
    """The new nerve takes the node over from the session of the dead one, which still lives for a while."""
    backend = sandbox.backend("a")
    config = nerve(
        nerve_service(backend.port, registry, reporters=[reporter(registry, connectionTimeoutInMilli=30_000)])
    )
    program = sandbox.nerve(config)
    eventually(lambda: registry.only_record()["weight"] == 255)
    recorder = ChildrenRecorder(registry)
    (name,) = registry.names()
    for _ in range(3):
        old = owner(registry)
        program.kill()
        program = sandbox.nerve(config)
        eventually(lambda: owner(registry) not in (old, None), what="taken over")
        eventually(lambda: registry.only_record()["weight"] == 255)
        zookeeper.expire(old)
        always(lambda: registry.names() == [name], 0.2, "the end of the old session changes nothing")
    assert all(children in ([], [name]) for children in recorder.lists()), recorder.lists()


def test_a_deleted_or_overwritten_node_is_repaired(sandbox, registry):
    backend = sandbox.backend("a")
    service = nerve_service(backend.port, registry, reporters=[reporter(registry, refreshIntervalInMilli=200)])
    sandbox.nerve(nerve(service))
    eventually(lambda: registry.only_record()["weight"] == 255)
    (name,) = registry.names()
    registry.remove(name)
    eventually(lambda: registry.only_record()["weight"] == 255)
    registry.put(name, "garbage")
    eventually(lambda: registry.only_record()["weight"] == 255)


def test_a_killed_nerve_is_gone_after_its_session(sandbox, registry):
    backend = sandbox.backend("a")
    service = nerve_service(backend.port, registry, reporters=[reporter(registry, connectionTimeoutInMilli=500)])
    program = sandbox.nerve(nerve(service))
    eventually(registry.only_record)
    program.signal(signal.SIGKILL)
    eventually(lambda: registry.names() == [])

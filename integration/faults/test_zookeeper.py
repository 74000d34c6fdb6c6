"""An ensemble of three whose servers are killed, stand still, or forget everything."""

import pytest

from faults.application import UNDER_WAY
from harness.wait import eventually


@pytest.fixture
def world(build, ensemble):
    return build(ensemble)


def clients_of(world, server):
    """How many of the programs have their session there now."""
    at = world.zookeepers.index(server)
    return sum(links[at].open_connections for links in [world.synapse_links, *(pod.links for pod in world.pods)])


def busiest(world, servers):
    return max(servers, key=lambda server: clients_of(world, server))


def test_the_leader_is_killed(world, ensemble):
    with world.case("ZooKeeper's leader is killed") as case:
        leader = ensemble.leader()
        leader.stop()
        case.did(f"killed {leader.name}")
        eventually(ensemble.serves, 30, "another one leads", interval=0.1)
        case.did("another one leads", over=True)
        case.settle()
        ensemble.start()
        case.did(f"{leader.name} is back")


def test_a_follower_is_killed(world, ensemble):
    with world.case("a follower of ZooKeeper is killed") as case:
        follower = busiest(world, ensemble.followers())
        clients = clients_of(world, follower)
        follower.stop()
        case.did(f"killed {follower.name}, which had {clients} clients of ours", over=True)
        eventually(lambda: clients_of(world, follower) == 0)
        case.settle()
        ensemble.start()
        case.did(f"{follower.name} is back")


@pytest.mark.parametrize("seconds", [8, pytest.param(60, marks=pytest.mark.long)])
def test_the_quorum_is_lost_for_a_while(world, ensemble, seconds):
    """Sessions of four seconds: a new leader gives each of them its whole time once more."""
    with world.case(f"ZooKeeper has no quorum for {seconds} s") as case:
        served = world.served()
        for server in ensemble.servers[:2]:
            server.stop()
        case.did("killed two of three")
        world.stays(lambda: world.served() == served, seconds)
        ensemble.start()
        case.did("they are back", over=True)


def test_a_backend_dies_while_there_is_no_quorum(build, ensemble):
    world = build(ensemble, service={"serverOptions": "check inter 300 fall 2 rise 1"})
    why = "what the backend has taken dies with it"
    with world.case("a backend dies while ZooKeeper has no quorum", allowed=UNDER_WAY, why=why) as case:
        for server in ensemble.servers[1:]:
            server.stop()
        case.did("killed two of three")
        world.pods[0].backend.kill()
        case.did("killed a backend")
        eventually(lambda: world.pods[0].address not in world.served(), what="HAProxy finds it dead by itself")
        case.did("HAProxy has taken it out")
        world.application.await_answers(50)
        ensemble.start()
        case.did("all servers are back", over=True)
        case.settle()
        world.pods[0].start_backend()
        case.did("started the backend")


def test_a_rolling_restart(build, ensemble):
    world = build(ensemble, session_ms=15_000)
    with world.case("a rolling restart of ZooKeeper") as case:
        served = world.served()
        for server in ensemble.servers:
            server.stop()
            ensemble.start()
            case.did(f"{server.name} started again", over=True)
            assert world.served() == served


def test_all_data_is_lost(build, ensemble):
    world = build(ensemble, session_ms=2000)
    with world.case("ZooKeeper comes back empty") as case:
        served = world.served()
        world.registry.close()
        ensemble.wipe()
        case.did("killed all and wiped their data")
        world.stays(lambda: world.served() == served, 1)
        ensemble.start()
        case.did("an empty ensemble runs", over=True)
        world.reopen_registry()


@pytest.mark.parametrize("role", ["leader", "follower"])
def test_a_server_hangs(world, ensemble, role):
    with world.case(f"ZooKeeper's {role} hangs") as case:
        server = ensemble.leader() if role == "leader" else busiest(world, ensemble.followers())
        server.process.pause()
        case.did(f"stopped {server.name}, which had {clients_of(world, server)} clients of ours")
        eventually(ensemble.serves, 30, "somebody leads", interval=0.1)
        case.did("somebody leads", over=True)
        case.settle()
        world.pods[0].nerve.put(f"/services/{world.pods[0].name}/weight/100")
        eventually(lambda: world.weights()[world.pods[0].address] == 100, 60, "a change comes through")
        case.did("a change came through")
        world.pods[0].nerve.put(f"/services/{world.pods[0].name}/weight/255")
        server.process.resume()
        case.did(f"{server.name} goes on")
        ensemble.await_quorum()

"""The network between the programs and ZooKeeper, which is well itself. A Link makes the faults: a partition is refused or
silent, a loss is the pause until TCP has sent again."""

import pytest

from harness.wait import eventually

SESSION_MS = 1500


@pytest.fixture
def world(build, zookeeper):
    return build(zookeeper, session_ms=SESSION_MS)


def links_of(world, who):
    return {
        "synapse": world.synapse_links,
        "one nerve": world.pods[0].links,
        "all nerves": world.nerve_links,
        "both": world.synapse_links + world.nerve_links,
    }[who]


def registered(world):
    return len(world.registry.names())


HOW = {
    "refused": lambda link: link.cut(),
    "silent": lambda link: link.silence(),
    "forgotten": lambda link: link.forget(),
}


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("who", ["synapse", "one nerve", "all nerves", "both"])
def test_a_partition_that_outlasts_the_sessions(world, zookeeper, who, how):
    """Nodes go with nerve's session. The sessions end one after the other, and so go the servers, but for the last."""
    with world.case(f"partition of {who} from ZooKeeper, {how}") as case:
        served = world.served()
        ours = eventually(lambda: zookeeper.session_at(world.synapse_links[0].ports_to_server()))
        for link in links_of(world, who):
            HOW[how](link)
        case.did("cut off")
        left = {"synapse": 3, "one nerve": 2}.get(who, 0)
        eventually(lambda: registered(world) == left, 30, "nerve's sessions are over")
        if who in ("synapse", "both"):
            eventually(lambda: not zookeeper.knows_session(ours), 30, "synapse's session is over")
        case.did("the sessions are over")
        if who == "one nerve":
            eventually(lambda: len(world.served()) == 2, what="HAProxy sends nothing to what is not registered")
        elif who == "all nerves":
            world.stays(world.served, 2)
        else:
            world.stays(lambda: world.served() == served, 2)
        for link in links_of(world, who):
            link.heal()
        case.did("connected", over=True)


def test_a_partition_of_all_nerves_where_synapse_holds_what_lives(build, zookeeper):
    """The first may have gone before it was a part that is held, but not a second."""
    service = {"holdBelowPercent": 50, "serverOptions": "check inter 500"}
    world = build(zookeeper, session_ms=SESSION_MS, service=service)
    with world.case("partition of all nerves from ZooKeeper, synapse holds what lives") as case:
        for link in world.nerve_links:
            link.silence()
        case.did("cut off")
        eventually(lambda: registered(world) == 0, 30, "nerve's sessions are over")
        case.did("the sessions are over")
        eventually(lambda: len(world.served()) >= 2, what="those that live are held")
        world.stays(lambda: len(world.served()) >= 2, 2)
        for link in world.nerve_links:
            link.heal()
        case.did("connected", over=True)


@pytest.mark.parametrize("how", HOW)
def test_a_partition_shorter_than_the_sessions(build, zookeeper, how):
    """No node is created anew."""
    world = build(zookeeper, session_ms=12_000)
    with world.case(f"short partition of both from ZooKeeper, {how}") as case:
        before = world.registry.stats()
        for link in links_of(world, "both"):
            HOW[how](link)
        case.did("cut off")
        world.stays(lambda: world.registry.stats() == before, 1.5)
        for link in links_of(world, "both"):
            link.heal()
        case.did("connected", over=True)
        eventually(lambda: all(link.open_connections for link in links_of(world, "both")), 30, "all are connected")
        case.settle()
        assert world.registry.stats() == before


@pytest.mark.parametrize("lost", [("to_client", "to_server"), ("to_client",), ("to_server",)], ids=" and ".join)
def test_half_open_connections(build, zookeeper, lost):
    """Nobody is told. The client hears nothing, or the server hears no ping; sessions that connect again in time live."""
    world = build(zookeeper, session_ms=SESSION_MS)
    with world.case(f"half-open connections of both to ZooKeeper, what is sent {' and '.join(lost)} is lost") as case:
        links = links_of(world, "both")
        before = [link.connections for link in links]
        for link in links:
            link.half_open(**{way: way in lost for way in ("to_client", "to_server")})
        case.did("lost from now on", over=True)
        eventually(lambda: all(link.connections > each for link, each in zip(links, before)), 30, "they connect anew")
        case.did("all have connected anew")
        case.settle()
        world.pods[0].nerve.put(f"/services/{world.pods[0].name}/weight/100")
        eventually(lambda: world.weights()[world.pods[0].address] == 100, 30, "a change comes through")
        world.pods[0].nerve.put(f"/services/{world.pods[0].name}/weight/255")


def a_deploy(world, case):
    """One backend after the other is replaced."""
    for pod in list(world.pods):
        new = world.add_pod()
        eventually(lambda new=new: new.address in world.served(), 60, "the new one is served")
        world.remove_pod(pod)
    case.did("replaced all backends")


def test_a_deploy_with_200_milliseconds_each_way(build, zookeeper):
    # disableMinDurationInMilli: as long as synapse needs to hear of it.
    world = build(zookeeper, session_ms=6000, backends=2, delay=0.2, pod={"disableMinDurationInMilli": 3000})
    with world.case("200 ms each way to ZooKeeper while all backends are replaced") as case:
        a_deploy(world, case)
        assert all(link.delay == 0.2 for link in links_of(world, "both"))
        case.did("done", over=True)


def test_a_deploy_with_losses(build, zookeeper):
    """A fifth of what is sent must be sent again; twice or thrice in a row also happens."""
    world = build(zookeeper, session_ms=6000, backends=2, loss=0.2, pod={"disableMinDurationInMilli": 5000})
    with world.case("a fifth lost on the way to ZooKeeper while all backends are replaced") as case:
        a_deploy(world, case)
        case.did("done", over=True)

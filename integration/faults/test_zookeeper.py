"""An ensemble of three whose servers are killed, stand still, or forget everything."""

from harness.wait import eventually


def test_the_leader_is_killed(build, ensemble):
    world = build(ensemble)
    with world.case("ZooKeeper's leader is killed") as case:
        leader = ensemble.leader()
        leader.stop()
        case.did(f"killed {leader.name}")
        eventually(ensemble.serves, 30, "another one leads", interval=0.1)
        case.did("another one leads", over=True)
        case.settle()
        ensemble.start()

"""Every action that can be mixed, once: it can be done and undone, and leaves the world as it was."""

import random
import time

import pytest

from faults import actions


def mixed(world, chosen, seconds):
    chance = random.Random(7)
    chance.shuffle(chosen)
    with world.case(f"{len(chosen)} faults one after the other") as case:
        for action in chosen:
            actions.run(action, world, chance, seconds, time.sleep)
            case.did(action.name, over=True)
            if world.await_well(60):
                case.did("ZooKeeper gave nobody a session; its leader was started again", over=True)


def test_actions_of_the_network(build, zookeeper):
    mixed(build(zookeeper, session_ms=4000), actions.network(), 0.3)


@pytest.mark.long
def test_actions_of_zookeeper(build, ensemble):
    world = build(ensemble, session_ms=4000)
    mixed(world, actions.zookeeper(world), 2)

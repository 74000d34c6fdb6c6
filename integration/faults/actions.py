"""Faults as pairs of do and undo, so that a run can mix them: each leaves a world as it found it."""

import dataclasses
from collections.abc import Callable

from harness.ensemble import Ensemble


@dataclasses.dataclass(frozen=True)
class Action:
    """`do` and `undo` take the world and the memory of this one use, a dictionary; undo() does not wait for recovery.

    `costs`: whether requests may fail because of it. `breaks`: what it takes away; two that take the same away do not
    overlap. `holds`: whether nobody who is served goes out of HAProxy while it lasts.
    """

    name: str
    do: Callable
    undo: Callable
    breaks: str
    costs: bool = False
    holds: bool = False


def _links(which):
    """A function (world, random) -> links"""
    return {
        "synapse": lambda world, memory: world.synapse_links,
        "one nerve": lambda world, memory: memory["random"].choice(world.pods).links,
        "all nerves": lambda world, memory: world.nerve_links,
        "all": lambda world, memory: world.synapse_links + world.nerve_links,
    }[which]


def _link_action(name, which, do, breaks="links", holds=False):
    choose = _links(which)

    def begin(world, memory):
        memory["links"] = choose(world, memory)
        for link in memory["links"]:
            do(link)

    def end(_world, memory):
        for link in memory["links"]:
            link.heal()

    return Action(f"{name} {which}", begin, end, breaks, holds=holds)


def _slow(link):
    link.delay = 0.2


def _lossy(link):
    link.loss = 0.2


def network():
    """Between the programs and ZooKeeper."""
    everybody = ("synapse", "one nerve", "all nerves", "all")
    return [
        *(_link_action("refused connections of", who, lambda link: link.cut()) for who in everybody),
        *(_link_action("silence around", who, lambda link: link.silence()) for who in everybody),
        *(_link_action("forgotten connections of", who, lambda link: link.forget()) for who in everybody),
        *(_link_action("half-open connections of", who, lambda link: link.half_open()) for who in everybody),
        *(_link_action("reset connections of", who, lambda link: link.reset(), holds=True) for who in everybody),
        *(_link_action("200 ms each way around", who, _slow, holds=True) for who in everybody),
        *(_link_action("a fifth lost around", who, _lossy, holds=True) for who in everybody),
    ]


def _stop(choose, name, how, holds):
    def begin(world, memory):
        memory["servers"] = choose(world.zookeeper, memory)
        for server in memory["servers"]:
            server.stop() if how == "killed" else server.process.pause()

    def end(world, memory):
        for server in memory["servers"]:
            if how == "killed":
                server.launch()
                world.sandbox.processes.append(server.process)
            else:
                server.process.resume()

    return Action(f"{name} {how}", begin, end, "zookeeper", holds=holds)


def _restart_each(world, _memory):
    for server in world.zookeeper.servers:
        server.stop()
        world.zookeeper.start(server)


def _wipe(world, _memory):
    world.registry.close()
    world.zookeeper.wipe()


def _start_empty(world, _memory):
    world.zookeeper.start()
    world.reopen_registry()


def zookeeper(world):
    """Of the servers: of an ensemble also a part."""
    if not isinstance(world.zookeeper, Ensemble):
        return [_stop(lambda server, _: [server], "ZooKeeper", how, False) for how in ("killed", "hanging")]
    choices = {
        "ZooKeeper's leader": lambda ensemble, _: [ensemble.leader()],
        "a follower of ZooKeeper": lambda ensemble, memory: [memory["random"].choice(ensemble.followers())],
    }
    quorum = {"most of ZooKeeper's servers": lambda ensemble, memory: memory["random"].sample(ensemble.servers, 2)}
    return [
        Action("a rolling restart of ZooKeeper", _restart_each, lambda *_: None, "zookeeper", holds=True),
        Action("ZooKeeper without any data", _wipe, _start_empty, "zookeeper"),
        *(_stop(choose, name, how, True) for name, choose in choices.items() for how in ("killed", "hanging")),
        *(_stop(choose, name, how, False) for name, choose in quorum.items() for how in ("killed", "hanging")),
    ]


def run(action, world, random, for_seconds, wait):
    """Does it, lets it last, undoes it. `wait`: a function that takes seconds and looks at the world meanwhile."""
    memory = {"random": random}
    action.do(world, memory)
    try:
        wait(for_seconds)
    finally:
        action.undo(world, memory)

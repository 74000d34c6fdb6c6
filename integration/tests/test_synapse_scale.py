"""What one change costs among many nodes: counted, not timed."""

import json
import time

import pytest

from harness.fleet import Fleet, record
from harness.wait import eventually
from harness.zookeeper_wire import ZookeeperWire

SERVICES, BACKENDS = 30, 20
NODES = SERVICES * BACKENDS
PINGS_PER_SECOND = 3  # of a session of two seconds, and then some


class Costs:
    """What synapse asks of ZooKeeper and of HAProxy from here on."""

    def __init__(self, fleet, program):
        self._fleet, self._program = fleet, program
        self._begun = time.monotonic()
        self._before = self._now()

    def _now(self):
        commands = self._program.metrics().total("synapse_haproxy_command_total")
        return self._fleet.traffic(self._program)["requests"], commands

    def requests(self):
        """At least and at most: pings are counted, too."""
        asked = self._now()[0] - self._before[0]
        return asked - PINGS_PER_SECOND * (time.monotonic() - self._begun) - 1, asked

    def commands(self):
        return self._now()[1] - self._before[1]


@pytest.fixture
def many(sandbox):
    """A fleet, and the synapse that routes all of it."""
    fleet = Fleet(sandbox.zookeeper(), SERVICES, BACKENDS)
    begun = time.monotonic()
    program = sandbox.synapse(fleet.config()).await_ready(60)
    eventually(lambda: len(in_rotation(program)) == NODES, 30, "all nodes are routed")
    program.begun = begun
    yield fleet, program
    fleet.writer.close()


def in_rotation(program):
    """(HAProxy's backend, server) -> weight"""
    return {
        (row["be_name"], row["srv_name"]): int(row["srv_uweight"])
        for row in program.runtime.servers()
        if row["srv_admin_state"] == "0"
    }


def test_each_node_is_read_once_at_the_start(many):
    fleet, program = many
    traffic = fleet.traffic(program)
    assert traffic["watches"] == SERVICES + NODES
    pings = PINGS_PER_SECOND * (time.monotonic() - program.begun)
    assert SERVICES + NODES <= traffic["requests"] <= SERVICES + NODES + pings + 5


def test_a_changed_node_is_one_read_and_one_command(many):
    fleet, program = many
    worker = program.runtime.worker_pid()
    costs = Costs(fleet, program)
    for number in range(10):
        fleet.writer.set(fleet.node(number, number), fleet.data(number, number, weight=7))
        fleet.writer.done()
        name = fleet.proxy(number).decode(), f"b{number}"
        eventually(lambda name=name: in_rotation(program)[name] == 7, 15)
    fewest, most = costs.requests()
    assert fewest <= 10 <= most
    eventually(lambda: costs.commands() >= 10, what="the last one is counted when it is answered")
    assert costs.commands() == 10
    assert program.runtime.worker_pid() == worker


def test_a_removed_node_is_one_list_and_a_new_one_a_list_and_a_read(many):
    fleet, program = many
    worker = program.runtime.worker_pid()
    gone = fleet.proxy(3).decode(), "b4"
    costs = Costs(fleet, program)
    fleet.writer.delete(fleet.node(3, 4))
    fleet.writer.done()
    eventually(lambda: gone not in in_rotation(program), 15)
    fewest, most = costs.requests()
    assert fewest <= 1 <= most
    costs = Costs(fleet, program)
    fleet.writer.create(fleet.node(3, 4), fleet.data(3, 4))
    fleet.writer.done()
    eventually(lambda: gone in in_rotation(program), 15)
    fewest, most = costs.requests()
    assert fewest <= 2 <= most
    assert costs.commands() <= 4, "of the changed server alone"
    assert program.runtime.worker_pid() == worker


def test_more_watches_than_one_request_can_set_survive_a_reconnect(sandbox):
    """The client sets all of them again with one request, and a server hangs up when that is longer than 1 MB."""
    server = sandbox.zookeeper()
    paths = [f"/{'s' * 80}{number}" for number in range(2)]
    writer = ZookeeperWire(server.port)
    for path in paths:
        writer.create(path, b"", ephemeral=False)
        for node in range(6000):
            writer.create(f"{path}/node{node}", record(f"node{node}", node), ephemeral=False)
            if node % 500 == 499:
                writer.done()
    directory = sandbox.path("out")
    services = [
        {
            "name": f"s{number}",
            "watcher": {"type": "zookeeper", "hosts": [server.hosts], "path": path, "timeoutInMilli": 20_000},
        }
        for number, path in enumerate(paths)
    ]
    router = {"type": "file", "outputDirectory": directory, "services": services}
    program = sandbox.synapse({"routers": [router]}).await_ready(60)
    writer.close()
    server.stop()
    server.start()
    writer = ZookeeperWire(server.port)
    for path in paths:
        writer.set(f"{path}/node17", record("node17", 17, weight=7))
        writer.done()
    writer.close()

    def weight(service):
        with open(f"{directory}/{service}.json", encoding="utf-8") as file:
            return next(each["weight"] for each in json.load(file) if each["name"] == "node17")

    eventually(lambda: [weight("s0"), weight("s1")] == [7, 7], 40, "it follows again")
    assert "expired" not in program.log()

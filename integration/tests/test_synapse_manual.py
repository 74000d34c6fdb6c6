"""What no reload, no restart and no change of the registry may lose: what people did at the socket, drains, weights and
servers that were added; and what is swept away: tombstones."""

import os
import signal

import pytest

from harness.configs import start_synapse, synapse, synapse_service
from harness.live import (
    DRAIN,
    MAINTENANCE,
    READY,
    SOON,
    away,
    by_hand,
    file_says,
    reload_by_hand,
    reloads,
    rotation,
    snapshot,
    state,
)
from harness.ports import free_port
from harness.wait import always, eventually
from harness.web import Download

CHECK = "check inter 100ms rise 1 fall 1"


@pytest.fixture(params=["managed", "external"])
def mode(request):
    return request.param


# People at the socket.


def test_a_change_by_hand_is_repaired_within_seconds(sandbox, registry, mode):
    registry.add("a", 40_001, weight=10)
    registry.add("b", 40_002, weight=10)
    program = start_synapse(sandbox, mode, synapse_service(registry, free_port(), name="web")).await_ready()
    worker = program.runtime.worker_pid()
    program.runtime.command("set server web_1/a weight 99")
    program.runtime.command("set server web_1/b addr 127.0.0.1 port 40003")
    wanted = {"127.0.0.1:40001": 10, "127.0.0.1:40002": 10}
    eventually(lambda: program.runtime.in_rotation("web") == wanted, SOON)
    assert program.runtime.worker_pid() == worker


def test_maintenance_by_hand_is_respected_over_everything(sandbox, registry, mode):
    for name in "abc":
        registry.add(name, 40_000 + ord(name), weight=10)
    service = synapse_service(registry, free_port(), name="web")
    if mode == "managed":
        directory = sandbox.path("run")
        os.mkdir(directory)
        config = synapse(service, runtimeDir=directory)
    else:
        config = {"routers": [sandbox.haproxy().router([service])]}
    program = sandbox.synapse(config).await_ready()
    by_hand(program, "a", "maint")
    by_hand(program, "b", "drain")
    eventually(lambda: program.metrics().value("synapse_haproxy_held_by_hand", service="web") == 2, SOON)
    eventually(lambda: "a is in maintenance by hand" in program.log() and "b is in drain by hand" in program.log())
    file_says(program, "# below: in maintenance by hand", "# below: drained by hand, weight 10")

    def kept():
        return [program.runtime.admin_state("web", name) for name in "abc"] == [MAINTENANCE, DRAIN, READY]

    registry.add("a", 40_000 + ord("a"), weight=20)
    registry.add("b", 40_000 + ord("b"), weight=20)
    eventually(lambda: program.runtime.server("web", "a")["srv_uweight"] == "20", SOON, "weights follow meanwhile")
    assert kept()
    registry.remove("a")
    always(kept, 1)
    registry.add("a", 40_000 + ord("a"), weight=20)
    always(kept, 1)
    file_says(program, "# below: drained by hand, weight 20")
    reload_by_hand(program)
    eventually(kept, SOON)
    eventually(lambda: program.runtime.server("web", "b")["srv_uweight"] == "20", SOON)
    program.signal(signal.SIGUSR2 if mode == "managed" else signal.SIGTERM)
    program.wait(15)
    program = sandbox.synapse(config).await_ready()
    always(kept, 3)
    by_hand(program, "a", "ready")
    by_hand(program, "b", "ready")
    eventually(lambda: program.metrics().value("synapse_haproxy_held_by_hand", service="web") == 0, SOON)
    rotation(program, *"abc")


def test_maintenance_by_hand_while_synapse_is_away_is_respected(sandbox, registry):
    registry.add("a", 40_001)
    registry.add("b", 40_002)
    config = {"routers": [sandbox.haproxy().router([synapse_service(registry, free_port(), name="web")])]}
    program = sandbox.synapse(config).await_ready()
    file_says(program, "server a", "server b")
    program.stop()
    by_hand(program, "a", "maint")
    program = sandbox.synapse(config).await_ready()
    always(lambda: program.runtime.names_in_rotation("web") == {"b"}, 3)
    eventually(lambda: program.metrics().value("synapse_haproxy_held_by_hand", service="web") == 1, SOON)


def test_maintenance_by_hand_can_be_overruled(sandbox, registry, mode):
    registry.add("a", 40_001)
    registry.add("b", 40_002)
    service = synapse_service(registry, free_port(), name="web")
    program = start_synapse(sandbox, mode, service, respectManualMaintenance=False).await_ready()
    by_hand(program, "a", "maint")
    by_hand(program, "b", "drain")
    rotation(program, "a", "b")


# Reloads, restarts, tombstones, old workers.


def test_a_reload_loses_no_state(sandbox, registry, mode):
    names = ("a", "b", "held", "drains", "off")
    backend = sandbox.backend("all of them").port
    for name in names:
        registry.add(name, backend, weight=10)
    service = synapse_service(registry, free_port(), name="web", serverOptions=CHECK, drainInMilli=600_000)
    program = start_synapse(sandbox, mode, service).await_ready()
    registry.add("dynamic", backend, weight=33)
    registry.add("a", backend, weight=77)
    rotation(program, *names, "dynamic")
    eventually(lambda: program.runtime.server("web", "a")["srv_uweight"] == "77", SOON)
    by_hand(program, "held", "maint")
    by_hand(program, "b", "drain")
    registry.remove("drains")
    registry.add("off", backend, weight=10, available=False)
    state(program, "drains", DRAIN)
    state(program, "off", DRAIN)
    file_says(program, "in maintenance by hand", "drained by hand", "server dynamic")
    eventually(lambda: program.haproxy_config().count("# below: drains") == 2, SOON)
    before = snapshot(program)
    assert before["a"][2] == "77" and before["dynamic"][2] == "33"
    reload_by_hand(program)
    eventually(lambda: snapshot(program) == before, SOON)
    count = reloads(program)
    always(lambda: snapshot(program) == before, 3)
    assert reloads(program) == count, "nothing more to repair"


def test_a_new_synapse_takes_over_what_runs_without_a_reload(sandbox, registry):
    """Servers that were added at run time, a tombstone, one that is unavailable."""
    registry.add("a", 40_001)
    registry.add("b", 40_002)
    config = {"routers": [sandbox.haproxy().router([synapse_service(registry, free_port(), name="web")])]}
    program = sandbox.synapse(config).await_ready()
    registry.add("dynamic", 40_003)
    rotation(program, "a", "b", "dynamic")
    registry.remove("b")
    away(program, "b")
    registry.add("a", 40_001, available=False)
    rotation(program, "dynamic")
    worker = program.runtime.worker_pid()
    before = snapshot(program)
    for end in (signal.SIGTERM, signal.SIGKILL):
        file_says(program, "server dynamic 127.0.0.1:40003 weight 255 enabled")
        file_says(program, "server a 127.0.0.1:40001 weight 255 disabled")
        program.signal(end)
        program.wait(15)
        program = sandbox.synapse(config).await_ready()
        always(lambda: snapshot(program) == before, 2.5)
        assert "by hand" not in program.log()
    registry.add("a", 40_001)
    registry.add("b", 40_002)
    rotation(program, "a", "b", "dynamic")
    assert program.runtime.worker_pid() == worker


def test_tombstones_are_swept_in_a_quiet_moment(sandbox, registry, mode):
    registry.add("a", 40_001)
    service = synapse_service(registry, free_port(), name="web")
    keys = {"maxTombstones": 5, "tombstoneQuietInMilli": 1000}
    program = start_synapse(sandbox, mode, service, **keys).await_ready()
    names = [registry.add(f"gone{i}", 41_000 + i) for i in range(8)]
    rotation(program, "a", *names)
    began = reloads(program)
    registry.remove(*names)
    rotation(program, "a")
    eventually(lambda: {row["srv_name"] for row in program.runtime.servers("web")} == {"a"}, 40, "swept away")
    eventually(lambda: program.metrics().value("synapse_haproxy_tombstones", service="web") == 0, SOON)
    deletes = program.runtime.version() >= (3, 0)
    eventually(lambda: reloads(program, reason="tombstones") == (0 if deletes else 1), SOON)
    assert reloads(program) - began == (0 if deletes else 1)


def test_old_workers_are_counted(sandbox, registry, mode):
    a = sandbox.backend("a")
    registry.add("a", a.port)
    port = free_port()
    program = start_synapse(sandbox, mode, synapse_service(registry, port, name="web")).await_ready()
    path = program.router["configPath"]

    def old():
        return program.metrics().total("synapse_haproxy_old_workers", router=path)

    eventually(lambda: program.metrics().values("synapse_haproxy_old_workers", router=path) == [0], 20)
    downloads = []
    for _ in range(2):
        downloads.append(Download(port, 1000, 50))
        reload_by_hand(program)
        eventually(lambda: f"worker {program.runtime.worker_pid()}" in program.log(), SOON, "synapse knows the new one")
    eventually(lambda: old() == 2, 25)
    for download in downloads:
        download.close()
    eventually(lambda: old() == 0, 25)

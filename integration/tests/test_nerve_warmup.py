"""What can happen between the first verdict and the full weight."""

import json
import math
import os

from harness.configs import nerve, nerve_service, reporter
from harness.processes import children_of
from harness.wait import always, eventually
from harness.weights import STEPS, ReportedWeights
from harness.zookeeper import Registry


def lines_of(path):
    try:
        with open(path, encoding="ascii") as file:
            return len(file.read().splitlines())
    except FileNotFoundError:
        return 0


class Weights:
    """Every weight that the node of a service ever had, in order, without repetitions."""

    def __init__(self, registry, port):
        self.seen = []
        registry.client.ensure_path(registry.path)
        registry.client.DataWatch(f"{registry.path}/web_127.0.0.1_{port}", self._on_data)

    def _on_data(self, data, _stat):
        weight = json.loads(data)["weight"] if data else None
        if weight is not None and self.seen[-1:] != [weight]:
            self.seen.append(weight)


def test_the_maximum_duration_ends_the_warm_up_of_an_unstable_service(sandbox, registry):
    backend = sandbox.backend("a")
    weights = Weights(registry, backend.port)
    service = nerve_service(
        backend.port,
        registry,
        weight=233,
        enableWarmupIntervalInMilli=200,
        enableWarmupMaxDurationInMilli=4600,
        enableCheckStableCommand=["false"],
        enableCheckStableIntervalInMilli=10,
        reportReplayInMilli=5000,
    )
    program = sandbox.nerve(nerve(service))
    eventually(lambda: weights.seen[-1] == 233)
    assert max(weights.seen[:-1]) <= 8, "it never came far by itself"
    assert "maximum" in program.log()
    always(lambda: weights.seen[-1] == 233, 0.3, "the command counts no more")


def test_stability_is_watched_for_ten_intervals_at_full_weight_and_no_longer(sandbox, registry):
    backend = sandbox.backend("a")
    weights = Weights(registry, backend.port)
    unstable, runs = sandbox.path("unstable"), sandbox.path("runs")
    service = nerve_service(
        backend.port,
        registry,
        weight=233,
        enableWarmupIntervalInMilli=200,
        enableWarmupMaxDurationInMilli=60_000,
        enableCheckStableCommand=["sh", "-c", f"echo >>{runs}; ! test -e {unstable}"],
        enableCheckStableIntervalInMilli=20,
        reportReplayInMilli=5000,
    )
    program = sandbox.nerve(nerve(service))
    eventually(lambda: weights.seen[-1] == 233)
    open(unstable, "w").close()
    eventually(lambda: weights.seen[-1] == 1, what="back at the first step")
    os.unlink(unstable)
    eventually(lambda: "warm-up is over" in program.log())
    eventually(lambda: weights.seen[-1] == 233)
    before = lines_of(runs)
    open(unstable, "w").close()
    always(lambda: weights.seen[-1] == 233, 0.3)
    assert lines_of(runs) <= before + 1  # one may have been under way


def test_a_report_that_nobody_took_starts_the_warm_up_again(sandbox):
    server = sandbox.zookeeper()
    registry = Registry(server, "/services/web")
    backend = sandbox.backend("a")
    weights = Weights(registry, backend.port)
    service = nerve_service(
        backend.port,
        weight=233,
        enableWarmupIntervalInMilli=300,
        enableWarmupMaxDurationInMilli=60_000,
        reportReplayInMilli=1000,
        reporters=[reporter(registry, connectionTimeoutInMilli=6000)],
    )
    program = sandbox.nerve(nerve(service))
    eventually(lambda: weights.seen[-1] >= 5)
    server.stop()
    eventually(lambda: "warm-up starts again" in program.log())
    registry.close()
    program.pause()  # until somebody sees what it does next
    server.start()
    registry = Registry(server, registry.path)
    weights = Weights(registry, backend.port)
    program.resume()
    eventually(lambda: min(weights.seen) < 5, what="the first steps once more")
    eventually(lambda: weights.seen[-1] >= 5)
    registry.close()


def test_a_weight_set_during_the_warm_up_is_what_the_rest_of_the_steps_lead_to(sandbox, registry):
    weights = ReportedWeights(sandbox)
    service = nerve_service(
        sandbox.backend("a").port,
        weight=233,
        enableWarmupIntervalInMilli=300,
        reportReplayInMilli=30_000,
        reporters=[reporter(registry), weights.reporter()],
    )
    program = sandbox.nerve(nerve(service))
    eventually(lambda: weights.seen[-1] >= 3)
    assert program.put("/services/web/weight/100")[0] == 200
    eventually(lambda: weights.seen[-1] == 100)
    # Up to the change, whenever it came, the steps are those of 233, from then on those of 100.
    seen = weights.seen
    before = next(i for i in range(len(seen)) if seen[: i + 1] != STEPS[: i + 1])
    assert before >= 3
    assert seen[before:] == [math.ceil(step * 100 / 233) for step in STEPS][before - len(seen) :]
    for edge in (1, 255):
        assert program.put(f"/services/web/weight/{edge}")[0] == 200
        eventually(lambda edge=edge: registry.only_record()["weight"] == edge)


def test_a_pre_available_command_that_hangs_is_killed_and_holds_up_no_longer(sandbox, registry):
    service = nerve_service(
        sandbox.backend("a").port,
        registry,
        preAvailableCommand=["sh", "-c", "sleep 60; true"],
        preAvailableMaxDurationInMilli=200,
    )
    program = sandbox.nerve(nerve(service))
    eventually(registry.only_record)
    assert program.metrics().value("nerve_exec_failure_total", name="web", type="pre-available") == 1
    eventually(lambda: children_of(program.pid) == [])


def test_a_service_that_dies_while_it_prepares_is_never_announced(sandbox, registry):
    backend = sandbox.backend("a")
    started = sandbox.path("started")
    command = ["sh", "-c", f"touch {started}; sleep 60"]
    service = nerve_service(backend.port, registry, preAvailableCommand=command, preAvailableMaxDurationInMilli=60_000)
    program = sandbox.nerve(nerve(service))
    eventually(lambda: os.path.exists(started))
    backend.kill()
    eventually(lambda: children_of(program.pid) == [], what="the command is killed")
    assert registry.names() == []

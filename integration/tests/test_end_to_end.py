"""The main job: a backend registers itself, an application reaches it through localhost."""

import pytest

from harness.configs import check, nerve, nerve_service, start_synapse, synapse_service
from harness.ports import free_port
from harness.wait import eventually
from harness.web import Load, answers


@pytest.fixture(params=["managed", "external"])
def mode(request):
    return request.param


class Instance:
    """A backend with its nerve."""

    def __init__(self, sandbox, registry, name):
        self.backend = sandbox.backend(name)
        service = nerve_service(
            self.backend.port,
            registry,
            name=name,
            checks=[check("http", path="/health")],  # not "/", whose requests the tests count
            disableMinDurationInMilli=3000,  # time for synapse to see it
        )
        self.nerve = sandbox.nerve(nerve(service))

    def drain_and_stop(self):
        self.nerve.stop()
        self.backend.stop()


def serving(sandbox, registry, mode, names):
    instances = {name: Instance(sandbox, registry, name) for name in names}
    port = free_port()
    program = start_synapse(sandbox, mode, synapse_service(registry, port, name="web")).await_ready()
    eventually(lambda: program.runtime.names_in_rotation("web") == set(names))
    return instances, program, port


def test_killed_backends_cost_no_request(sandbox, registry, mode):
    instances, program, port = serving(sandbox, registry, mode, "abc")
    worker = program.runtime.worker_pid()
    assert set(answers(port, 9)) == set("abc")
    instances["b"].backend.kill()
    seen = answers(port, 60)
    assert sum(seen.values()) == seen["a"] + seen["c"] == 60
    eventually(lambda: program.runtime.names_in_rotation("web") == {"a", "c"})
    sandbox.backend("b", instances["b"].backend.port)
    eventually(lambda: program.runtime.names_in_rotation("web") == set("abc"))
    eventually(lambda: answers(port, 3)["b"])
    assert program.runtime.worker_pid() == worker


def test_a_rolling_replacement_under_load_loses_no_request(sandbox, registry, mode):
    instances, program, port = serving(sandbox, registry, mode, "abc")
    worker = program.runtime.worker_pid()
    with Load(port) as load:
        for name in "abc":
            Instance(sandbox, registry, name + "2")
            eventually(lambda name=name: load.answers[name + "2"] > 0)
            instances[name].drain_and_stop()
        eventually(lambda: program.runtime.names_in_rotation("web") == {"a2", "b2", "c2"})
    assert load.failures == []
    assert set(answers(port, 9)) == {"a2", "b2", "c2"}
    assert program.runtime.worker_pid() == worker


def test_a_disabled_backend_gets_no_new_request_once_the_call_has_answered(sandbox, registry, mode):
    instances, program, port = serving(sandbox, registry, mode, "ab")
    with Load(port) as load:
        eventually(lambda: load.answers["a"] and load.answers["b"])
        assert instances["a"].nerve.put("/services/a/disable")[0] == 200
        before = instances["a"].backend.count()
        assert answers(port, 10) == {"b": 10}
        assert instances["a"].backend.count() == before
        instances["a"].nerve.put("/services/a/enable")
        eventually(lambda: instances["a"].backend.count() > before + 5)
    assert load.failures == []

"""New versions of all backends, one after the other, while an application downloads something long from each."""

import pytest

from harness.configs import check, nerve, nerve_service, reporter, synapse, synapse_service
from harness.ports import free_port
from harness.wait import always, eventually
from harness.web import Background, Download, Load, answers, request

LINES, EVERY_MS = 80, 50  # 4 s


class Instance:
    """A backend and its nerve, which disables it only when it has nothing more to send."""

    def __init__(self, sandbox, registry, name, expose):
        self.name = name
        self.sandbox = sandbox
        self.registry = registry
        self.backend = sandbox.backend(name)
        self.node = f"{name}_127.0.0.1_{self.backend.port}"
        busy = f"http://127.0.0.1:{self.backend.port}/_busy"
        service = nerve_service(
            self.backend.port,
            registry,
            name=name,
            checks=[check("tcp")],
            reporters=[reporter(registry, **({"exposeOnDisable": True} if expose else {}))],
            disableMinDurationInMilli=200,
            disableMaxDurationInMilli=30_000,
            disableGracefullyDoneCommand=["sh", "-c", f"! curl -sf {busy}"],
            disableGracefullyDoneIntervalInMilli=500,
        )
        self.nerve = sandbox.nerve(nerve(service))

    def disable(self):
        """A deploy's first step, which waits for its answer in the background."""
        return Background(lambda: self.nerve.put(f"/services/{self.name}/disable", timeout=30))

    def deploy(self, version):
        """Called once the disable is over."""
        self.backend.kill()
        self.backend = self.sandbox.backend(version, self.backend.port)
        assert self.nerve.put(f"/services/{self.name}/enable")[0] == 200

    def sends(self):
        return request(self.backend.port, "/_busy")[0] == 200

    def record(self):
        return self.registry.records().get(self.node)


def download_from(port, server):
    """HAProxy decides who answers: one download after another is begun until it is the one that is wanted."""
    for _ in range(20):
        download = Download(port, LINES, EVERY_MS)
        if download.server == server:
            return download
        download.close()
    raise AssertionError(f"no download from {server}")


@pytest.mark.parametrize("expose", [False, True], ids=["removed", "exposed"])
def test_downloads_survive_a_rolling_deploy(sandbox, registry, expose):
    instances = [Instance(sandbox, registry, name, expose) for name in "ab"]
    port = free_port()
    program = sandbox.synapse(synapse(synapse_service(registry, port, name="web"))).await_ready()
    eventually(lambda: program.runtime.names_in_rotation("web") == {"a", "b"})
    worker = program.runtime.worker_pid()
    serving = ["a", "b"]
    with Load(port) as load:
        for index, instance in enumerate(instances):
            old, other = serving[index], serving[1 - index]
            download = download_from(port, old)
            disable = instance.disable()
            eventually(lambda name=instance.name: name not in program.runtime.names_in_rotation("web"))
            assert answers(port, 10) == {other: 10}, "new requests go to the other one"
            record = instance.record()
            if disable.waiting():
                shown = record and (record["available"], record["weight"])
                assert shown == ((False, 0) if expose else None)
            always(lambda: disable.waiting() or not instance.sends(), 0.5)
            assert disable.result()[0] == 200
            assert not instance.sends(), "it is idle"
            eventually(lambda: instance.record() is None)
            eventually(lambda: not download.running)
            assert download.complete, download.error
            serving[index] = f"{old}2"
            instance.deploy(serving[index])
            eventually(lambda name=serving[index]: load.answers[name] > 0)
    assert load.failures == []
    # The one that came last may still be warming up.
    eventually(lambda: set(answers(port, 10)) == {"a2", "b2"})
    assert program.runtime.worker_pid() == worker

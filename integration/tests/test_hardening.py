"""Both programs without rights: another user, no capability, a read-only root, the units' filters of system calls."""

import json
import os
import re
import signal
import stat

import pytest

from harness import processes, sanitizers
from harness.configs import check, nerve, nerve_service, reporter, synapse, synapse_service
from harness.confined import UID, confined, rights, writable
from harness.ports import free_port
from harness.wait import eventually
from harness.web import answers
from harness.zookeeper import Registry

_ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# What a kernel keeps in memory and a service manager leaves writable.
_PSEUDO = {"proc", "sysfs", "devpts", "devtmpfs", "mqueue", "cgroup", "cgroup2"}


class Confined:
    """Both programs as their units run them, each with the directories that systemd would make for it."""

    def __init__(self, sandbox):
        self._sandbox = sandbox
        self.nerve_run, self.synapse_run, self.synapse_state = writable(sandbox, "nerve", "synapse", "state")

    def nerve(self, config):
        environment = [f"RUNTIME_DIRECTORY={self.nerve_run}"]
        wrapper = confined(self._sandbox, [self.nerve_run], "nerve", environment)
        return self._sandbox.nerve(config, name="nerve", wrapper=wrapper)

    def synapse(self, config):
        wrapper = confined(
            self._sandbox,
            [self.synapse_run, self.synapse_state],
            "synapse",
            [f"RUNTIME_DIRECTORY={self.synapse_run}", f"STATE_DIRECTORY={self.synapse_state}"],
        )
        config["routers"][0]["runtimeDir"] = self.synapse_run
        return self._sandbox.synapse(config, name="synapse", wrapper=wrapper)


@pytest.fixture
def programs(sandbox):
    return Confined(sandbox)


@pytest.fixture
def own(sandbox):
    """(server, registry) of a ZooKeeper that the test may break."""
    server = sandbox.zookeeper()
    registry = Registry(server, "/services/web")
    yield server, registry
    registry.close()


def writable_mounts(pid):
    places = {}
    with open(f"/proc/{pid}/mountinfo", encoding="utf-8") as file:
        for line in file:
            mount, _, source = line.partition(" - ")
            fields = mount.split()
            if source.split()[0] not in _PSEUDO:
                places[fields[4]] = fields[5].split(",")  # of several at one place the last one covers the others
    return {place for place, options in places.items() if "rw" in options}


def is_confined(pid, directories):
    """The process, and all that it started, has no rights, and may write to nothing else."""
    for each in [pid, *processes.descendants(pid)]:
        try:
            have = rights(each)
            mounts = writable_mounts(each)
        except OSError:
            if processes.alive(each):
                raise
            continue  # a command that has ended
        assert have == {
            "users": {str(UID)},
            "capabilities": {"0" * 16},
            "no_new_privileges": "1",
            "filter": "0" if sanitizers.ANY else "2",
        }
        assert mounts == set(directories)


def files_in(directory):
    """What is there, without what is there for a moment."""
    return {name for name in os.listdir(directory) if not re.search(r"\.(\w{6}|candidate|tmp|bak)$", name)}


def described(program, text):
    """The names of one program in the README's table, as patterns: `nerve-<apiPort>.json` stands for any port."""
    for row in re.findall(rf"^\| `([^|]+)` \| {program} \|", text, re.MULTILINE):
        for path in re.split(r"`, `", row):
            name = re.escape(path.rpartition("/")[2])
            yield re.compile(name.replace("<apiPort>", r"\d+").replace("<apiSocket>", r"api\.sock"))


def web_service(backend, registry, **keys):
    checks = [check("http", path="/health"), check("exec", command=["sh", "-c", "test 1 = 1"])]
    return nerve_service(backend.port, registry, name=backend.label, checks=checks, **keys)


def test_the_main_job_needs_no_rights(sandbox, registry, programs):
    a, b = sandbox.backend("a"), sandbox.backend("b")
    port, other_port = free_port(), free_port()
    announcer = programs.nerve(nerve(web_service(a, registry), apiSocket=os.path.join(programs.nerve_run, "api.sock")))
    eventually(lambda: len(registry.names()) == 1)
    # HAProxy compiles a regular expression to machine code.
    lines = {"backend": ["http-request deny if { path_reg ^/(private|secret)+/[0-9]{3}$ }"]}
    service = synapse_service(registry, port, name="web", mode="http", routerOptions=lines)
    router = programs.synapse(synapse(service)).await_ready()
    assert answers(port, 3) == {"a": 3}
    is_confined(announcer.pid, [programs.nerve_run])
    is_confined(router.pid, [programs.synapse_run, programs.synapse_state])
    assert len(processes.descendants(router.pid)) >= 2, "HAProxy's master and worker are among those looked at"

    # A change of the registry, by a nerve that is told of a new service.
    announcer.config["services"].append(web_service(b, registry))
    rewrite(announcer)
    eventually(lambda: router.runtime.names_in_rotation("web") == {"a", "b"})
    a.kill()
    eventually(lambda: router.runtime.names_in_rotation("web") == {"b"})
    assert answers(port, 3) == {"b": 3}

    # A new service is a reload of HAProxy.
    worker = router.runtime.worker_pid()
    router.config["routers"][0]["services"].append(synapse_service(registry, other_port, name="other"))
    rewrite(router)
    eventually(lambda: router.runtime.worker_pid() != worker)
    eventually(lambda: answers(other_port, 3) == {"b": 3})
    is_confined(router.pid, [programs.synapse_run, programs.synapse_state])

    assert announcer.stop() == 0
    eventually(lambda: registry.names() == [])
    assert router.stop() == 0


def rewrite(program):
    with open(program.config_path, "w", encoding="utf-8") as file:
        json.dump(program.config, file)
    program.signal(signal.SIGHUP)


def test_a_restart_goes_on_where_it_was(sandbox, own, programs):
    server, registry = own
    port = free_port()
    patient = [reporter(registry, connectionTimeoutInMilli=60_000)]
    config = nerve(web_service(sandbox.backend("a"), registry, reporters=patient))
    announcer = programs.nerve(config)
    eventually(lambda: len(registry.names()) == 1)
    router = programs.synapse(synapse(synapse_service(registry, port, name="web"))).await_ready()
    eventually(lambda: answers(port, 3) == {"a": 3})

    # nerve: the same session, so the same node.
    node = registry.client.get(f"{registry.path}/{registry.names()[0]}")[1]
    announcer.signal(signal.SIGUSR2)
    assert announcer.wait() == 0
    announcer = programs.nerve({**announcer.config})
    eventually(lambda: announcer.get("/status")[0] == 200)
    assert registry.client.get(f"{registry.path}/{registry.names()[0]}")[1].czxid == node.czxid

    # synapse: killed, and the next one takes over the HAProxy that runs.
    worker = router.runtime.worker_pid()
    eventually(lambda: any(name.endswith(".json") for name in os.listdir(state_of(programs, router))))
    router.kill()
    router = programs.synapse(router.config).await_ready()
    assert router.runtime.worker_pid() == worker
    assert router.stop() == 0

    # And from its state alone, while nobody answers.
    server.process.pause()
    try:
        router = programs.synapse(router.config).await_ready()
        assert answers(port, 3) == {"a": 3}
        assert "as they were at " in router.log()
    finally:
        server.process.resume()


def state_of(programs, router):
    return os.path.join(programs.synapse_state, f"state-{router.api_port}")


def test_what_is_written_is_what_the_readme_lists(sandbox, registry, programs):
    port = free_port()
    backend = sandbox.backend("a")
    announcer = programs.nerve(
        nerve(web_service(backend, registry), apiSocket=os.path.join(programs.nerve_run, "api.sock"))
    )
    config = synapse(synapse_service(registry, port, name="web"))
    config["apiSocket"] = os.path.join(programs.synapse_run, "api.sock")
    router = programs.synapse(config).await_ready()
    eventually(lambda: answers(port, 1) == {"a": 1})
    eventually(lambda: os.path.isdir(state_of(programs, router)) and os.listdir(state_of(programs, router)))
    with open(os.path.join(_ROOT, "README.md"), encoding="utf-8") as file:
        text = file.read()
    eventually(lambda: f"nerve-{announcer.api_port}.json" in files_in(programs.nerve_run))
    for program, directories in {
        "nerve": [programs.nerve_run],
        "synapse": [programs.synapse_run, programs.synapse_state],
    }.items():
        patterns = list(described(program, text))
        names = set().union(*map(files_in, directories))
        assert names, directories
        unknown = {name for name in names if not any(pattern.fullmatch(name) for pattern in patterns)}
        assert not unknown, f"the README's table has no row for what {program} wrote"


def test_nobody_else_reads_what_is_kept(sandbox, registry, programs):
    announcer = programs.nerve(nerve(web_service(sandbox.backend("a"), registry)))
    router = programs.synapse(synapse(synapse_service(registry, free_port(), name="web"))).await_ready()
    state = state_of(programs, router)
    eventually(lambda: os.path.isdir(state) and any(name.endswith(".json") for name in os.listdir(state)))
    kept = os.path.join(programs.nerve_run, f"nerve-{announcer.api_port}.json")
    eventually(lambda: os.path.exists(kept))
    modes = {name: mode_of(os.path.join(programs.synapse_run, name)) for name in ("haproxy.sock", "master.sock")}
    assert modes == {"haproxy.sock": 0o600, "master.sock": 0o600}
    assert mode_of(os.path.join(programs.synapse_run, "haproxy.cfg")) == 0o640
    assert {mode_of(os.path.join(state, name)) for name in os.listdir(state) if name.endswith(".json")} == {0o640}
    assert mode_of(kept) == 0o600


def mode_of(path):
    return stat.S_IMODE(os.stat(path).st_mode)


def test_checks_of_all_kinds_live_with_the_filter(sandbox, registry, programs):
    """None of them passes, because nobody is there; what a client library does until then it must be allowed to do."""
    nobody = free_port()
    kinds = ["tcp", "http", "https", "grpc", "redis", "amqp", "rabbitmq"]
    checks = [check(kind, host="localhost", port=nobody) for kind in kinds]
    checks += [check("sql", driver=driver, port=nobody) for driver in ("mysql", "postgres")]
    checks += [check("proxyhttp", proxyHost="127.0.0.1", proxyPort=nobody, urls=["http://localhost/"])]
    checks += [check("exec", command=["sh", "-c", "ls /nowhere | sort; exit 3"])]
    announcer = programs.nerve(nerve(nerve_service(nobody, registry, name="all", checks=checks, host="auto")))

    def all_failed():
        metrics = announcer.metrics()
        kinds = {one["type"] for one in checks}
        return all(metrics.value("nerve_checker_failure_total", name="all", type=kind) for kind in kinds)

    eventually(all_failed, 30)
    assert "does not start" not in announcer.log() and "Operation not permitted" not in announcer.log()
    assert announcer.stop() == 0


def test_without_a_place_to_write_nerve_works_and_synapse_says_what_it_needs(sandbox, registry):
    writable(sandbox)
    nowhere = sandbox.path("nowhere")
    announcer = sandbox.nerve(
        nerve(web_service(sandbox.backend("a"), registry)),
        wrapper=confined(sandbox, [], "nerve", [f"RUNTIME_DIRECTORY={nowhere}"]),
    )
    eventually(lambda: len(registry.names()) == 1)
    assert "the next start of nerve will not go on where this one ends" in announcer.log()
    config = synapse(synapse_service(registry, free_port(), name="web"), runtimeDir=nowhere)
    router = sandbox.synapse(config, wait=False, wrapper=confined(sandbox, [], "synapse"))
    assert router.wait() == 1
    assert nowhere in router.log()
    assert re.search("Read-only file system|Permission denied", router.log())

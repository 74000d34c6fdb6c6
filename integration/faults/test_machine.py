"""A machine that runs out of disk, descriptors, memory or processes, while an application asks."""

import collections
import json
import os
import resource
import signal
import socket

import pytest

from faults.machine import Disk, NoDisk, cpu_seconds
from faults.scene import Scene
from harness import processes, sanitizers
from harness.configs import check, nerve, nerve_service, reporter
from harness.ports import free_port
from harness.sandbox import BUILD
from harness.wait import always, eventually

without_descriptors = pytest.mark.skipif(
    sanitizers.ADDRESS, reason="UndefinedBehaviorSanitizer looks at an object's type through a pipe of its own"
)


def disk_of_its_own(sandbox, name):
    try:
        return Disk(sandbox, name)
    except NoDisk as why:
        pytest.skip(str(why))


class OnDisk:
    """A scene in which everything that the programs write is on a disk of its own."""

    def __init__(self, sandbox, zookeeper, build):
        self.disk = disk_of_its_own(sandbox, "haproxy-of-synapse")  # where the first synapse has its things
        self.scene = build(
            zookeeper, kind=Scene, backends=2, wrapper=self.disk.wrapper_for_all(), seen=self.disk.root
        )

    def kept(self, name):
        with open(self.disk.seen(name), encoding="utf-8") as file:
            return file.read()

    def records_kept(self):
        directory = f"state-{self.scene.synapse.api_port}"
        (name,) = (name for name in os.listdir(self.disk.seen(directory)) if name.endswith(".json"))
        return self.kept(f"{directory}/{name}")


@pytest.fixture
def on_disk(sandbox, zookeeper, build):
    return OnDisk(sandbox, zookeeper, build)


def told(program, words):
    return sum(words in line for line in program.log().splitlines())


@pytest.mark.parametrize("trouble", ["full", "read-only"])
def test_a_disk_that_takes_nothing_holds_up_nobody(on_disk, trouble):
    """What changes meanwhile is announced and served; programs that are killed come back; what could not be written is
    written when there is space again, although nothing changes any more."""
    scene, disk = on_disk.scene, on_disk.disk
    words = "No space left on device" if trouble == "full" else "Read-only file system"
    worker = scene.worker()
    lives = []

    def take_space():
        if trouble == "full":
            disk.fill()
        else:
            disk.read_only(True)

    def give_space():
        if trouble == "full":
            disk.empty()
        else:
            disk.read_only(False)

    def changes():
        take_space()
        scene.add_pod()
        scene.pods[0].nerve.put("/services/b1/weight/77")
        scene.remove_pod(scene.pods[1])

    scene.happens(f"the disk is {trouble}, and pods come and go", changes)
    for program in (scene.synapse, scene.pods[0].nerve):
        lives.append((program, told(program, words)))
    scene.happens("kill -9 of nerve meanwhile", lambda: (scene.pods[0].nerve.kill(), scene.pods[0].start_nerve()))
    scene.happens("kill -9 of synapse meanwhile", lambda: (scene.synapse.kill(), scene.start_synapse()))
    assert scene.worker() == worker, "HAProxy was reloaded or lost"
    eventually(lambda: told(scene.synapse, words) > 0)
    scene.stays(lambda: all(program.get("/health")[0] == 200 for program in scene.programs().values()), 6)  # as a retry takes
    for program in (scene.synapse, *(pod.nerve for pod in scene.pods)):
        lives.append((program, told(program, words)))
    for program, lines in lives:
        assert lines <= 6, f"a storm in the log:\n{program.log()}"

    def all_is_written():
        give_space()
        late = scene.pods[-1].address
        eventually(lambda: late.rpartition(":")[2] in on_disk.kept("haproxy.cfg"), 60)
        eventually(lambda: late.rpartition(":")[2] in on_disk.records_kept(), 60)
        for pod in scene.pods:
            eventually(lambda pod=pod: json.loads(on_disk.kept(f"nerve-{pod.nerve.api_port}.json"))["sessions"], 60)

    scene.happens("there is space again", all_is_written, within=60)


def test_a_log_on_a_full_disk_holds_up_nobody(sandbox, zookeeper, build):
    """What cannot be written is lost; when there is space again the log goes on."""
    disk = disk_of_its_own(sandbox, "logs")
    wrapper = [*disk.wrapper, "sh", "-c", f'exec "$@" >>{disk.path}/log 2>&1', "sh"]
    scene = build(zookeeper, kind=Scene, backends=2, wrapper=wrapper)

    def changes():
        disk.fill()
        for program in (scene.synapse, scene.pods[0].nerve):
            program.signal(signal.SIGHUP)
        scene.add_pod()
        scene.pods[0].nerve.kill()
        scene.pods[0].start_nerve()
        scene.synapse.kill()
        scene.start_synapse()
        scene.remove_pod(scene.pods[1])

    scene.happens("the disk of the logs is full", changes)
    size = os.path.getsize(disk.seen("log"))
    disk.empty()
    scene.synapse.signal(signal.SIGHUP)
    eventually(lambda: os.path.getsize(disk.seen("log")) > size)


@pytest.mark.parametrize("size", ["empty", "half"])
def test_files_that_a_crash_has_cut_off(on_disk, size):
    """All of what the programs keep, as a file system may leave it after a crash of the machine."""
    scene, disk = on_disk.scene, on_disk.disk

    def cut():
        scene.synapse.kill()
        for pod in scene.pods:
            pod.nerve.kill()
        for directory, _, names in os.walk(disk.seen()):
            for name in names:
                path = os.path.join(directory, name)
                if os.path.isfile(path):
                    os.truncate(path, 0 if size == "empty" else os.path.getsize(path) // 2)
        for pod in scene.pods:
            pod.start_nerve()
        scene.start_synapse()

    worker, master = scene.worker(), scene.master()
    scene.happens(f"all files are {size}", cut, within=60)
    assert scene.master() == master, "a second HAProxy was started"
    assert scene.worker() == worker or "loaded the configuration" in scene.synapse.log()


@without_descriptors
def test_no_descriptors_for_nerve(scene):
    """Connections to the admin API that nobody uses have taken them all. A check that cannot be made says nothing
    about the backend."""
    pod = scene.pods[0]
    held = []

    def not_made():
        return pod.nerve.metrics().value("nerve_checks_not_made_total")

    assert not_made() == 0

    def take_all():
        most = processes.open_descriptors(pod.nerve.pid) + 20
        resource.prlimit(pod.nerve.pid, resource.RLIMIT_NOFILE, (most, most))
        for _ in range(60):
            connection = socket.create_connection(("127.0.0.1", pod.nerve.api_port))
            held.append(connection)
        eventually(lambda: processes.open_descriptors(pod.nerve.pid) >= most - 1, what="no descriptor is left")
        before = cpu_seconds(pod.nerve.pid)
        always(lambda: len(scene.registry.names()) == 2, 4, "the backends stay announced", 0.1)
        assert cpu_seconds(pod.nerve.pid) - before < 2, "it spins"
        for connection in held:
            connection.close()

    scene.happens("nerve has no descriptors left", take_all)
    assert pod.nerve.get("/status")[0] == 200
    assert not_made() > 0
    assert len(pod.nerve.log().splitlines()) < 60, pod.nerve.log()
    # And it still finds out that a backend is dead.
    pod.backend.kill()
    eventually(lambda: len(scene.registry.names()) == 1)
    pod.start_backend()
    scene.check()


@without_descriptors
def test_no_descriptors_for_synapse(scene):
    """synapse reaches neither HAProxy nor the registry anew; what HAProxy has goes on, and all is caught up with."""
    held, first = [], set(scene.served())

    def take_all():
        most = processes.open_descriptors(scene.synapse.pid) + 20
        resource.prlimit(scene.synapse.pid, resource.RLIMIT_NOFILE, (most, most))
        for _ in range(60):
            held.append(socket.create_connection(("127.0.0.1", scene.synapse.api_port)))
        eventually(lambda: processes.open_descriptors(scene.synapse.pid) >= most - 1, what="no descriptor is left")
        scene.add_pod()
        before = cpu_seconds(scene.synapse.pid)
        scene.stays(lambda: first <= set(scene.served()), 3)
        assert cpu_seconds(scene.synapse.pid) - before < 2, "it spins"
        for connection in held:
            connection.close()

    scene.happens("synapse has no descriptors left", take_all, within=60)
    assert scene.synapse.get("/health")[0] == 200
    assert len(scene.synapse.log().splitlines()) < 80, scene.synapse.log()


@pytest.mark.parametrize("program", ["nerve", "synapse"])
def test_no_memory_ends_a_program_with_a_word(scene, program):
    """It never goes on with something half done, and the next life takes over what this one had."""
    victim = scene.synapse if program == "synapse" else scene.pods[0].nerve
    worker = scene.worker()
    if "san" in os.path.basename(BUILD):
        pytest.skip("a sanitizer takes terabytes of addresses")

    def no_memory():
        with open(f"/proc/{victim.pid}/status", encoding="ascii") as file:
            size = next(int(line.split()[1]) for line in file if line.startswith("VmData")) * 1024
        resource.prlimit(victim.pid, resource.RLIMIT_DATA, (size, size))
        with open(victim.config_path, encoding="utf-8") as file:
            text = file.read()
        victim.replace_config(text + " " * 12_000_000)
        victim.signal(signal.SIGHUP)
        assert victim.wait(30) == 1
        assert "out of memory; ending, so that a supervisor can start afresh" in victim.log()
        if program == "synapse":
            scene.start_synapse()
        else:
            scene.pods[0].start_nerve()

    scene.happens(f"{program} has no memory left", no_memory, within=60)
    assert scene.worker() == worker


def test_a_hundred_exec_checks_that_hang_are_no_hundred_processes(scene):
    """Each starts children of its own, ignores SIGTERM, and never answers. The good service beside them stays announced,
    although it has an exec check, too."""
    pod = scene.pods[0]
    marker = f"9{os.getpid()}{free_port()}"
    script = f"trap '' TERM HUP; sleep {marker} & sleep {marker} & sleep {marker}"
    hanging = check("exec", command=["sh", "-c", script], timeoutInMilli=500)
    reporters = [scene.reporter(pod.links)]
    bad = [nerve_service(1, name=f"bad{i}", reporters=reporters, checks=[hanging]) for i in range(100)]
    (good,) = pod.config["services"]
    good = {**good, "checks": [*good["checks"], check("exec", command=["true"])]}

    def bombs():
        return [pid for pid in processes.descendants() if marker in " ".join(processes.command_line(pid))]

    def states():
        return collections.Counter(each["State"] for each in json.loads(pod.nerve.get("/status")[1]))

    def bombs_come_and_go():
        pod.nerve.replace_config(json.dumps({**pod.config, **nerve(good, *bad), "maxExecChecks": 8}))
        pod.nerve.signal(signal.SIGHUP)
        eventually(lambda: bombs(), 30)
        # On a busy machine those that were killed take a moment to go.
        scene.stays(lambda: eventually(lambda: len(bombs()) <= 8 * 4, 10, "no more than eight checks at once"), 4)
        assert pod.nerve.metrics().value("nerve_exec_checks_waiting") > 0
        assert pod.nerve.metrics().value("nerve_exec_checks_delayed_total") > 50
        assert "8 exec checks run at once" in pod.nerve.log()
        eventually(lambda: states()["unavailable"] == 100, 60)
        scene.check()
        assert processes.zombies_of(pod.nerve.pid) <= 8
        assert pod.nerve.stop(60) == 0
        eventually(lambda: not bombs(), what="nothing of them is left")
        pod.start_nerve()

    scene.happens("a hundred exec checks hang", bombs_come_and_go)


def test_what_an_exec_check_cannot_start_is_told(sandbox, registry):
    service = nerve_service(1, registry, checks=[check("exec", command=["/no/such/program"])],
                            reporters=[reporter(registry, exposeOnUnavailable=True)])
    sandbox.nerve(nerve(service))
    eventually(lambda: "No such file or directory" in registry.only_record()["unavailable_reason"])

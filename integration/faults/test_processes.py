"""Processes that are killed, or stand still, while an application asks through its localhost port.

The times are drawn anew each time; a failure tells its seed, and FAULTS_SEED=n repeats them.
"""

import os
import signal
import threading
import time

import pytest

from harness.ports import free_port
from harness.wait import always, eventually

HAPROXY_IS_AWAY = 15  # seconds at most; on a machine with nothing else to do it is a fifth of one
NOBODY_LISTENS = "nobody listens while HAProxy is started again"
# Its session, and its watch on the node that the other one has.
ONE_NERVE_MORE = {"sessions": 1, "watches": 2}


class Changes:
    """Weights that change all the time, so that synapse always has something to tell HAProxy."""

    def __init__(self, scene):
        self._pod = scene.pods[0]
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        weight = 10
        while not self._stop.wait(0.02):
            weight = 10 + (weight - 9) % 200
            try:
                self._pod.nerve.put(f"/services/{self._pod.name}/weight/{weight}")
            except OSError:
                pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join(20)


def killed_and_started_again(program, start):
    program.kill()
    start()


def test_nerve_and_synapse_killed_at_any_moment_are_no_event(scene, chance):
    """In the middle of live changes; whoever supervises them starts them again."""
    haproxy = scene.worker()
    with Changes(scene):
        for _ in range(3):
            pod = chance.choice(scene.pods)
            time.sleep(chance.uniform(0, 0.3))
            scene.happens("kill -9 of nerve", lambda pod=pod: killed_and_started_again(pod.nerve, pod.start_nerve))
            time.sleep(chance.uniform(0, 0.3))
            scene.happens("kill -9 of synapse", lambda: killed_and_started_again(scene.synapse, scene.start_synapse))
    assert scene.worker() == haproxy, "HAProxy was not even reloaded"
    scene.check()


def test_nerve_and_synapse_that_stand_still_are_no_event(scene, chance):
    """For less than the session's timeout."""

    def stands_still(program, seconds):
        program.pause()
        time.sleep(seconds)
        program.resume()

    haproxy = scene.worker()
    with Changes(scene):
        for program in (scene.pods[0].nerve, scene.synapse):
            seconds = chance.uniform(0.5, 2)
            scene.happens(f"{program.name} stands still for {seconds:.1f} s", lambda: stands_still(program, seconds))
    assert scene.worker() == haproxy
    assert scene.pods[0].nerve.get("/health")[0] == 200


@pytest.mark.parametrize("victim", ["worker", "master"])
def test_a_killed_haproxy_is_back_soon(scene, chance, victim):
    """The requests in between fail: nobody listens. Its worker never goes on without its master, nor the other way."""
    with Changes(scene):
        for _ in range(2):
            before = scene.haproxies()
            time.sleep(chance.uniform(0, 0.3))
            pid = scene.worker() if victim == "worker" else scene.master()
            scene.happens(
                f"kill -9 of HAProxy's {victim}",
                lambda pid=pid: os.kill(pid, signal.SIGKILL),
                HAPROXY_IS_AWAY,
                NOBODY_LISTENS,
            )
            assert not set(before) & set(scene.haproxies()), "something of the old HAProxy goes on"


@pytest.mark.parametrize("victim", ["worker", "master"])
def test_an_haproxy_that_stands_still_goes_on(scene, chance, victim):
    """Requests wait for the worker; while the master stands still there is no reload, but all the rest goes on."""
    before = sorted(scene.haproxies())

    def stands_still(pid):
        os.kill(pid, signal.SIGSTOP)
        time.sleep(chance.uniform(1, 3))
        os.kill(pid, signal.SIGCONT)

    with Changes(scene):
        pid = scene.worker() if victim == "worker" else scene.master()
        scene.happens(f"HAProxy's {victim} stands still", lambda: stands_still(pid))
    assert sorted(scene.haproxies()) == before, "nobody was ended for it"


def want_reload(scene, number):
    """Another line for HAProxy, which needs a reload."""
    scene.synapse_config["routers"][0]["global"] = [f"description load-{number}"]
    scene.reconfigure_synapse()


@pytest.mark.parametrize("victim", ["synapse", "old worker", "master"])
def test_killed_in_the_middle_of_a_reload(scene, chance, victim):
    """Afterwards HAProxy runs the new configuration, whoever was killed."""

    def during_a_reload(number):
        worker, master = scene.worker(), scene.master()
        want_reload(scene, number)
        time.sleep(chance.uniform(0, 0.25))
        if victim == "synapse":
            killed_and_started_again(scene.synapse, scene.start_synapse)
        else:
            kill_if_there(worker if victim == "old worker" else master)
        eventually(lambda: scene.synapse.runtime.info()["description"] == f"load-{number}", 60)

    for number in (1, 2, 3):
        away, why = (0, "") if victim == "synapse" else (HAPROXY_IS_AWAY, NOBODY_LISTENS)
        scene.happens(f"kill -9 of {victim} during a reload", lambda: during_a_reload(number), away, why)


def kill_if_there(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def test_two_nerves_of_one_instance_keep_one_node_and_do_not_fight(scene):
    """With a state and an API of its own each, as after a pod was started twice."""
    pod = scene.pods[0]
    events = scene.record_events()
    rivals = []
    rival = {**pod.config, "apiPort": free_port(), "statePath": scene.sandbox.path("rival.json")}

    with scene.case("two nerves for one instance for 5 s", leaves=ONE_NERVE_MORE) as case:
        program = scene.sandbox.nerve(rival, name="rival")
        eventually(lambda: "available" in program.log())
        case.did("both live", over=True)
        always(lambda: len(scene.registry.names()) == 2, 5, "one node for each instance, all the time", 0.05)
        rivals.append(program)
    # Each take-over is a deletion and a creation, and the next one waits twice as long.
    assert len(events.events) < 60, "they fight"

    def one_ends():
        assert rivals[0].stop() in (0, 1)

    # The end of one takes the node away for a moment at most: the other one puts it back.
    scene.happens("one of two nerves for one instance ends", one_ends, within=90)


def test_a_second_nerve_with_the_same_state_changes_nothing(scene):
    pod = scene.pods[0]
    state = os.path.join(scene.sandbox.directory, f"nerve-{pod.nerve.api_port}.json")
    events = scene.record_events()

    def second():
        program = scene.sandbox.nerve({**pod.config, "apiPort": free_port(), "statePath": state}, wait=False)
        assert program.wait() == 1
        assert "another nerve has it; give each its own" in program.log()

    scene.happens("a second nerve with the first one's state", second)
    assert not events.events


def test_a_second_synapse_is_refused_and_the_first_one_undisturbed(scene):
    worker = scene.worker()

    def second():
        program = scene.sandbox.synapse({**scene.synapse_config, "apiPort": free_port()}, wait=False)
        assert program.wait() == 1
        assert "another synapse uses runtimeDir" in program.log()
        other = {**scene.synapse_config["routers"][0], "runtimeDir": scene.sandbox.path("other")}
        other["configPath"] = os.path.join(scene.synapse_config["routers"][0]["runtimeDir"], "haproxy.cfg")
        program = scene.sandbox.synapse({"routers": [other]}, wait=False)
        assert program.wait() == 1
        assert "another synapse writes configPath" in program.log()

    scene.happens("a second synapse for one HAProxy", second)
    assert scene.worker() == worker
    scene.happens("kill -9 of the first, and the second takes its place",
               lambda: killed_and_started_again(scene.synapse, scene.start_synapse))
    assert scene.worker() == worker


def test_an_haproxy_without_a_pid_file_is_found(scene):
    """As one that was started while the disk was full."""
    worker = scene.worker()
    pid_file = os.path.join(scene.synapse.router["runtimeDir"], "haproxy.pid")

    def away():
        scene.synapse.kill()
        os.remove(pid_file)
        scene.start_synapse()

    scene.happens("the pid file is lost with synapse", away)
    assert scene.worker() == worker
    assert "is still running as process" in scene.synapse.log()

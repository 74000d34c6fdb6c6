"""What can happen to a scene, for the randomized run: each action is drawn with its details before it is done, so that a
seed gives the same actions in the same order however fast the machine is."""

import contextlib
import dataclasses
import os
import random
import resource
import signal
import time
from collections.abc import Callable

from faults import actions
from faults.application import ASKED_IN_A_SECOND, UNDER_WAY
from faults.world import SERVICE
from harness import processes
from harness.wait import eventually

# Nobody listens while HAProxy is started again, for so many seconds at most.
HAPROXY_AWAY = 15 * ASKED_IN_A_SECOND


@dataclasses.dataclass
class Action:
    what: str
    do: Callable[[], None]
    allowed: int = 0  # failed requests


def _life(program, start, end):
    """It ends in some way, and a supervisor starts it again."""
    program().signal(end)
    program().wait(60)
    start()


def _stands_still(pid, seconds):
    """It may be ended meanwhile."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGSTOP)
        try:
            time.sleep(seconds)
        finally:
            os.kill(pid, signal.SIGCONT)


class Actions:
    """Draws from `chance`, acts on `scene`, whose programs write to `disk` (None: to one that is left alone). It counts
    the pods itself, as they will be when everything that was drawn is done."""

    MOST_PODS = 5

    def __init__(self, scene, chance, disk):
        self._scene, self._chance, self._disk = scene, chance, disk
        self.alone = True  # what is drawn happens with no companion
        self._pods = len(scene.pods)
        self._surroundings = [*actions.network(), *actions.zookeeper(scene)]
        self._loads = iter(range(1, 10**6))
        self._kinds = [
            (3, self._nerve_ends),
            (3, self._synapse_ends),
            (2, self._program_stands_still),
            (2, self._haproxy_is_killed),
            (2, self._haproxy_stands_still),
            (2, self._backend_dies),
            (1, self._backend_stands_still),
            (2, self._deploy),
            (2, self._pod_comes),
            (2, self._pod_goes),
            (2, self._weights),
            (8, self._surroundings_break),
            (2, self._session_ends),
            (1, self._signals),
            (2, self._reload),
            (1, self._bad_configuration),
            *([] if disk is None else [(2, self._disk_takes_nothing)]),
            (1, self._no_descriptors),
        ]

    def next(self):
        weights = [weight for weight, _ in self._kinds]
        (kind,) = self._chance.choices([kind for _, kind in self._kinds], weights)
        return kind()

    def companion(self):
        """What may go on beside any other action: somebody stands still."""
        seconds = self._chance.uniform(0.1, 4)
        who, pid = self._chance.choice(
            [
                ("a server of ZooKeeper", lambda: self._scene.zookeepers[0].process.pid),
                ("synapse", lambda: self._scene.synapse.pid),
                ("HAProxy's worker", self._scene.worker),
                ("HAProxy's master", self._scene.master),
            ]
        )

        def do():
            with contextlib.suppress(OSError, LookupError):  # away at this moment
                _stands_still(pid(), seconds)

        return Action(f"{who} stands still for {seconds:.1f} s", do)

    def _any_pod(self):
        """A function that gives the pod when it is time."""
        index = self._chance.randrange(self._pods)
        return index, lambda: self._scene.pods[index]

    def _end(self):
        return self._chance.choice([signal.SIGKILL, signal.SIGKILL, signal.SIGUSR2])

    def _nerve_ends(self):
        index, pod = self._any_pod()
        end = self._end()
        return Action(
            f"{end.name} to the nerve of pod {index}, started again",
            lambda: _life(lambda: pod().nerve, lambda: pod().start_nerve(), end),
        )

    def _synapse_ends(self):
        end = self._end()
        return Action(
            f"{end.name} to synapse, started again",
            lambda: _life(lambda: self._scene.synapse, self._scene.start_synapse, end),
        )

    def _program_stands_still(self):
        seconds = self._chance.uniform(0.1, 3)
        if self._chance.random() < 0.5:
            return Action(
                f"synapse stands still for {seconds:.1f} s",
                lambda: _stands_still(self._scene.synapse.pid, seconds),
            )
        index, pod = self._any_pod()
        return Action(
            f"the nerve of pod {index} stands still for {seconds:.1f} s",
            lambda: _stands_still(pod().nerve.pid, seconds),
        )

    def _haproxy(self):
        who = self._chance.choice(["worker", "master"])
        return who, self._scene.worker if who == "worker" else self._scene.master

    def _haproxy_is_killed(self):
        who, pid = self._haproxy()
        return Action(f"SIGKILL to HAProxy's {who}", lambda: os.kill(pid(), signal.SIGKILL), HAPROXY_AWAY)

    def _haproxy_stands_still(self):
        who, pid = self._haproxy()
        seconds = self._chance.uniform(0.1, 3)
        return Action(f"HAProxy's {who} stands still for {seconds:.1f} s", lambda: _stands_still(pid(), seconds))

    def _backend_dies(self):
        index, pod = self._any_pod()
        seconds = self._chance.uniform(0, 2)

        def do():
            pod().backend.kill()
            time.sleep(seconds)
            pod().start_backend()

        return Action(f"the backend of pod {index} is killed, back after {seconds:.1f} s", do, UNDER_WAY)

    def _backend_stands_still(self):
        index, pod = self._any_pod()
        seconds = self._chance.uniform(0.1, 2)
        return Action(
            f"the backend of pod {index} stands still for {seconds:.1f} s",
            lambda: _stands_still(pod().backend.pid, seconds),
        )

    def _deploy(self):
        index, pod = self._any_pod()

        def do():
            assert pod().nerve.put("/disable", 60)[0] == 200
            eventually(lambda: pod().address not in self._scene.synapse.runtime.in_rotation(SERVICE), 60)
            self._scene.application.await_answers()  # what was under way there
            pod().backend.stop()
            pod().start_backend()
            assert pod().nerve.put("/enable")[0] == 200

        return Action(f"pod {index} is deployed anew", do)

    def _pod_comes(self):
        if self._pods >= self.MOST_PODS:
            return self._pod_goes()
        self._pods += 1
        return Action("a pod comes", self._scene.add_pod)

    def _pod_goes(self):
        if self._pods <= 2:
            return self._pod_comes()
        index, _ = self._any_pod()
        self._pods -= 1
        return Action(f"pod {index} goes", lambda: self._scene.remove_pod(self._scene.pods[index]))

    def _weights(self):
        index, pod = self._any_pod()
        weights = [self._chance.randrange(1, 256) for _ in range(self._chance.randrange(1, 30))]

        def do():
            for weight in weights:
                assert pod().nerve.put(f"/weight/{weight}")[0] == 200

        return Action(f"pod {index} gets {len(weights)} other weights", do)

    def _surroundings_break(self):
        """One of the actions on the network and on ZooKeeper. It lasts, and then it is over."""
        action = self._chance.choice(self._surroundings)
        seconds = self._chance.uniform(0.1, 8)
        chance = random.Random(self._chance.randrange(2**32))
        return Action(
            f"{action.name}, for {seconds:.1f} s",
            lambda: actions.run(action, self._scene, chance, seconds, self._all_stay if action.holds else time.sleep),
        )

    def _all_stay(self, seconds):
        if not self.alone:
            return time.sleep(seconds)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            gone = set(self._scene.expected()) - set(self._scene.served())
            assert not gone, f"HAProxy does not serve {gone} any more"
            time.sleep(0.1)

    def _session_ends(self):
        index, pod = self._any_pod()

        def do():
            record = eventually(lambda: next(name for name in self._scene.registry.names() if pod().name in name), 60)
            session = self._scene.registry.stat(record).ephemeralOwner
            self._scene.zookeepers[0].expire(session, pod().nerve)

        return Action(f"the session of the nerve of pod {index} ends", do)

    def _signals(self):
        count = self._chance.randrange(50, 500)
        index, pod = self._any_pod()

        def do():
            for _ in range(count):
                self._scene.synapse.signal(signal.SIGHUP)
                pod().nerve.signal(signal.SIGHUP)

        return Action(f"{count} SIGHUPs to synapse and the nerve of pod {index}", do)

    def _reload(self):
        number = next(self._loads)

        def do():
            self._scene.synapse_config["routers"][0]["global"] = [f"description load-{number}"]
            self._scene.reconfigure_synapse()
            eventually(lambda: self._scene.synapse.runtime.info()["description"] == f"load-{number}", 60)

        return Action("a line of HAProxy's changes, which it has to load", do)

    def _bad_configuration(self):
        def do():
            program = self._scene.synapse
            program.replace_config("{")
            program.signal(signal.SIGHUP)
            eventually(lambda: good_of(program) == 0)
            self._scene.reconfigure_synapse()
            eventually(lambda: good_of(program) == 1)

        return Action("synapse gets a configuration that is none, and the good one again", do)

    def _disk_takes_nothing(self):
        full = self._chance.random() < 0.5
        index, pod = self._any_pod()
        weight, seconds = self._chance.randrange(1, 256), self._chance.uniform(0.1, 3)

        def do():
            self._disk.fill() if full else self._disk.read_only(True)
            try:
                assert pod().nerve.put(f"/weight/{weight}")[0] == 200
                time.sleep(seconds)
            finally:
                self._disk.empty() if full else self._disk.read_only(False)

        how = "full" if full else "read-only"
        return Action(f"the disk is {how} for {seconds:.1f} s, and pod {index} gets another weight", do)

    def _no_descriptors(self):
        seconds = self._chance.uniform(0.1, 3)
        index, pod = self._any_pod()
        of_synapse = self._chance.random() < 0.5

        def do():
            pid = self._scene.synapse.pid if of_synapse else pod().nerve.pid
            soft, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
            resource.prlimit(pid, resource.RLIMIT_NOFILE, (processes.open_descriptors(pid), hard))
            time.sleep(seconds)
            resource.prlimit(pid, resource.RLIMIT_NOFILE, (soft, hard))

        who = "synapse" if of_synapse else f"the nerve of pod {index}"
        return Action(f"{who} gets no descriptor for {seconds:.1f} s", do)


def good_of(program):
    return program.metrics().value("synapse_config_last_reload_successful")

"""A randomized run: actions one after the other, sometimes two at once, while an application asks and everything is
looked at all the time. See README.md; ./soak starts it."""

import argparse
import random
import sys
import threading
import time

from faults.machine import Disk, NoDisk
from faults.process_actions import Actions
from faults.scene import Scene
from harness import processes
from harness.ensemble import Ensemble
from harness.sandbox import Sandbox
from harness.wait import eventually

SETTLES_WITHIN = 90
# Of what was resident at first: caches and the allocator's spare memory.
GROWTH_KB = 30_000
TWO_AT_ONCE = 0.3


class Violation(Exception):
    pass


class Watch:
    """Looks at what must hold at every moment, also in the middle of an action: no server twice, neither in the registry
    nor in HAProxy, and none in HAProxy that never was."""

    def __init__(self, scene):
        self.looks = 0
        self.in_vain = 0
        self.last_error = None
        self.wrong = []
        self._scene = scene
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        while not self._stop.wait(0.2):
            try:
                self.wrong += self._scene.impossible()
                self.looks += 1
            except Exception as error:  # noqa: BLE001 - what is away at this moment is the business of the action
                self.in_vain += 1
                self.last_error = error

    def stop(self):
        self._stop.set()
        self._thread.join(30)


class Soak:
    def __init__(self, sandbox, seed, seconds, most_actions=None, servers=3):
        self._seed, self._seconds, self._most = seed, seconds, most_actions
        zookeeper = sandbox.zookeeper() if servers == 1 else Ensemble(sandbox)
        disk, options = None, {}
        try:
            disk = Disk(sandbox, "haproxy-of-synapse", megabytes=32)  # where synapse and each nerve has what it writes
            options = {"wrapper": disk.wrapper_for_all(), "seen": disk.root}
        except NoDisk as why:
            print(f"soak: {why}, so no disk is full or read-only")
        self._scene = Scene(sandbox, zookeeper, "/services/web", **options)
        self._chance = random.Random(seed)
        self._actions = Actions(self._scene, self._chance, disk)
        self._watch = Watch(self._scene)
        self._done = 0
        self._failures = 0
        self._standstills = 0
        self._worst = (0.0, "nothing")

    def run(self):
        begun = time.monotonic()
        before = self._figures()
        try:
            while time.monotonic() - begun < self._seconds and (self._most is None or self._done < self._most):
                self._step(begun)
            self._end(before)
        finally:
            self._watch.stop()
            self._scene.close()
        return self._summary(begun, before)

    def _step(self, begun):
        actions = [self._actions.next()]
        if self._chance.random() < TWO_AT_ONCE:
            actions.append(self._actions.companion())
        self._actions.alone = len(actions) == 1
        pause = self._chance.uniform(0, 0.5)
        self._done += 1
        what = ", and at the same time ".join(action.what for action in actions)
        allowed = sum(action.allowed for action in actions)
        at = time.monotonic()
        try:
            beside = [threading.Thread(target=action.do) for action in actions[1:]]
            for thread in beside:
                thread.start()
            actions[0].do()
            for thread in beside:
                thread.join()
            if self._scene.await_well(SETTLES_WITHIN):
                self._standstills += 1
                print("      ZooKeeper had a leader and gave nobody a session; its leader was started again", flush=True)
            self._no_leaks()
        except AssertionError as error:
            raise Violation(f"{what}: {error}") from error
        took = time.monotonic() - at
        self._worst = max(self._worst, (took, what))
        time.sleep(pause)
        self._scene.application.await_answers()
        seen = self._scene.application.look()["failures"]
        failures, self._failures = seen[self._failures :], len(seen)
        verdict = f"{len(failures)} requests failed" + (f" (at most {allowed})" if allowed else "")
        print(f"{self._done:4} {at - begun:7.1f} s  {what}: {verdict}, all well after {took:.1f} s", flush=True)
        if len(failures) > allowed:
            raise Violation(f"{what}: {len(failures)} requests failed, {allowed} may: {failures[:5]}")
        if self._watch.wrong:
            raise Violation(f"{what}: {self._watch.wrong[:5]}")

    def _no_leaks(self):
        leaks = [None]

        def none():
            leaks[0] = self._scene.leaks()
            return not leaks[0]

        try:
            eventually(none, SETTLES_WITHIN, interval=0.1)
        except AssertionError:
            raise AssertionError(f"left over: {leaks[0]}") from None

    def _figures(self):
        figures = {}
        for name, program in self._scene.programs().items():
            figures[name] = (processes.resident_kb(program.pid), processes.open_descriptors(program.pid))
        return figures

    def _end(self, before):
        if self._watch.looks < 3 * self._watch.in_vain:
            raise Violation(
                f"in between looked {self._watch.looks} times, and {self._watch.in_vain} in vain: {self._watch.last_error!r}"
            )
        self._seen = self._scene.application.look()
        self._at_end = self._figures()
        at_first = max(kb for name, (kb, _) in before.items() if name != "synapse")
        for name, (kb, _) in self._at_end.items():
            limit = (before[name][0] if name in before else at_first) + GROWTH_KB
            if kb > limit:
                raise Violation(f"{name} has {kb} kB of memory, {limit} at most")

    def _summary(self, begun, before):
        worst, when = self._worst
        seen = self._seen
        lines = [
            f"{self._done} actions in {time.monotonic() - begun:.0f} s, seed {self._seed}",
            f"{sum(seen['requests'].values()):,} requests, {self._failures} failed, all within what their action excuses; "
            f"the longest took {seen['longest']:.1f} s",
            f"ZooKeeper itself stood still {self._standstills} times",
            f"looked {self._watch.looks} times in between, {self._watch.in_vain} times in vain",
            f"all was well again after {worst:.1f} s at worst: {when}",
        ]
        for name, (kb, descriptors) in self._at_end.items():
            first = f"{before[name][0]} kB, {before[name][1]} descriptors at first; " if name in before else ""
            lines.append(f"{name}: {first}{kb} kB, {descriptors} descriptors at the end")
        return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description="Randomized faults, with everything checked in between.")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=None, help="repeats the order of the actions")
    parser.add_argument("--servers", type=int, choices=(1, 3), default=3, help="of ZooKeeper")
    parser.add_argument("--actions", type=int, default=None, help="ends after so many")
    options = parser.parse_args()
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(1, 10**9)
    print(f"soak: seed {seed}, {options.minutes:g} minutes", flush=True)
    processes.adopt_orphans()
    sandbox = Sandbox()
    try:
        soak = Soak(sandbox, seed, options.minutes * 60, options.actions, options.servers)
        print(soak.run(), flush=True)
        print("soak: passed", flush=True)
        return 0
    except Exception as violation:  # noqa: BLE001 - whatever it was, it must be told how to repeat it
        for name, log in sandbox.logs():
            print(f"----- {name}\n{log[-4000:]}", flush=True)
        print(f"soak: VIOLATION: {violation}", flush=True)
        print(
            f"to repeat: integration/faults/soak --seed {seed} --minutes {options.minutes:g} --servers {options.servers}",
            flush=True,
        )
        return 1
    finally:
        sandbox.close()


if __name__ == "__main__":
    sys.exit(main())

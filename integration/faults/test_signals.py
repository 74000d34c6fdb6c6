"""Signals in masses and in every order, and a program that is the first of its container."""

import os
import random
import signal
import subprocess
import sys
import time

import pytest

from faults.world import Pod
from harness import namespaces, processes, sanitizers
from harness.sandbox import ROOT
from harness.wait import always, eventually

SIGNALS = 1000


def loads(scene):
    return sum(
        value
        for metric, _, value in scene.synapse.metrics().samples
        if metric == "synapse_haproxy_reload_total"
    )


def readings(program):
    return sum("the configuration is what runs already" in line for line in program.log().splitlines())


def test_a_storm_of_sighups_is_one_now_and_then(scene):
    """Without a change of any file: nothing is loaded, no node is touched, no memory is kept."""
    events = scene.record_events()
    before = loads(scene)
    programs = [scene.synapse, scene.pods[0].nerve]
    memory = {program: processes.resident_kb(program.pid) for program in programs}

    def storm():
        begun = time.monotonic()
        for _ in range(SIGNALS):
            for program in programs:
                program.signal(signal.SIGHUP)
            time.sleep(0.001)
        storm.seconds = time.monotonic() - begun
        for program in programs:
            assert program.get("/health")[0] == 200

    scene.happens(f"{SIGNALS} SIGHUPs to synapse and to nerve", storm)
    for program in programs:
        eventually(lambda program=program: readings(program) > 0)
        assert readings(program) <= 4 * storm.seconds + 3, "each of them was read for"
        assert processes.resident_kb(program.pid) < memory[program] + 8000
    assert loads(scene) == before
    assert not events.events


def test_a_storm_of_sighups_with_changes_ends_with_the_last_one(scene):
    before = loads(scene)
    nerve = scene.pods[0].nerve

    def storm():
        with open(nerve.config_path, encoding="utf-8") as file:
            text = file.read()
        for number in range(1, 101):
            scene.synapse_config["routers"][0]["services"][0]["serverOptions"] = f"weight {number}"
            scene.reconfigure_synapse()
            nerve.replace_config(text.replace('"name": "b1"', f'"weight": {number}, "name": "b1"'))
            for _ in range(10):
                nerve.signal(signal.SIGHUP)
                scene.synapse.signal(signal.SIGHUP)
        storm.weight = number

    scene.happens("100 changes and 1,000 SIGHUPs for each program", storm, within=60)
    eventually(lambda: "weight 100" in scene.synapse.get("/config")[1])
    eventually(lambda: scene.registry.records()["b1_" + scene.pods[0].address.replace(":", "_")]["weight"] == 100)
    assert loads(scene) - before < 20, "HAProxy loaded every one of them"


@pytest.mark.parametrize("seed", [1, 2])
def test_signals_in_any_order_end_in_order(scene, seed):
    """SIGHUP, SIGUSR2 and SIGTERM at once. Whoever is asked to end ends, and the next life takes over."""
    chance = random.Random(seed)

    def mix(program, start):
        numbers = [signal.SIGHUP] * 20 + [signal.SIGUSR2]
        chance.shuffle(numbers)
        for number in numbers:
            program.signal(number)
        assert program.wait(60) in (0, 1)
        start()

    scene.happens("a mix for nerve", lambda: mix(scene.pods[0].nerve, scene.pods[0].start_nerve), within=60)
    scene.happens("a mix for synapse", lambda: mix(scene.synapse, scene.start_synapse), within=60)

    def end():
        for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGUSR2, signal.SIGHUP, signal.SIGTERM):
            scene.pods[1].nerve.signal(number)
        assert scene.pods[1].nerve.wait(60) in (0, 1)
        scene.pods[1].start_nerve()

    scene.happens("SIGTERM among others ends a nerve", end, within=60)


def test_as_the_first_process_of_a_container(scene):
    """Nobody else reaps there, and what is killed with it is the whole container."""
    first = namespaces.first_process()
    pod = Pod(scene, "contained", first)
    scene.pods.append(pod)
    try:
        scene.check()
        for _ in range(3):
            (inside,) = processes.children_of(pod.nerve.pid)
            pod.nerve.kill()
            eventually(lambda pid=inside: not processes.alive(pid), what="the whole container has ended")
            pod.start_nerve()
            scene.check()
        (inside,) = processes.children_of(pod.nerve.pid)
        for number in [signal.SIGHUP] * 200:
            os.kill(inside, number)
        scene.check()
        always(lambda: processes.zombies_of(inside) == 0, 0.5)
        assert not scene.application.look()["failures"]
    finally:
        scene.pods.remove(pod)
        pod.close()


def test_a_short_randomized_run(sandbox):
    """The long one is integration/faults/soak --minutes 10."""
    command = [sys.executable, "-m", "faults.soak", "--minutes", "0.35", "--seed", "7", "--servers", "1"]
    done = subprocess.run(
        command, cwd=os.path.join(ROOT, "integration"), capture_output=True, text=True, timeout=170 * sanitizers.SLOWER, check=False
    )
    print(done.stdout)
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    assert "soak: passed" in done.stdout

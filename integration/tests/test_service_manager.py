"""What a service manager hears: systemd's Type=notify and its watchdog, as the units in conf/ ask for."""

import os
import re
import signal
import socket

import pytest

from harness.configs import nerve, nerve_service, synapse, synapse_service
from harness.ports import free_port
from harness.wait import always, eventually


class Listener:
    """The socket that systemd gives to a service."""

    def __init__(self, path):
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(path)
        self._socket.setblocking(False)
        self.wrapper = ["env", f"NOTIFY_SOCKET={path}", "WATCHDOG_USEC=1500000"]
        self.heard = []

    def hears(self, words):
        """`words` were said, now or earlier."""
        try:
            while True:
                self.heard += self._socket.recv(4096).decode().split("\n")
        except BlockingIOError:
            pass
        return any(re.fullmatch(words, said) for said in self.heard)

    def forget(self):
        self.hears("")
        self.heard = []

    def close(self):
        self._socket.close()


@pytest.fixture
def manager(sandbox):
    listener = Listener(sandbox.path("notify"))
    yield listener
    listener.close()


def start(sandbox, registry, program, wrapper, **keys):
    if program == "nerve":
        service = nerve_service(sandbox.backend("a").port, registry, disableMaxDurationInMilli=7000)
        return sandbox.nerve(nerve(service), wrapper=wrapper, **keys)
    config = synapse(synapse_service(registry, free_port(), name="web"), shutdownTimeoutInMilli=7000)
    return sandbox.synapse(config, wrapper=wrapper, **keys)


@pytest.mark.parametrize("program", ["nerve", "synapse"])
def test_it_hears_when_all_runs_and_how_long_the_end_may_take(sandbox, registry, manager, program):
    started = start(sandbox, registry, program, manager.wrapper)
    eventually(lambda: manager.hears("READY=1"))
    eventually(lambda: manager.hears("WATCHDOG=1"))
    started.signal(signal.SIGTERM)
    assert started.wait() == 0
    assert manager.hears("STOPPING=1")
    assert manager.hears(r"EXTEND_TIMEOUT_USEC=\d+")
    allowed = next(said for said in manager.heard if said.startswith("EXTEND_TIMEOUT_USEC="))
    assert int(allowed.partition("=")[2]) > 7_000_000, "what the configuration allows for the end, and more"


@pytest.mark.parametrize("program", ["nerve", "synapse"])
def test_it_hears_nothing_of_one_that_cannot_start(sandbox, registry, manager, program):
    first = start(sandbox, registry, program, [])
    config = dict(first.config)
    if program == "synapse":
        config["routers"] = [{**config["routers"][0], "runtimeDir": sandbox.path("other")}]
    other = getattr(sandbox, program)(config, wrapper=manager.wrapper, wait=False)
    assert other.wait() == 1, "the port is taken"
    assert not manager.hears("READY=1")


def test_one_that_stands_still_gives_no_sign_of_life(sandbox, registry, manager):
    started = start(sandbox, registry, "nerve", manager.wrapper)
    eventually(lambda: manager.hears("WATCHDOG=1"))
    started.pause()
    manager.forget()
    always(lambda: not manager.hears("WATCHDOG=1"), 3)  # twice as long as the watchdog waits
    started.resume()
    eventually(lambda: manager.hears("WATCHDOG=1"))


def test_programs_that_it_starts_cannot_speak_for_it(sandbox, registry, manager):
    path = sandbox.path("environment")
    service = nerve_service(sandbox.backend("a").port, registry, preAvailableCommand=["sh", "-c", f"env > {path}"])
    sandbox.nerve(nerve(service), wrapper=manager.wrapper)
    eventually(lambda: os.path.exists(path) and os.path.getsize(path))
    with open(path, encoding="utf-8") as file:
        told = file.read()
    assert "NOTIFY_SOCKET" not in told and "WATCHDOG_USEC" not in told

"""Promises of nerve's README that no other test keeps an eye on."""

import json
import os
import pty
import signal
import stat
import subprocess

import pytest

from harness import namespaces
from harness.configs import check, nerve, nerve_service
from harness.ports import free_port
from harness.sandbox import binary
from harness.wait import always, eventually
from harness.zookeeper import Registry


def test_a_removal_that_zookeeper_does_not_confirm_is_exit_status_1(sandbox):
    server = sandbox.zookeeper()
    registry = Registry(server, "/services/web")
    program = sandbox.nerve(nerve(nerve_service(sandbox.backend("a").port, registry)))
    eventually(registry.only_record)
    server.process.pause()
    program.signal(signal.SIGTERM)
    assert program.wait(30) == 1
    server.process.resume()
    assert "reporter zookeeper did not confirm that the registration is gone" in program.log()
    registry.close()


def test_a_drain_that_takes_longer_than_configured_is_exit_status_1(sandbox, registry):
    service = nerve_service(sandbox.backend("a").port, registry, disableShutdownCommand=["sleep", "1000"],
                            disableShutdownMaxDurationInMilli=500)
    program = sandbox.nerve(nerve(service))
    eventually(registry.only_record)
    program.signal(signal.SIGTERM)
    eventually(lambda: registry.names() == [], what="the drain has begun")
    # The machine stands still for longer than the drain, the two seconds on top, and a second for the reports.
    program.pause()
    always(lambda: program.running, 5, interval=0.1)
    program.resume()
    assert program.wait(30) == 1
    assert "the services took longer to disable than configured" in program.log()


def test_an_orderly_stop_is_exit_status_0(sandbox, registry):
    program = sandbox.nerve(nerve(nerve_service(sandbox.backend("a").port, registry)))
    eventually(registry.only_record)
    assert program.stop(30) == 0


def test_without_inotify_there_is_a_warning_and_sighup_reloads(sandbox):
    program = sandbox.nerve(nerve(nerve_service(1)), wrapper=namespaces.without_inotify())
    assert "cannot follow files: Too many open files; send SIGHUP after a change" in program.log()
    program.config["services"].append(nerve_service(2, name="more"))
    with open(program.config_path, "w", encoding="utf-8") as file:
        json.dump(program.config, file)
    always(lambda: "configuration loaded" not in program.log(), 0.5)
    program.signal(signal.SIGHUP)
    eventually(lambda: "configuration loaded: 1 added (more)" in program.log())


def test_the_expanded_file_is_for_its_owner_only(sandbox):
    expanded = sandbox.path("expanded.yml")
    service = nerve_service(1, labels={"key": "{{ .SECRET }}"})
    sandbox.nerve(nerve(service, templatedConfigPath=expanded), wrapper=["env", "SECRET=geheim-4711"])
    with open(expanded, encoding="utf-8") as file:
        assert "geheim-4711" in file.read()
    assert stat.S_IMODE(os.stat(expanded).st_mode) == 0o600


def on_a_terminal(*arguments, **environment):
    """What a program writes to a terminal."""
    ours, theirs = pty.openpty()
    with subprocess.Popen([binary("nerve"), *arguments], stdout=theirs, stderr=theirs, stdin=subprocess.DEVNULL,
                          env={**os.environ, **environment}):
        os.close(theirs)
        written = b""
        try:
            while chunk := os.read(ours, 4096):
                written += chunk
        except OSError:  # the other end is closed
            pass
    os.close(ours)
    return written.decode()


def test_colours_are_for_terminals_and_can_be_turned_off(sandbox, monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    program = sandbox.nerve(nerve(nerve_service(free_port())))
    eventually(lambda: "unavailable" in program.get("/status")[1])
    status = ("status", "--api", f"127.0.0.1:{program.api_port}")
    assert "\x1b[" in on_a_terminal(*status)
    plain = on_a_terminal(*status, NO_COLOR="1")
    assert "unavailable" in plain and "\x1b" not in plain
    assert "\x1b" not in sandbox.nerve_command(*status).stdout


@pytest.mark.parametrize("shadow", [True, False])
def test_the_shadow_mode_only_says_what_the_rate_limit_would_hold_back(sandbox, registry, shadow):
    bad = sandbox.path("bad")
    limit = {"averageRate": 0.001, "maxBurst": 1, "shadowMode": shadow}
    checks = [check("exec", command=["test", "!", "-e", bad])]
    program = sandbox.nerve(nerve(nerve_service(1, registry, checks=checks, rateLimiting=limit, weight=1)))
    held = lambda: program.metrics().value("nerve_report_rate_limited_total", name="web")
    eventually(registry.only_record)
    open(bad, "w", encoding="ascii").close()
    eventually(lambda: registry.names() == [])
    before = held()
    os.unlink(bad)
    eventually(lambda: held() > before)
    if shadow:
        eventually(registry.only_record)
        assert "would hold this one back (shadow mode)" in program.log()
    else:
        always(lambda: registry.names() == [], 0.5)
        assert "the rate limit holds back the next" in program.log()

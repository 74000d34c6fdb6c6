"""The command lines, and configurations that are wrong: both programs say where, and do not start."""

import json
import os
import subprocess

import pytest

from harness.configs import nerve, nerve_service
from harness.ports import free_port
from harness.processes import Process
from harness.sandbox import Program, binary
from harness.wait import eventually

NERVE = """# a comment
apiPort: {api_port}
services:
  - name: web
    port: {port}
    checks:
      - type: tcp
        checkIntervalInMilli: 50
        rise: 1
    reporters:
      - type: file
        path: {report}
"""

SYNAPSE = """apiPort: {api_port}
routers:
  - type: console
    services:
      - watcher:
          type: zookeeper
          hosts: [127.0.0.1:{port}]
          path: /services/web
"""


def run(sandbox, program, text, *arguments):
    """(exit status, output) of a program that is to end by itself."""
    process = Program(program, sandbox.unique(program), text, sandbox.directory, arguments)
    sandbox.processes.append(process)
    return process.wait(), process.log(), process.config_path


def good(sandbox, program):
    values = {"api_port": free_port(), "port": free_port(), "report": sandbox.path("report")}
    return (NERVE if program == "nerve" else SYNAPSE).format(**values)


@pytest.mark.parametrize("program", ["nerve", "synapse"])
def test_a_good_configuration_is_checked_without_starting(sandbox, program):
    status, log, _ = run(sandbox, program, good(sandbox, program), "--check")
    assert status == 0, log
    assert not os.path.exists(sandbox.path("report"))


WRONG = [
    ("nerve", "rise: 1", "rise: none", 9, "services[0].checks[0].rise"),
    ("nerve", "checkIntervalInMilli: 50", "checkIntervalInMilli: 0", 8, "services[0].checks[0].checkIntervalInMilli"),
    ("nerve", "type: tcp", "type: tpc", 7, "services[0].checks[0].type"),
    ("nerve", "    port: ", "    port: 7", 5, "services[0].port"),
    ("nerve", "services:", "services: [", None, ""),
    ("synapse", "type: console", "type: haproxi", 3, "routers[0].type"),
    ("synapse", "path: /services/web", "path: services", 8, "routers[0].services[0].watcher.path"),
    ("synapse", "          path: /services/web", "          path:\n\t\t/x", None, ""),
    ("synapse", "[127.0.0.1:", "[127.0.0.1:9", 7, "routers[0].services[0].watcher.hosts"),
]


@pytest.mark.parametrize("arguments", [[], ["--check"]], ids=["start", "check"])
@pytest.mark.parametrize("program,old,new,line,key", WRONG, ids=[f"{w[0]}-{w[4] or 'syntax'}" for w in WRONG])
def test_a_wrong_configuration_is_refused_with_its_place(sandbox, program, old, new, line, key, arguments):
    text = good(sandbox, program)
    assert old in text
    status, log, path = run(sandbox, program, text.replace(old, new), *arguments)
    assert status not in (0, None) and status > 0
    assert f"{path}:{line}: {key}" in log if line else f"{path}:" in log, log


@pytest.mark.parametrize("program", ["nerve", "synapse"])
def test_all_errors_are_told_at_once(sandbox, program):
    text = good(sandbox, program).replace("apiPort: ", "apiPort: x").replace("type: ", "type: x")
    _, log, path = run(sandbox, program, text)
    assert log.count(f"{path}:") >= 3, log


@pytest.mark.parametrize("program", ["nerve", "synapse"])
def test_an_unknown_key_is_a_warning_with_the_nearest_name_and_an_error_when_strict(sandbox, program):
    text = good(sandbox, program).replace("apiPort:", "apiHosst: 127.0.0.1\napiPort:")
    status, log, _ = run(sandbox, program, text, "--check")
    assert status == 0 and "apiHosst" in log and "apiHost" in log.replace("apiHosst", ""), log
    status, log, _ = run(sandbox, program, text, "--check", "--strict")
    assert status > 0 and "apiHosst" in log, log


@pytest.mark.parametrize("program", ["nerve", "synapse"])
def test_the_version_needs_no_configuration(sandbox, program):
    process = Process("version", [binary(program), "-V"], sandbox.path("log"))
    assert process.wait() == 0
    assert process.log().strip()


@pytest.mark.parametrize("program", ["nerve", "synapse"])
def test_a_missing_file_is_named(sandbox, program):
    process = Process("missing", [binary(program), sandbox.path("nowhere.yml")], sandbox.path("log"))
    assert process.wait() > 0
    assert sandbox.path("nowhere.yml") in process.log()


def test_yaml_with_comments_and_json_are_the_same(sandbox):
    program = sandbox.nerve(good(sandbox, "nerve"), wait=False)
    eventually(lambda: os.path.exists(sandbox.path("report")))
    assert program.stop() == 0
    config = nerve(nerve_service(free_port(), reporters=[{"type": "file", "path": sandbox.path("other")}]))
    status, log, _ = run(sandbox, "nerve", json.dumps(config), "--check")
    assert status == 0, log


def test_the_environment_is_expanded_twice_and_must_be_there(sandbox, monkeypatch):
    monkeypatch.setenv("TEST_PORT", "{{ .TEST_INNER }}")
    monkeypatch.setenv("TEST_INNER", "none")
    text = good(sandbox, "nerve").replace("rise: 1", "rise: {{ .TEST_PORT }}")
    _, log, path = run(sandbox, "nerve", text)
    assert f"{path}:9: services[0].checks[0].rise" in log and "none" in log
    status, log, path = run(sandbox, "nerve", text.replace("TEST_PORT", "TEST_UNKNOWN"))
    assert status > 0 and f"{path}:9:" in log and "TEST_UNKNOWN" in log


SECRETS = {
    "nerve": ("      - type: tcp\n", "      - type: redis\n        password: hunter2\n", "services[0].checks[0].password"),
    "synapse": ("  - type: console\n", "  - type: haproxy\n    global: ['stats auth bob:hunter2']\n", "routers[0].global[0]"),
}


@pytest.mark.parametrize("program", ["nerve", "synapse"])
def test_a_secret_in_a_file_that_others_read_is_a_warning(sandbox, program):
    plain, secret, key = SECRETS[program]
    path = sandbox.path("secret.yml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(good(sandbox, program).replace(plain, secret))
    for mode, told in [(0o644, True), (0o640, True), (0o600, False)]:
        os.chmod(path, mode)
        checked = subprocess.run([binary(program), "--check", "--strict", path], capture_output=True, text=True, timeout=60)
        assert checked.returncode == 0, checked.stderr
        assert (f"chmod 600 {path}" in checked.stderr) == told, f"{mode:o}: {checked.stderr}"
        assert (f"{key}: " in checked.stderr) == told and "hunter2" not in checked.stderr

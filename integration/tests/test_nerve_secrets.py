"""What nerve tells of a configuration that is full of secrets."""

import json
import os

import pytest

from harness.configs import check, nerve, nerve_service
from harness.ports import free_port
from harness.wait import eventually

SECRET = "geheim-4711"


def test_config_shows_no_secret(sandbox):
    port = free_port()
    checks = [
        check("exec", command=["false", "-a", SECRET]),
        check("exec", command=["false", SECRET, f"--like={SECRET}"]),
        check("exec", command=["sh", "-c", f"exit 1; mysql --password {SECRET}"], environment={"PW": SECRET, "OPTION": SECRET}),
        check("http", port=port, path=f"/x?q={SECRET}", body=f"key: {SECRET}"),
        check("http", port=port, headers={"X-Auth": SECRET, "Cookie": SECRET, "X-Vault-Key": SECRET, "Host": "a.test"}),
        check("proxyhttp", port=port, proxyUsername="u", proxyPassword=SECRET, urls=[f"http://h/a?t={SECRET}", f"h/b?k={SECRET}"]),
        check("redis", port=port, password=SECRET),
        check("sql", port=port, datasource=f"root:{SECRET}@tcp(127.0.0.1:{port})/"),
    ]
    service = nerve_service(1, checks=checks, preAvailableCommand=["c", "--token", SECRET], labels={"api_key": SECRET})
    program = sandbox.nerve(nerve(service), arguments=["-L", "trace"])
    eventually(lambda: json.loads(program.get("/services/web/status")[1])["State"] == "unavailable")
    status, shown = program.get("/config")
    assert status == 200
    assert SECRET not in shown
    (seen,) = json.loads(shown)["services"]
    assert seen["preAvailableCommand"] == ["c", "--token", "***"]
    assert seen["checks"][1]["command"] == ["false", "***", "--like=***"]
    log = "".join(line for line in program.log().splitlines() if not line.startswith("{"))  # a record is no secret
    assert SECRET not in log + program.get("/events")[1] + program.get("/metrics")[1] + program.get("/status")[1]
    assert seen["labels"] == {"api_key": "***"}
    assert [each["type"] for each in seen["checks"]] == [each["type"] for each in checks]
    assert seen["checks"][2]["environment"] == {"PW": "***", "OPTION": "***"}
    assert seen["checks"][3]["path"] == "/x?***"
    assert seen["checks"][4]["headers"] == {"X-Auth": "***", "Cookie": "***", "X-Vault-Key": "***", "Host": "a.test"}
    assert seen["checks"][5]["urls"] == ["http://h/a?***", "h/b?***"]


def dumpable(program):
    """What /proc has of a process that must not be dumped belongs to root, whoever runs it."""
    owned = f"/proc/{program.pid}/environ"
    return os.stat(owned).st_uid != 0


UNPRIVILEGED = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user")
@pytest.mark.parametrize("allowed", [False, True])
@pytest.mark.parametrize("kind", ["nerve", "synapse"])
def test_no_core_is_dumped(sandbox, kind, allowed):
    os.chmod(sandbox.directory, 0o777)
    if kind == "nerve":
        program = sandbox.nerve(nerve(nerve_service(free_port()), coreDumps=allowed), wrapper=UNPRIVILEGED)
    else:
        watcher = {"type": "fixed", "servers": ["127.0.0.1:1"]}
        router = {"type": "console", "services": [{"name": "web", "watcher": watcher}]}
        program = sandbox.synapse({"coreDumps": allowed, "routers": [router]}, wrapper=UNPRIVILEGED)
    assert dumpable(program) == allowed


def test_a_password_that_everybody_can_read_is_refused(sandbox, registry):
    path = sandbox.path("password")
    with open(path, "w", encoding="utf-8") as file:
        file.write(SECRET)
    os.chmod(path, 0o644)
    zookeeper = {"type": "zookeeper", "hosts": [registry.server.hosts], "path": registry.path}
    reporter = {**zookeeper, "auth": {"username": "nerve", "passwordFile": path}}
    program = sandbox.nerve(nerve(nerve_service(1, reporters=[reporter])), wait=False)
    assert program.wait() == 1
    assert "chmod 600" in program.log() and SECRET not in program.log()


@pytest.mark.parametrize(
    "check",
    [
        {"type": "sql", "datasource": f"root:{SECRET}@tcp(127.0.0.1:x)/"},
        {"type": "sql", "datasource": f"root:{SECRET}@nowhere(/"},
        {"type": "sql", "driver": "postgres", "datasource": f"postgres://u:{SECRET}@h:99999/d?x=%zz"},
        {"type": "sql", "driver": "postgres", "datasource": f"host=h password='{SECRET}"},
        {"type": "amqp", "datasource": f"amqp://u:{SECRET}@h:port/"},
        {"type": "amqp", "datasource": f"amqps://u:{SECRET}@h/"},
        {"type": "proxyhttp", "proxyPassword": [SECRET], "urls": [f"ftp://u:{SECRET}@h/"]},
    ],
)
def test_an_error_of_the_configuration_shows_no_secret(sandbox, check):
    path = sandbox.path("bad.yml")
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"services": [{"port": 1, "checks": [check]}]}, file)
    told = sandbox.nerve_command("--check", path)
    assert told.returncode == 1
    assert SECRET not in told.stdout + told.stderr

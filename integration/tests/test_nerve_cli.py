"""`nerve status`, `disable`, `enable`, `weight`: what an operator types."""

import json
import os
import re
import threading

from harness.configs import check, nerve, nerve_service
from harness.ports import free_port
from harness.wait import eventually

FINE, NOT_SO, USAGE, UNREACHABLE = 0, 1, 2, 3


class Operator:
    """Types `nerve ARGUMENTS` at one running nerve."""

    def __init__(self, sandbox, program):
        self._sandbox = sandbox
        self._where = ("--api", f"127.0.0.1:{program.api_port}")

    def types(self, *arguments):
        return self._sandbox.nerve_command(*arguments, *self._where)


def start(sandbox, *services, **keys):
    program = sandbox.nerve(nerve(*services, **keys))
    return program, Operator(sandbox, program)


def test_status_is_a_table(sandbox):
    backend = sandbox.backend("a")
    refused = free_port()
    program, operator = start(
        sandbox,
        nerve_service(backend.port, name="web"),
        nerve_service(refused, name="a/longer-name", weight=100),
    )
    eventually(lambda: all(words in program.get("/status")[1] for words in ("unavailable", '"CurrentWeight":255')))
    done = operator.types("status")
    assert done.returncode == NOT_SO, "one of them is not available"
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        "NAME           STATE        WEIGHT  ADDRESS          REASON",
        f"web            available    255     127.0.0.1:{backend.port}  -",
        f"a/longer-name  unavailable  0/100   127.0.0.1:{refused}  connection refused by 127.0.0.1:{refused}",
    ]
    done = operator.types("status", "web")
    assert done.returncode == FINE
    assert re.search(rf"^tcp +up +\d+\.\d ms +127\.0\.0\.1:{backend.port} +-$", done.stdout, re.M), done.stdout
    done = operator.types("status", "a/longer-name")
    assert done.returncode == NOT_SO
    assert re.search(rf"^tcp +down .*connection refused by 127\.0\.0\.1:{refused}$", done.stdout, re.M), done.stdout


def test_status_can_be_json(sandbox):
    backend = sandbox.backend("a")
    program, operator = start(sandbox, nerve_service(backend.port))
    eventually(lambda: program.get("/status")[0] == 200)
    done = operator.types("status", "--json")
    assert done.returncode == FINE
    assert [service["Name"] for service in json.loads(done.stdout)] == ["web"]
    done = operator.types("status", "web", "--json")
    assert json.loads(done.stdout)["Checks"][0]["Up"] is True


def test_a_service_is_disabled_and_enabled_again(sandbox, registry):
    backend = sandbox.backend("a")
    program, operator = start(sandbox, nerve_service(backend.port, registry, name="a/b"))
    eventually(lambda: registry.only_record()["available"])
    done = operator.types("disable", "a/b")
    assert (done.returncode, done.stdout) == (FINE, "a/b is disabled and may be stopped\n")
    assert registry.names() == [], "when the command is over, the world knows"
    assert operator.types("status").returncode == NOT_SO
    done = operator.types("enable", "a/b")
    assert (done.returncode, done.stdout) == (FINE, "a/b is enabled\n")
    eventually(lambda: registry.only_record()["available"])
    done = operator.types("weight", "a/b", 7)
    assert (done.returncode, done.stdout) == (FINE, "a/b has the full weight 7\n")
    eventually(lambda: registry.only_record()["weight"] == 7)


def test_force_announces_what_is_down(sandbox, registry):
    _, operator = start(sandbox, nerve_service(free_port(), registry))
    done = operator.types("enable", "web", "--force")
    assert (done.returncode, done.stdout) == (FINE, "web is announced, whatever its checks say\n")
    eventually(lambda: registry.only_record()["available"])
    done = operator.types("status")
    assert done.returncode == FINE and "available (forced)" in done.stdout


def test_all_services_at_once(sandbox):
    backend = sandbox.backend("a")
    stopped = sandbox.path("stopped")
    services = [
        nerve_service(backend.port, name="one", disableShutdownCommand=["touch", stopped]),
        nerve_service(backend.port, name="two", excludeFromGlobalDisable=True),
    ]
    program, operator = start(sandbox, *services)
    eventually(lambda: program.get("/status")[0] == 200)
    done = operator.types("weight", "--all", 50)
    assert done.returncode == FINE and done.stdout.count("50") >= 2, done.stdout
    done = operator.types("disable", "--all", "--shutdown")
    assert done.returncode == FINE
    states = {line.split()[0]: line.split()[1] for line in done.stdout.splitlines()[1:]}
    assert states == {"one": "disabled", "two": "available"}
    assert os.path.exists(stopped)
    assert operator.types("enable", "--all").returncode == FINE
    eventually(lambda: operator.types("status").returncode == FINE)


def test_an_interrupted_or_long_disable_is_not_success(sandbox):
    backend = sandbox.backend("a")
    service = nerve_service(
        backend.port, disableGracefullyDoneCommand=["false"], disableMaxDurationInMilli=60_000
    )
    program, operator = start(sandbox, service)
    eventually(lambda: program.get("/status")[0] == 200)
    done = operator.types("disable", "web", "--timeout", 1)
    assert done.returncode == NOT_SO
    assert "within 1000 ms; the disabling goes on" in done.stderr and done.stdout == ""
    assert operator.types("status").stdout.split()[6] == "draining"
    waiting = {}
    thread = threading.Thread(target=lambda: waiting.update(done=operator.types("disable", "web")))
    thread.start()
    eventually(lambda: program.log().count("disabling") >= 2)
    assert thread.is_alive()
    assert operator.types("enable", "web").returncode == FINE
    thread.join(20)
    assert waiting["done"].returncode == NOT_SO and "interrupted" in waiting["done"].stderr


def test_the_config_says_where_nerve_is(sandbox):
    backend = sandbox.backend("a")
    secret = sandbox.path("token")
    with open(secret, "w", encoding="ascii") as file:
        file.write("s3cret")
    os.chmod(secret, 0o600)
    config = nerve(nerve_service(backend.port), apiSocket=sandbox.path("nerve.sock"), apiTokenFile=secret)
    program = sandbox.nerve(config)
    eventually(lambda: program.get("/status")[0] == 200)
    assert sandbox.nerve_command("status", "--config", program.config_path).returncode == FINE
    assert sandbox.nerve_command("weight", "web", 7, "--config", program.config_path).returncode == FINE
    socket = ("--api", f"unix:{sandbox.path('nerve.sock')}")
    done = sandbox.nerve_command("weight", "web", 8, *socket)
    assert done.returncode == NOT_SO and "--token-file" in done.stderr
    assert sandbox.nerve_command("weight", "web", 8, *socket, "--token-file", secret).returncode == FINE
    assert sandbox.nerve_command("status", "--api", sandbox.path("nerve.sock")).returncode == FINE
    os.chmod(secret, 0o644)
    done = sandbox.nerve_command("weight", "web", 9, "--config", program.config_path)
    assert done.returncode == USAGE and "chmod 600" in done.stderr
    assert json.loads(program.get("/services/web/status")[1])["MaxWeight"] == 8


def test_what_is_wrong_is_said(sandbox):
    _, operator = start(sandbox, nerve_service(free_port(), checks=[check(port=free_port())]))
    done = operator.types("disable", "nobody")
    assert done.returncode == NOT_SO and 'there is no service "nobody"' in done.stderr
    port = free_port()
    done = sandbox.nerve_command("status", "--api", f"127.0.0.1:{port}")
    assert done.returncode == UNREACHABLE
    assert f"connection refused by 127.0.0.1:{port}; does nerve run? --api or --config say where" in done.stderr
    done = sandbox.nerve_command("status", "--api", sandbox.path("nothing.sock"))
    assert done.returncode == UNREACHABLE and "nothing.sock" in done.stderr
    stranger = sandbox.backend("stranger")
    done = sandbox.nerve_command("status", "--api", f"127.0.0.1:{stranger.port}")
    assert done.returncode == UNREACHABLE and "is it nerve" in done.stderr
    assert sandbox.nerve_command("status", "--api", ":x").returncode == USAGE
    assert sandbox.nerve_command("status", "--config", "/nowhere.yml").returncode == USAGE
    assert sandbox.nerve_command("disable").returncode == USAGE
    assert sandbox.nerve_command("weight", "web", 256).returncode == USAGE


def test_a_nerve_that_stands_still_is_given_up(sandbox):
    program, operator = start(sandbox, nerve_service(free_port()))
    program.pause()
    done = operator.types("status", "--timeout", 0.2)
    program.resume()
    assert done.returncode == UNREACHABLE and "within 200 ms" in done.stderr


def test_a_config_that_is_called_like_a_command(sandbox):
    path = sandbox.path("status")
    with open(path, "w", encoding="ascii") as file:
        json.dump(nerve(nerve_service(free_port())), file)
    done = sandbox.nerve_command("--check", "./status")
    assert done.returncode == 0 and "./status is good: " in done.stdout

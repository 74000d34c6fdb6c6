"""`synapse status`, `explain`, `diff`: what an operator types."""

import json
import re

from harness.configs import synapse, synapse_service
from harness.ports import free_port
from harness.wait import eventually

FINE, NOT_SO, USAGE, UNREACHABLE = 0, 1, 2, 3


class Operator:
    """Types `synapse ARGUMENTS` at one running synapse."""

    def __init__(self, sandbox, program):
        self._sandbox = sandbox
        self._where = ("--api", f"127.0.0.1:{program.api_port}")

    def types(self, *arguments):
        return self._sandbox.synapse_command(*arguments, *self._where)


def start(sandbox, registry, **keys):
    program = sandbox.synapse({**synapse(synapse_service(registry, free_port(), name="web")), **keys}).await_ready()
    return program, Operator(sandbox, program)


def test_status_is_a_table(sandbox, registry):
    port = sandbox.backend("a").port
    registry.add("a", port, weight=9)
    _, operator = start(sandbox, registry)
    eventually(lambda: operator.types("status").returncode == FINE, 20)
    done = operator.types("status")
    assert done.stderr == ""
    assert done.stdout.splitlines()[0].split() == ["SERVICE", "STATE", "IN/WANTED", "AGE", "ROUTER", "TROUBLE"]
    assert re.fullmatch(r"web +ok +1/1 +\d+ s +haproxy /\S+ +-", done.stdout.splitlines()[1])
    done = operator.types("status", "web")
    assert done.returncode == FINE
    assert re.search(rf"^a +in +9 +127\.0\.0\.1:{port} +ready with weight 9$", done.stdout, re.M), done.stdout
    assert f"source   zookeeper {registry.path}, confirmed " in done.stdout


def test_a_service_without_a_server_is_not_fine(sandbox, registry):
    _, operator = start(sandbox, registry)
    done = operator.types("status")
    assert done.returncode == NOT_SO and re.search(r"^web +empty +0/0", done.stdout, re.M), done.stdout


def test_status_can_be_json(sandbox, registry):
    registry.add("a", sandbox.backend("a").port)
    _, operator = start(sandbox, registry)
    [summary] = json.loads(operator.types("status", "--json").stdout)
    assert summary["service"] == "web" and "servers" not in summary
    [service] = json.loads(operator.types("status", "web", "--json").stdout)
    assert [server["name"] for server in service["servers"]] == ["a"]
    assert json.loads(operator.types("diff", "--json").stdout) == []


def test_explain_says_why_a_server_is_out(sandbox, registry):
    registry.add("a", sandbox.backend("a").port)
    registry.add("b", sandbox.backend("b").port)
    _, operator = start(sandbox, registry)
    eventually(lambda: operator.types("explain", "web", "b").returncode == FINE, 20)
    assert operator.types("explain", "web", "b").stdout.startswith("in: ready with weight ")
    registry.add("b", 1, available=False, unavailable_reason="HTTP 503 from /health")
    eventually(lambda: "HTTP 503" in operator.types("explain", "web", "b").stdout)
    registry.remove("b")
    eventually(lambda: "no record" in operator.types("explain", "web", "b").stdout)
    done = operator.types("explain", "web", "b")
    assert done.returncode == NOT_SO
    assert re.match(r"out: no record since \d\d:\d\d:\d\d; last reason: HTTP 503 from /health", done.stdout), done.stdout
    done = operator.types("explain", "web", "b", "--json")
    assert done.returncode == NOT_SO and json.loads(done.stdout)[0]["kind"] == "gone"
    assert "nobody of that name was seen" in operator.types("explain", "web", "x").stdout


def test_diff_is_empty_when_haproxy_has_what_is_wanted(sandbox, registry):
    registry.add("a", sandbox.backend("a").port)
    _, operator = start(sandbox, registry)
    eventually(lambda: operator.types("diff").returncode == FINE, 20)
    assert operator.types("diff").stdout == "no difference\n"


def test_diff_shows_what_haproxy_does_not_have(sandbox, registry):
    registry.add("a", sandbox.backend("a").port)
    service = synapse_service(registry, free_port(), name="web", routerOptions={"backend": ["balance static-rr"]})
    program = sandbox.synapse(synapse(service, reloadMinIntervalInMilli=600_000)).await_ready()
    operator = Operator(sandbox, program)
    eventually(lambda: operator.types("diff").returncode == FINE, 20)
    port = sandbox.backend("b").port
    registry.add("b", port, weight=7)
    done = eventually(lambda: (d := operator.types("diff")).returncode == NOT_SO and "is due" in d.stdout and d, 20)
    assert done.stdout.splitlines()[0].split() == ["SERVICE", "SERVER", "WHAT", "WANTED", "HAS", "WHY"]
    row = rf"web +b +missing +127\.0\.0\.1:{port} weight 7 +- +a reload is due, backend_not_dynamic: .*"
    assert re.fullmatch(row, done.stdout.splitlines()[1]), done.stdout


def test_the_config_says_where_synapse_is(sandbox, registry):
    path = sandbox.path("synapse.sock")
    program, _ = start(sandbox, registry, apiSocket=path)
    for where in (("--config", program.config_path), ("--api", f"unix:{path}"), ("--api", path)):
        done = sandbox.synapse_command("status", *where)
        assert done.returncode == NOT_SO and "web" in done.stdout, done


def test_what_is_wrong_is_said(sandbox, registry):
    _, operator = start(sandbox, registry)
    done = operator.types("status", "nobody")
    assert done.returncode == NOT_SO and 'there is no service "nobody"; synapse status lists' in done.stderr
    port = free_port()
    done = sandbox.synapse_command("status", "--api", f"127.0.0.1:{port}")
    assert done.returncode == UNREACHABLE
    assert f"connection refused by 127.0.0.1:{port}; does synapse run? --api or --config say where" in done.stderr
    stranger = sandbox.backend("stranger")
    done = sandbox.synapse_command("status", "--api", f"127.0.0.1:{stranger.port}")
    assert done.returncode == UNREACHABLE and "is it synapse" in done.stderr
    assert sandbox.synapse_command("status", "--api", ":x").returncode == USAGE
    assert sandbox.synapse_command("status", "--config", "/nowhere.yml").returncode == USAGE
    assert sandbox.synapse_command("explain", "web").returncode == USAGE


def test_a_synapse_that_stands_still_is_given_up(sandbox, registry):
    program, operator = start(sandbox, registry)
    program.pause()
    done = operator.types("status", "--timeout", 0.2)
    program.resume()
    assert done.returncode == UNREACHABLE and "within 200 ms" in done.stderr


def test_a_config_that_is_called_like_a_command(sandbox, registry):
    path = sandbox.path("status")
    with open(path, "w", encoding="ascii") as file:
        json.dump(synapse(synapse_service(registry, free_port())), file)
    done = sandbox.synapse_command("--check", "./status")
    assert done.returncode == 0 and "./status is good: " in done.stdout

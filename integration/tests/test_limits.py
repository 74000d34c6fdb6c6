"""A bound that is hit shows in the metrics, as the tables "Limits" of the READMEs say."""

import os
import re

from kazoo.exceptions import NoNodeError

from harness.configs import check, nerve, nerve_service, synapse, synapse_service
from harness.ports import free_port
from harness.wait import eventually

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FILE_OF_SERVERS_BYTES = 8 << 20


# Its series begin when they are counted for the first time.
RELOADS = "synapse_haproxy_reload_total"


def text_of(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


def hits(program, limit):
    kind = "nerve" if program.metrics().names & {"nerve_limit_hit_total"} else "synapse"
    return program.metrics().value(f"{kind}_limit_hit_total", limit=limit)


def rises(program, limit):
    eventually(lambda: hits(program, limit) > 0, 20, f"{limit} is counted")


def test_nerve_counts_what_checks_have_too_much_of(sandbox, serve):
    server = serve(lambda _: (200, "x" * (64 << 10) + "ready"))
    checks = [check("http", port=server.port, expectBody="xxx"), check("exec", command=["sh", "-c", "printf %0300d 0; exit 1"])]
    program = sandbox.nerve(nerve(nerve_service(1, checks=checks)))
    eventually(lambda: len(server.requests) > 2)
    assert hits(program, "check_body") == hits(program, "command_output") == 0
    checks = [check("http", port=server.port, expectBody="ready"), check("exec", command=["sh", "-c", "printf %0301d 0; exit 1"])]
    program = sandbox.nerve(nerve(nerve_service(1, checks=checks)))
    for limit in ("check_body", "command_output"):
        rises(program, limit)


def test_nerve_counts_that_it_mends_its_node_later(sandbox, registry):
    program = sandbox.nerve(nerve(nerve_service(sandbox.backend("a").port, registry)))
    eventually(registry.names)
    assert hits(program, "mending") == 0
    (name,) = registry.names()

    def overwritten():
        try:
            registry.client.set(f"{registry.path}/{name}", b"{}")
        except NoNodeError:
            pass
        return hits(program, "mending") > 0

    eventually(overwritten, 30, "mending is counted")
    eventually(lambda: registry.only_record()["available"], 30)


def test_nerve_counts_files_that_are_too_long(sandbox):
    directory = sandbox.path("services")
    os.mkdir(directory)
    program = sandbox.nerve({"servicesDir": directory, **nerve(nerve_service(free_port()))})
    assert hits(program, "file_bytes") == 0
    with open(os.path.join(directory, "long.yml"), "w", encoding="ascii") as file:
        file.write("#" * (16 << 20) + "\n")
    rises(program, "file_bytes")


def test_synapse_counts_files_that_are_too_long(sandbox):
    path = sandbox.path("servers.yml")
    with open(path, "w", encoding="ascii") as file:
        file.write("- 127.0.0.1:1\n")
    service = {"name": "web", "port": free_port(), "watcher": {"type": "file", "path": path}}
    program = sandbox.synapse(synapse(service)).await_ready()
    assert hits(program, "file_bytes") == 0
    with open(path, "a", encoding="ascii") as file:
        file.write("#" * FILE_OF_SERVERS_BYTES + "\n")
    rises(program, "file_bytes")


def test_synapse_counts_what_it_does_not_tell(sandbox, registry):
    """More bad records at once than are told singly, and a command that says more than is kept."""
    registry.client.ensure_path(registry.path)
    template = {
        "type": "template",
        "template": "{{#services}}{{name}}{{/services}}\n",
        "destinationFile": sandbox.path("out"),
        "postTemplateCommand": ["sh", "-c", "printf %05000d 0; exit 1"],
        "services": [synapse_service(registry, name="web")],
    }
    program = sandbox.synapse({"routers": [template]})
    for number in range(150):
        registry.put(f"bad{number}", b"no record")
    for limit in ("told_troubles", "command_output"):
        rises(program, limit)


def told(sandbox, registry):
    """/metrics of both programs when every part of them has something to do."""
    path = sandbox.path("servers")
    with open(path, "w", encoding="ascii") as file:
        file.write("- 127.0.0.1:1\n")
    announced = nerve_service(sandbox.backend("a").port, registry, preAvailableCommand=["false"])
    announcer = sandbox.nerve(nerve(announced))
    eventually(lambda: announcer.metrics().total("nerve_exec_failure_total") > 0)
    routed = [
        synapse_service(registry, free_port(), name="web", maxServers=1),
        {"name": "broken", "port": free_port(), "watcher": {"type": "file", "path": path}},
    ]
    router = sandbox.synapse(synapse(*routed)).await_ready()
    registry.put("bad", b"no record")
    os.remove(path)
    for metric in ("synapse_watcher_failure", "synapse_record_rejected_total"):
        eventually(lambda: router.metrics().total(metric) > 0, what=metric)
    return {"nerve": announcer.metrics(), "synapse": router.metrics()}


def test_the_metrics_of_limits_are_there_and_described(sandbox, registry):
    shown = told(sandbox, registry)
    reasons = text_of("synapse/haproxy/reload_reason.cc")
    for program, metrics in shown.items():
        text = text_of(f"{program}/README.md")
        table = text.split("\n## Limits\n")[1].split("\n## ")[0]
        elsewhere = text.replace(table, "")
        named = set(re.findall(rf'`({program}_\w+)(?:\{{(\w+)="(\w+)"\}})?`', table))
        assert len(named) > 10
        for name, label, value in named:
            assert f"`{name}" in elsewhere, name
            assert f"# TYPE {name} " in metrics.text, name
            if name == RELOADS:
                assert not label or (label == "reason" and f'"{value}"' in reasons), (label, value)
            elif label:
                assert metrics.values(name, **{label: value}), (name, label, value)
        for limit in {labels["limit"] for name, labels, _ in metrics.samples if name == f"{program}_limit_hit_total"}:
            assert f'`{program}_limit_hit_total{{limit="{limit}"}}`' in table, limit
        # A row either names a metric or says why there is none.
        rows = [line for line in table.splitlines() if line.startswith("| ")][1:]
        assert all(row.split("|")[-2].strip() for row in rows), [row for row in rows if not row.split("|")[-2].strip()]

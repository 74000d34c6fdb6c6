"""The reporters that are not the registry."""

import json
import os

from harness.configs import nerve, nerve_service, reporter
from harness.ports import free_port
from harness.wait import always, eventually


def records_in(text):
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def test_console_prints_a_line_for_each_report(sandbox):
    backend = sandbox.backend("a")
    program = sandbox.nerve(nerve(nerve_service(backend.port, reporters=[{"type": "console"}])))
    up = eventually(lambda: [r for r in records_in(program.log()) if r.get("weight") == 255])[0]
    assert (up["available"], up["host"], up["port"], up["name"]) == (True, "127.0.0.1", backend.port, "web")
    backend.kill()
    down = eventually(lambda: [r for r in records_in(program.log()) if r["available"] is False])[-1]
    assert down["weight"] == 0 and down["unavailable_reason"]


def test_console_is_the_default(sandbox):
    backend = sandbox.backend("a")
    service = nerve_service(backend.port)
    del service["reporters"]
    program = sandbox.nerve(nerve(service))
    eventually(lambda: records_in(program.log()))
    assert "console" in program.log().split("{")[0], "with a warning"


def test_a_file_holds_the_current_record_and_is_empty_when_down(sandbox):
    backend = sandbox.backend("a")
    path = sandbox.path("report")
    sandbox.nerve(nerve(nerve_service(backend.port, reporters=[{"type": "file", "path": path}])))
    eventually(lambda: json.loads(read(path) or "{}").get("weight") == 255)
    backend.kill()
    eventually(lambda: read(path) == "")
    sandbox.backend("a", backend.port)
    eventually(lambda: json.loads(read(path) or "{}").get("weight") == 255)


def test_a_file_can_be_appended_to(sandbox):
    backend = sandbox.backend("a")
    path = sandbox.path("report")
    sandbox.nerve(nerve(nerve_service(backend.port, reporters=[{"type": "file", "path": path, "append": True}])))
    eventually(lambda: records_in(read(path))[-1]["weight"] == 255)
    backend.kill()
    eventually(lambda: records_in(read(path))[-1]["available"] is False)
    assert len(records_in(read(path))) >= 3


def test_a_reporter_that_fails_does_not_hold_up_the_others(sandbox, registry):
    backend = sandbox.backend("a")
    reporters = [{"type": "file", "path": sandbox.path("missing", "directory", "report")}, reporter(registry)]
    program = sandbox.nerve(nerve(nerve_service(backend.port, reporters=reporters, reportReplayInMilli=100)))
    eventually(lambda: registry.only_record()["weight"] == 255)
    eventually(lambda: program.metrics().value("nerve_reporter_failure_total", name="web", type="file") >= 2)


def test_a_registry_that_is_away_does_not_hold_up_a_file(sandbox):
    backend = sandbox.backend("a")
    path = sandbox.path("report")
    away = {"type": "zookeeper", "hosts": [f"127.0.0.1:{free_port()}"], "path": "/services/web"}
    reporters = [away, {"type": "file", "path": path}]
    program = sandbox.nerve(nerve(nerve_service(backend.port, reporters=reporters)))
    eventually(lambda: json.loads(read(path) or "{}").get("weight") == 255, what="the whole warm-up")
    eventually(lambda: program.metrics().value("nerve_reporter_failure_total", name="web", type="zookeeper") >= 1)
    backend.kill()
    eventually(lambda: read(path) == "")


def test_a_failed_report_is_tried_again_until_it_works(sandbox):
    backend = sandbox.backend("a")
    paths = {name: sandbox.path(name, "report") for name in ("soon", "later")}

    def service(name, replay):
        return nerve_service(
            backend.port,
            name=name,
            reportReplayInMilli=replay,
            reporters=[{"type": "file", "path": paths[name]}],
        )

    program = sandbox.nerve(nerve(service("soon", 50), service("later", 60_000)))
    eventually(lambda: program.metrics().value("nerve_reporter_failure_total", name="soon") >= 5)
    assert program.metrics().value("nerve_reporter_failure_total", name="later") <= 2
    assert program.log().count("service soon: reporter file failed") == 1, "said once, then counted"
    for path in paths.values():
        os.mkdir(os.path.dirname(path))
    eventually(lambda: json.loads(read(paths["soon"]))["available"])
    eventually(lambda: "service soon: reporter file works again" in program.log())
    always(lambda: not os.path.exists(paths["later"]), 0.3)

"""The admin API: the unix socket, the token, the event record, health, and clients that go away."""

import json
import os
import re
import signal
import socket
import stat

import pytest

from harness import web
from harness.configs import check, nerve, nerve_service
from harness.ports import free_port
from harness.wait import always, eventually

CHANGING = ["/disable", "/enable", "/weight/7"]
CHANGING += [f"/services/web{route}" for route in CHANGING]
READING = ["/", "/status", "/services/web/status", "/metrics", "/version", "/health", "/events", "/config"]


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


def secret_file(sandbox, text, mode=0o600):
    path = sandbox.path("token")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(path, mode)
    return path


def put_and_leave(program, path):
    """Sends the request on a connection of its own, and closes that when nerve has begun to work on it."""
    with socket.create_connection(("127.0.0.1", program.api_port)) as client:
        client.sendall(f"PUT {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        eventually(lambda: "disabling" in program.log())


def test_the_api_is_on_a_unix_socket_too(sandbox):
    backend = sandbox.backend("a")
    path = sandbox.path("nerve.sock")
    program = sandbox.nerve(nerve(nerve_service(backend.port), apiSocket=path))
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o660
    assert web.request(path, "/version") == program.get("/version")
    assert web.request(path, "/services/web/weight/9", "PUT")[0] == 200
    assert json.loads(program.get("/status")[1])[0]["MaxWeight"] == 9
    assert program.stop() == 0
    assert not os.path.exists(path), "the socket is removed at the end"


def test_a_socket_left_behind_is_replaced_and_a_used_one_is_not(sandbox):
    path = sandbox.path("nerve.sock")
    config = nerve(nerve_service(free_port()), apiSocket=path)
    first = sandbox.nerve(config)
    second = sandbox.nerve(config, wait=False)
    assert second.wait() == 1
    assert path in second.log() and "another process is using it" in second.log()
    assert web.request(path, "/version")[0] == 200
    first.kill()
    assert os.path.exists(path)
    sandbox.nerve(config)
    assert web.request(path, "/version")[0] == 200


def test_changing_requests_need_the_token(sandbox):
    backend = sandbox.backend("a")
    config = nerve(nerve_service(backend.port, disableMinDurationInMilli=0), apiSocket=sandbox.path("nerve.sock"))
    program = sandbox.nerve({**config, "apiTokenFile": secret_file(sandbox, "s3cret\n")})
    eventually(lambda: program.get("/status")[0] == 200)
    for where in (program.api_port, sandbox.path("nerve.sock")):
        for path in CHANGING:
            for wrong in ({}, bearer("wrong"), bearer("s3cret2"), {"Authorization": "Basic s3cret"}):
                status, headers, _ = web.exchange(where, path, "PUT", headers=wrong)
                assert status == 401 and headers["WWW-Authenticate"] == "Bearer"
            for method in ("GET", "HEAD"):
                status, headers, _ = web.exchange(where, path, method, headers=bearer("s3cret"))
                assert status == 405 and headers["Allow"] == "PUT", "a link must not change anything"
        for path in READING:
            assert web.exchange(where, path)[0] == 200
    status = json.loads(program.get("/services/web/status")[1])
    assert (status["Status"], status["MaxWeight"]) == ("enabled", 255)
    for path in CHANGING:
        assert web.exchange(program.api_port, path, "PUT", headers=bearer("s3cret"))[0] == 200
    assert "s3cret" not in program.log() + program.get("/config")[1]


def test_a_new_token_holds_after_a_reload(sandbox):
    token = secret_file(sandbox, "old")
    program = sandbox.nerve(nerve(nerve_service(free_port()), apiTokenFile=token))
    secret_file(sandbox, "new")
    program.signal(signal.SIGHUP)
    eventually(lambda: web.exchange(program.api_port, "/weight/7", "PUT", headers=bearer("new"))[0] == 200)
    assert web.exchange(program.api_port, "/weight/7", "PUT", headers=bearer("old"))[0] == 401
    secret_file(sandbox, "")
    program.signal(signal.SIGHUP)
    eventually(lambda: "is empty; the old token holds" in program.log())
    assert web.exchange(program.api_port, "/weight/7", "PUT", headers=bearer("new"))[0] == 200


@pytest.mark.parametrize(
    "text, mode, words",
    [("s3cret", 0o644, "chmod 600"), (" \n", 0o600, "is empty"), (None, 0, "No such file")],
)
def test_a_bad_token_file_is_refused_at_the_start(sandbox, text, mode, words):
    token = sandbox.path("nothing") if text is None else secret_file(sandbox, text, mode)
    program = sandbox.nerve(nerve(nerve_service(free_port()), apiTokenFile=token), wait=False)
    assert program.wait() == 1
    assert words in program.log() and token in program.log() and "s3cret" not in program.log()


def test_get_changes_things_with_a_warning(sandbox):
    backend = sandbox.backend("a")
    program = sandbox.nerve(nerve(nerve_service(backend.port)))
    for _ in range(5):
        status, headers, _ = web.exchange(program.api_port, "/services/web/weight/7")
        assert status == 200 and "use PUT" in headers["Warning"]
    assert len(re.findall(r"GET /services/:name/weight/:weight .*use PUT", program.log())) == 1, program.log()
    status, headers, _ = web.exchange(program.api_port, "/services/web/weight/8", "PUT")
    assert status == 200 and headers["Warning"] is None
    status, headers, _ = web.exchange(program.api_port, "/services/web/weight/9", "HEAD")
    assert status == 405
    assert json.loads(program.get("/services/web/status")[1])["MaxWeight"] == 8


def test_get_can_be_switched_off(sandbox):
    program = sandbox.nerve(nerve(nerve_service(free_port()), apiLegacyGet=False))
    for path in CHANGING:
        status, headers, body = web.exchange(program.api_port, path)
        assert (status, headers["Allow"]) == (405, "PUT") and "use PUT" in body
    assert program.put("/weight/7")[0] == 200


def test_a_disable_goes_on_when_its_client_goes_away(sandbox, registry):
    backend = sandbox.backend("a")
    idle = sandbox.path("idle")
    service = nerve_service(
        backend.port,
        registry,
        disableGracefullyDoneCommand=["test", "-e", idle],
        disableGracefullyDoneIntervalInMilli=200,
        disableMaxDurationInMilli=60_000,
    )
    program = sandbox.nerve(nerve(service))
    eventually(lambda: registry.only_record()["available"])
    put_and_leave(program, "/services/web/disable")
    eventually(lambda: not registry.names())
    status = lambda: json.loads(program.get("/services/web/status")[1])  # noqa: E731
    always(lambda: (status()["Status"], status()["State"]) == ("disabled", "draining"), 0.3)
    open(idle, "w", encoding="ascii").close()
    eventually(lambda: status()["State"] == "disabled")
    assert "it may be stopped now" in program.log()


def test_clients_that_gave_up_leave_room_for_others(sandbox):
    backend = sandbox.backend("a")
    service = nerve_service(
        backend.port, disableGracefullyDoneCommand=["false"], disableMaxDurationInMilli=60_000
    )
    program = sandbox.nerve(nerve(service, apiSocket=sandbox.path("nerve.sock")))
    eventually(lambda: program.get("/status")[0] == 200)
    waiting = []
    for _ in range(200):
        client = socket.create_connection(("127.0.0.1", program.api_port))
        client.sendall(b"PUT /disable HTTP/1.1\r\nHost: x\r\n\r\n")
        waiting.append(client)
    assert web.request(sandbox.path("nerve.sock"), "/version")[0] == 200, "the socket has room of its own"
    for client in waiting:
        client.close()
    eventually(lambda: program.get("/version")[0] == 200)
    program.put("/enable")


def test_events_tell_what_happened(sandbox):
    backend = sandbox.backend("a")
    service = nerve_service(backend.port, checks=[check("http", path="/up")])
    program = sandbox.nerve(nerve(service, nerve_service(free_port(), name="other")))
    eventually(lambda: program.get("/services/web/status")[0] == 200)
    backend.answer_with(503)
    eventually(lambda: program.get("/services/web/status")[0] == 503)
    backend.answer_with(200)
    eventually(lambda: program.get("/services/web/status")[0] == 200)
    assert program.put("/services/web/disable")[0] == 200
    assert program.put("/services/web/enable")[0] == 200
    events = json.loads(program.get("/events?service=web")[1])
    assert {event["service"] for event in events} == {"web"}
    for event in events:
        assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", event["time"])
    assert [event["time"] for event in events] == sorted(event["time"] for event in events)
    target = f"http http://127.0.0.1:{backend.port}/up"
    reason = f"HTTP 503 from http://127.0.0.1:{backend.port}/up: a"
    assert [(e["what"], e.get("check"), e["old"], e["new"], e["reason"]) for e in events] == [
        ("check", target, "unknown", "up", ""),
        ("state", None, "unknown", "available", ""),
        ("check", target, "up", "down", reason),
        ("state", None, "available", "unavailable", reason),
        ("check", target, "down", "up", ""),
        ("state", None, "unavailable", "available", ""),
        ("mode", None, "enabled", "disabled", "asked for by an operator"),
        ("state", None, "available", "draining", "service is disabled"),
        ("state", None, "draining", "disabled", "service is disabled"),
        ("mode", None, "disabled", "enabled", "asked for by an operator"),
        ("state", None, "disabled", "available", ""),
    ]
    assert json.loads(program.get("/events?service=web&limit=2")[1]) == events[-2:]
    assert "other" in program.get("/events")[1]


def test_only_the_last_thousand_events_are_kept(sandbox):
    program = sandbox.nerve(nerve(nerve_service(free_port(), disableMinDurationInMilli=0)))
    for _ in range(260):
        program.put("/services/web/enable?force=true")
        program.put("/services/web/enable")
    events = json.loads(program.get("/events")[1])
    assert len(events) == 1000
    assert events[-1]["new"] in ("unavailable", "unknown")


def test_status_tells_why(sandbox):
    backend = sandbox.backend("a")
    refused = free_port()
    checks = [check(), check("http", path="/up"), check(port=refused)]
    program = sandbox.nerve(nerve(nerve_service(backend.port, checks=checks)))

    def judged():  # the service is down as soon as one check is
        status = json.loads(program.get("/services/web/status")[1])
        return [one["Up"] for one in status["Checks"]] == [True, True, False] and status["Reason"] and status

    status = eventually(judged)
    assert status["State"] == "unavailable"
    assert list(status)[6:] == ["Available", "State", "Reason", "Checks", "Reporters"]
    assert status["Reason"] == f"connection refused by 127.0.0.1:{refused}"
    latencies = [one.pop("LastLatencyMs") for one in status["Checks"]]
    assert all(0 < latency < 5000 for latency in latencies)
    assert status["Checks"] == [
        {"Type": "tcp", "Target": f"127.0.0.1:{backend.port}", "Up": True, "Reason": ""},
        {"Type": "http", "Target": f"http://127.0.0.1:{backend.port}/up", "Up": True, "Reason": ""},
        {"Type": "tcp", "Target": f"127.0.0.1:{refused}", "Up": False, "Reason": status["Reason"]},
    ]


def test_health_fails_when_nerve_stood_still(sandbox):
    program = sandbox.nerve(nerve(nerve_service(free_port())))
    status, body = program.get("/health")
    assert status == 200, "that a backend is down is no matter of nerve's health"
    assert json.loads(body)["healthy"] is True and json.loads(body)["checks"] == 1
    program.pause()
    # Longer than the five seconds that are forgiven, and the two to the next heartbeat.
    always(lambda: program.running, 7.3, "it stands still", interval=0.1)
    program.resume()
    status, body = program.get("/health")
    assert status == 503
    assert re.search(r"the event loop was held up for ([5-9]|\d\d)\.\d s", json.loads(body)["problems"][0]), body
    assert json.loads(body)["loopWorstLateMs"] > 5000

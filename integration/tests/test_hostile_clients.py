"""Clients of the admin API that are slow, many, malformed or sent by a web page: of both programs, on both of its sockets."""

import json
import os
import re
import threading

import pytest

from harness import sanitizers, web
from harness.configs import check, nerve, nerve_service, synapse, synapse_service
from harness.hostile import closed, connect, descriptors, exchange, memory, statuses, trickle
from harness.ports import free_port
from harness.wait import always, eventually

PLACES = 64
MANY = 1000
MEGABYTE = 1 << 20
GET = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"
LAST = b"GET /health HTTP/1.0\r\n\r\n"


class Victim:
    """A program at work, with both its doors."""

    def __init__(self, name, program, socket):
        self.name, self.program, self.socket = name, program, socket

    def door(self, way):
        return self.program.api_port if way == "tcp" else self.socket

    def refused(self, kind, reason):
        return self.program.metrics().value(f"{self.name}_api_{kind}_refused_total", reason=reason)

    def healthy(self):
        return self.program.get("/health", timeout=10)[0] == 200


@pytest.fixture(params=["nerve", "synapse"])
def victim(request, sandbox, registry):
    socket = sandbox.path("api.sock")
    if request.param == "nerve":
        service = nerve_service(sandbox.backend("a").port, registry)
        program = sandbox.nerve(nerve(service, apiSocket=socket))
        eventually(lambda: registry.only_record()["available"])
    else:
        registry.add("a", sandbox.backend("a").port)
        config = {**synapse(synapse_service(registry, free_port(), name="web")), "apiSocket": socket}
        program = sandbox.synapse(config).await_ready()
    return Victim(request.param, program, socket)


@pytest.fixture(params=["tcp", "unix"])
def door(request, victim):
    return victim.door(request.param)


def test_a_thousand_silent_clients_do_not_shut_the_door(victim, door):
    before = memory(victim.program)
    clients = [connect(door) for _ in range(MANY)]
    try:
        eventually(lambda: sum(map(closed, clients)) >= MANY - PLACES, what="all but the last ones are closed")
        assert descriptors(victim.program) < 2 * PLACES + 64
        for _ in range(5):
            assert statuses(exchange(door, LAST)) == [200]
        assert not closed(clients[-1]), "the last one has not been silent for long"
        assert memory(victim.program) - before < 16 * MEGABYTE
        assert victim.refused("connections", "displaced") >= MANY - PLACES
        assert len(re.findall("all connections are taken", victim.program.log())) == 1
    finally:
        for client in clients:
            client.close()
    eventually(lambda: descriptors(victim.program) < PLACES, what="their descriptors are given back")


def test_slow_senders_leave_room_and_end(victim, door):
    """A byte now and then does not lengthen the time for the whole; the one that began first goes first."""
    request = b"GET /version HTTP/1.1\r\nHost: localhost\r\nX-Slow: " + b"x" * 7000
    clients = [connect(door) for _ in range(PLACES)]
    took = []
    threads = [threading.Thread(target=lambda c=c: took.append(trickle(c, request, 60))) for c in clients]
    for thread in threads:
        thread.start()
    eventually(lambda: statuses(exchange(door, LAST)) == [200], 10)
    always(lambda: statuses(exchange(door, LAST)) == [200], 5, interval=0.5)
    for thread in threads:
        thread.join()
    assert max(took) < 50 and len(took) == PLACES
    assert victim.refused("connections", "slow") + victim.refused("connections", "displaced") >= PLACES
    assert victim.healthy()


def test_answers_that_nobody_reads_are_bounded(victim, door):
    before = memory(victim.program)
    clients = []
    for _ in range(PLACES):
        client = connect(door)
        client.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n" * 400)
        clients.append(client)
    always(victim.healthy, 1, interval=0.1)
    assert statuses(exchange(door, LAST)) == [200]
    assert memory(victim.program) - before < 32 * MEGABYTE
    for client in clients:
        client.close()
    eventually(lambda: descriptors(victim.program) < PLACES)


def test_many_requests_at_once_are_answered_in_order(victim, door):
    paths = [f"/nowhere/{number}" for number in range(2000)]
    requests = b"".join(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode() for path in paths)
    answer = exchange(door, requests + LAST)
    assert re.findall(rb"there is no (/nowhere/\d+);", answer) == [path.encode() for path in paths]
    assert statuses(answer) == [404] * len(paths) + [200]


HEAD = b"GET /health HTTP/1.1\r\nHost: localhost\r\n"
MALFORMED = {
    "one huge header": (HEAD + b"X: " + b"x" * MEGABYTE + b"\r\n\r\n", {431}),
    "too many headers": (HEAD + b"a: b\r\n" * 10_000 + b"\r\n", {431}),
    "a header without an end": (b"GET /health HTTP/1.1\r\nX: " + b"x" * 20_000, {431}),
    "a long target": (b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\n\r\n", {431}),
    "a huge body": (HEAD + b"Content-Length: 10000000000\r\n\r\n" + b"x" * 200_000, {413}),
    "a huge body in chunks": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + b"ffff\r\n" + b"x" * 0xFFFF + b"\r\nffff\r\n", {413}),
    "a chunk of no size": (HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", {400}),
    "a chunk larger than any": (HEAD + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n", {400, 413}),
    "a negative length": (HEAD + b"Content-Length: -1\r\n\r\n", {400}),
    "a length beyond 64 bits": (HEAD + b"Content-Length: 99999999999999999999999\r\n\r\n", {400}),
    "two lengths": (HEAD + b"Content-Length: 0\r\nContent-Length: 5\r\n\r\nhello", {400}),
    "a length and chunks": (HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", {400}),
    "chunks and a length": (HEAD + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", {400}),
    "no host": (b"GET /health HTTP/1.1\r\n\r\n", {400}),
    "two hosts": (HEAD + b"Host: localhost\r\n\r\n", {400}),
    "two hosts in HTTP/1.0": (b"GET /health HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", {400}),
    "a folded header": (HEAD + b"X: a\r\n\tb\r\n\r\n", {200, 400}),
    "a blank before the colon": (HEAD + b"X : a\r\n\r\n", {400}),
    "a NUL in a header": (HEAD + b"X: a\0b\r\n\r\n", {400}),
    "no version": (b"GET /health\r\n\r\n", {400}),
    "a version to come": (b"GET /health HTTP/9.9\r\n\r\n", {400}),
    "HTTP/2's preface": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {400}),
    "a TLS hello": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\xa5" * 300 + b"\r\n\r\n", {400}),
    "a method of its own": (b"JUMP /health HTTP/1.1\r\nHost: localhost\r\n\r\n", {405}),
    "a method that is none": (b"G\x01T /health HTTP/1.1\r\nHost: localhost\r\n\r\n", {400}),
    "TRACE": (b"TRACE /health HTTP/1.1\r\nHost: localhost\r\n\r\n", {405}),
    "CONNECT": (b"CONNECT localhost:80 HTTP/1.1\r\nHost: localhost\r\n\r\n", {400}),
    "an absolute target": (b"GET http://localhost/health HTTP/1.1\r\nHost: localhost\r\n\r\n", {400}),
    "an asterisk": (b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n", {400}),
    "dots": (b"GET /../../etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n", {404}),
    "encoded dots": (b"GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n", {404}),
    "an encoded NUL": (b"GET /health%00 HTTP/1.1\r\nHost: localhost\r\n\r\n", {404}),
    "two slashes": (b"GET //health HTTP/1.1\r\nHost: localhost\r\n\r\n", {404}),
    "half an escape": (b"GET /health%2 HTTP/1.1\r\nHost: localhost\r\n\r\n", {400}),
    "a broken query": (b"GET /events?limit=%zz HTTP/1.1\r\nHost: localhost\r\n\r\n", {400}),
    "a line of nothing": (b"\r\n\r\n\r\n", {400}),
}


@pytest.mark.parametrize("kind", MALFORMED)
def test_what_is_malformed_is_answered_and_ends(sandbox_victims, kind):
    request, wanted = MALFORMED[kind]
    for victim in sandbox_victims:
        too_large = victim.refused("requests", "too_large")
        # What stands behind it must not be taken for another request, where it is not clear where this one ends.
        answer = exchange(victim.program.api_port, request + b"GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n", LAST)
        assert statuses(answer)[0] in wanted, answer[:300]
        if statuses(answer)[0] in (400, 413, 431) and b"malformed" not in answer:
            assert b"/smuggled" not in answer
        assert b"root:" not in answer and b"\0" not in answer
        is_too_large = statuses(answer)[0] in (413, 431)
        assert victim.refused("requests", "too_large") == too_large + is_too_large
        assert victim.healthy()


@pytest.fixture(scope="module")
def sandbox_victims(zookeeper):
    """One of each for all that does not break them."""
    from harness.sandbox import Sandbox
    from harness.zookeeper import Registry

    sandbox, registry = Sandbox(), Registry(zookeeper, "/services/malformed")
    try:
        port = free_port()
        first = sandbox.nerve(nerve(nerve_service(port)))
        second = sandbox.synapse(synapse(synapse_service(registry, free_port(), name="web")))
        yield [Victim("nerve", first, None), Victim("synapse", second, None)]
    finally:
        registry.close()
        sandbox.close(keep=[zookeeper.process.pid])


def test_half_a_close_gets_its_answer_when_it_is_there_at_once(victim, door):
    with connect(door) as client:
        client.sendall(GET)
        client.shutdown(1)
        assert statuses(client.recv(65536)) == [200]


def test_the_work_goes_on_meanwhile(sandbox, registry):
    """Checks run and the registration follows them while the API is under attack."""
    backend = sandbox.backend("a")
    service = nerve_service(backend.port, registry, checks=[check("http", path="/up")])
    program = sandbox.nerve(nerve(service))
    eventually(lambda: registry.only_record()["available"])
    stop = threading.Event()

    def attack():
        while not stop.is_set():
            clients = [connect(program.api_port) for _ in range(50)]
            for number, client in enumerate(clients):
                try:
                    client.sendall(list(MALFORMED.values())[number % len(MALFORMED)][0][:4000])
                except OSError:
                    pass
            for client in clients:
                client.close()

    threads = [threading.Thread(target=attack) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(3):
            backend.answer_with(503)
            eventually(lambda: not registry.names(), 20)
            backend.answer_with(200)
            eventually(lambda: registry.only_record()["available"], 20)
            eventually(lambda: program.get("/health", timeout=5 * sanitizers.SLOWER)[0] == 200, 20 * sanitizers.SLOWER)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert len(program.log().splitlines()) < 200, "it is told once a minute"


def ask(victim, path, method="GET", **headers):
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return web.exchange(victim.program.api_port, path, method, headers=names)


def test_a_name_of_somebody_else_is_refused(victim):
    """DNS rebinding: a page's own name resolves to this machine."""
    port = victim.program.api_port
    for host in (f"evil.example:{port}", "localhost.evil.example", f"127.0.0.1.evil.example:{port}", "evil.example."):
        for path in ("/", "/metrics", "/config", "/health"):
            status, _, body = ask(victim, path, Host=host)
            assert status == 403 and "apiAllowedHosts" in json.loads(body)["error"], (host, path)
    for host in (f"127.0.0.1:{port}", "localhost", f"[::1]:{port}", "web1", "10.1.2.3", "nerve.ns.svc"):
        assert ask(victim, "/version", Host=host)[0] == 200, host
    assert victim.refused("requests", "foreign") == 16
    assert len(re.findall("for a host that is not ours", victim.program.log())) == 1
    assert "evil" not in victim.program.log(), "what a stranger writes is not in the log"
    assert web.exchange(victim.socket, "/version", headers={"Host": "whatever.example"})[0] == 200, "no page reaches it"


def test_a_page_of_somebody_else_is_refused(victim):
    for origin in ("http://evil.example", "null", "file://"):
        assert ask(victim, "/version", Origin=origin)[0] == 403
    assert ask(victim, "/version", Origin=f"http://127.0.0.1:{victim.program.api_port}")[0] == 200


def test_names_can_be_allowed_while_it_runs(sandbox):
    config = nerve(nerve_service(free_port()), apiAllowedHosts=["api.example"])
    program = sandbox.nerve(config)
    victim = Victim("nerve", program, None)
    assert ask(victim, "/version", Host="api.example:1")[0] == 200
    assert ask(victim, "/version", Host="b.corp.example")[0] == 403
    with open(program.config_path, "w", encoding="utf-8") as file:
        json.dump({**program.config, "apiAllowedHosts": [".corp.example"]}, file)
    eventually(lambda: ask(victim, "/version", Host="b.corp.example")[0] == 200)
    assert ask(victim, "/version", Host="api.example:1")[0] == 403


def test_an_open_api_is_reached_by_any_name_but_not_by_a_page(sandbox):
    """Prometheus and scripts on other hosts name this one as they like."""
    program = sandbox.nerve(nerve(nerve_service(free_port()), apiHost="0.0.0.0"))
    victim = Victim("nerve", program, None)
    assert ask(victim, "/metrics", Host="web1.example.org:3454", User_Agent="Prometheus/2.42.0")[0] == 200
    assert ask(victim, "/weight/7", "PUT", Host="web1.example.org:3454")[0] == 200
    assert ask(victim, "/weight/8", Host="web1.example.org:3454")[0] == 200, "as go-nerve's users do it"
    page = {"User_Agent": "Mozilla/5.0 (X11; Linux x86_64)", "Accept_Language": "en"}
    for path in ("/metrics", "/config", "/weight/9"):
        assert ask(victim, path, Host="evil.example", **page)[0] == 403
    assert ask(victim, "/weight/9", "PUT", Host="evil.example", Origin="http://evil.example")[0] == 403
    assert ask(victim, "/weight/9", "PUT", Host="127.0.0.1", Origin="http://evil.example")[0] == 403
    assert ask(victim, "/weight/9", Host="127.0.0.1", **page)[0] == 405, "a picture in a page"
    assert ask(victim, "/metrics", Host="10.0.0.1", **page)[0] == 200, "a person with a browser may read"
    assert json.loads(program.get("/services/web/status")[1])["MaxWeight"] == 8


def test_wrong_tokens_are_counted_and_told_without_flooding(sandbox):
    token = sandbox.path("token")
    with open(token, "w", encoding="ascii") as file:
        file.write("s3cret-token")
    os.chmod(token, 0o600)
    program = sandbox.nerve(nerve(nerve_service(free_port()), apiTokenFile=token), arguments=["-L", "trace"])
    victim = Victim("nerve", program, None)
    guesses = ["", "x", "s3cret-toke", "s3cret-token2", "S3CRET-TOKEN", "guess-4711" * 100]
    for guess in guesses * 20:
        assert ask(victim, "/disable", "PUT", Authorization=f"Bearer {guess}")[0] == 401
    assert victim.refused("requests", "unauthorized") == 20 * len(guesses)
    log = program.log()
    assert len(re.findall(r"without the right token was refused \(client 127\.0\.0\.1:\d+\)", log)) == 1
    assert "s3cret" not in log and "guess-4711" not in log
    assert ask(victim, "/weight/7", "PUT", Authorization="Bearer s3cret-token")[0] == 200


@pytest.mark.parametrize("hosts", [["http://a"], ["*.example.org"], [""]])
def test_a_bad_allowed_host_is_an_error(sandbox, hosts):
    for program, config in (
        ("nerve", nerve(nerve_service(1), apiAllowedHosts=hosts)),
        ("synapse", {"apiAllowedHosts": hosts, "routers": [{"type": "console", "services": []}]}),
    ):
        path = sandbox.path(f"{program}.yml")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(config, file)
        command = sandbox.nerve_command if program == "nerve" else sandbox.synapse_command
        told = command("--check", path)
        assert told.returncode == 1 and "apiAllowedHosts[0]: must be a host name" in told.stderr

"""The http and https checks beyond the plain GET."""

import json

import pytest

from harness.configs import check, nerve, nerve_service
from harness.servers_http import Certificate
from harness.verdicts import assert_kept_secret, last_reason, reason, start, up
from harness.wait import always, eventually


def mapped(program):
    with open(f"/proc/{program.pid}/maps", encoding="ascii") as file:
        return file.read()


def http(server, **keys):
    return check("http", port=server.port, **keys)


def https(server, **keys):
    return check("https", port=server.port, **keys)


@pytest.mark.parametrize(
    "expected,told", [("200-299,404", "200-299, 404"), (404, "404"), ([200, "404-410"], "200, 404-410")]
)
def test_the_expected_statuses_can_be_given(sandbox, registry, serve, expected, told):
    server = serve(lambda _: (404, "no such page"))
    start(sandbox, registry, http(server, expectStatus=expected))
    eventually(lambda: up(registry))
    server.script = lambda _: (302, "elsewhere")
    url = f"http://127.0.0.1:{server.port}/"
    eventually(lambda: reason(registry) == f"HTTP 302 from {url}, expected {told}: elsewhere")


def test_the_reason_has_the_servers_words(sandbox, registry, serve):
    server = serve(lambda _: (503, "the disk\r\nis full\x1b[31m"))
    program = start(sandbox, registry, http(server, path="/health"))
    words = f"HTTP 503 from http://127.0.0.1:{server.port}/health: the disk is full [31m"
    eventually(lambda: reason(registry) == words)
    eventually(lambda: words in program.log())


def test_method_headers_and_body_are_sent(sandbox, registry, serve):
    server = serve(lambda r: 204 if r.body == "ping" else 500)
    headers = {"Host": "shop.example.org", "Authorization": "Bearer s3cr3t", "X-Check": "yes"}
    keys = {"method": "POST", "body": "ping", "headers": headers, "expectStatus": 204}
    program = start(sandbox, registry, http(server, path="/a?b=c", **keys))
    eventually(lambda: up(registry))
    request = server.requests[-1]
    assert (request.method, request.path, request.body) == ("POST", "/a?b=c", "ping")
    assert {name: request.headers.get(name) for name in headers} == headers
    assert_kept_secret(program, registry, "s3cr3t")


def test_a_query_is_in_no_message(sandbox, registry, serve):
    server = serve(lambda r: 500)
    program = start(sandbox, registry, http(server, path="/a?token=s3cr3t"))
    eventually(lambda: reason(registry).startswith(f"HTTP 500 from http://127.0.0.1:{server.port}/a?..."))
    assert server.requests[-1].path == "/a?token=s3cr3t"
    assert_kept_secret(program, registry, "s3cr3t")


def test_a_head_request_waits_for_no_body(sandbox, registry, serve):
    server = serve(lambda r: (200 if r.method == "HEAD" else 500, "x" * 1000))
    start(sandbox, registry, http(server, method="HEAD"))
    eventually(lambda: up(registry))


@pytest.mark.parametrize("pattern", ["ready", "/^(up|ready)$/"])
def test_the_body_is_looked_at(sandbox, registry, serve, pattern):
    server = serve(lambda _: (200, "web:\nready\n"))
    start(sandbox, registry, http(server, expectBody=pattern))
    eventually(lambda: up(registry))
    server.script = lambda _: (200, "web:\nstarting\n")
    url = f"http://127.0.0.1:{server.port}/"
    eventually(lambda: reason(registry) == f"the answer of {url} does not contain {pattern}: web: starting")


@pytest.mark.parametrize("kind", ["http", "https"])
def test_only_the_first_64_kib_of_a_body_are_read(sandbox, registry, serve, kind):
    certificate = Certificate(sandbox, "127.0.0.1") if kind == "https" else None
    server = serve(lambda _: (200, " " * 65_500 + "early"), certificate)
    start(sandbox, registry, check(kind, port=server.port, expectBody="early"))
    eventually(lambda: up(registry))
    server.script = lambda _: (200, " " * 500_000 + "late")
    eventually(lambda: "does not contain early" in reason(registry))


def test_a_chunked_body_is_put_together(sandbox, registry, serve):
    server = serve(lambda _: (200, "2\r\nre\r\n3\r\nady\r\n0\r\n\r\n", {"Transfer-Encoding": "chunked"}))
    start(sandbox, registry, http(server, expectBody="ready"))
    eventually(lambda: up(registry))


def test_redirects_are_followed_when_asked(sandbox, registry, serve):
    there = serve(lambda _: (503, "not yet"))
    here = serve(lambda _: (302, "", {"Location": f"http://127.0.0.1:{there.port}/there"}))
    program = start(sandbox, registry, http(here, followRedirects=True))
    eventually(lambda: reason(registry) == f"HTTP 503 from http://127.0.0.1:{there.port}/there: not yet")
    there.script = lambda _: 200
    eventually(lambda: up(registry))
    here.script = lambda _: (302, "", {"Location": "/again"})
    eventually(lambda: last_reason(program) == f"http://127.0.0.1:{here.port}/ redirects: more than 5 times")
    here.script = lambda _: (302, "", {"Location": "file:///etc/passwd"})
    eventually(lambda: "neither http nor https" in last_reason(program))
    assert program.running


def test_redirects_are_answers_otherwise(sandbox, registry, serve):
    server = serve(lambda r: (302, "", {"Location": "/there"}) if r.path == "/" else 500)
    start(sandbox, registry, http(server))
    eventually(lambda: up(registry))
    assert {request.path for request in server.requests} == {"/"}


@pytest.mark.parametrize("kind", ["http", "https"])
def test_a_unix_socket_is_asked(sandbox, registry, serve, kind):
    path = sandbox.path("web.sock")
    certificate = Certificate(sandbox, "127.0.0.1") if kind == "https" else None
    server = serve(lambda _: 200, certificate, unix_socket=path)
    program = start(sandbox, registry, check(kind, unixSocket=path, path="/health"))
    eventually(lambda: up(registry))
    server.script = lambda _: 500
    eventually(lambda: reason(registry) == f"HTTP 500 from {kind}://unix:{path}:/health")
    server.close()
    eventually(lambda: last_reason(program) == f"connection refused by {path}")
    server.script = lambda _: 200
    server.open()
    eventually(lambda: up(registry))


def test_https_asks_for_no_certificate_unless_told_to(sandbox, registry, serve):
    server = serve(lambda _: 200, Certificate(sandbox, "elsewhere.example.org"))
    start(sandbox, registry, https(server))
    eventually(lambda: up(registry))


def test_https_can_verify_the_certificate(sandbox, registry, serve):
    certificate = Certificate(sandbox, "127.0.0.1")
    server = serve(lambda _: (200, "ready"), certificate)
    start(sandbox, registry, https(server, caFile=certificate.file, expectBody="ready"))
    eventually(lambda: up(registry))
    server.script = lambda _: (503, "maintenance")
    eventually(lambda: reason(registry) == f"HTTP 503 from https://127.0.0.1:{server.port}/: maintenance")


def test_https_tells_what_it_dislikes_about_a_certificate(sandbox, registry, serve):
    trusted = Certificate(sandbox, "db.example.org")
    server = serve(lambda _: 200, trusted)
    program = start(sandbox, registry, https(server, verify=True))
    not_accepted = f"the certificate of https://127.0.0.1:{server.port}/ is not accepted: "
    eventually(lambda: reason(registry) == not_accepted + "self-signed certificate")
    program.stop()
    program = start(sandbox, registry, https(server, caFile=trusted.file))
    eventually(lambda: "127.0.0.1" in reason(registry).removeprefix(not_accepted))
    program.stop()
    start(sandbox, registry, https(server, caFile=trusted.file, serverName="db.example.org"))
    eventually(lambda: up(registry))
    assert server.requests[-1].headers["Host"] == f"db.example.org:{server.port}"


def test_https_names_a_missing_ca_file(sandbox, registry, serve):
    server = serve(lambda _: 200, Certificate(sandbox, "127.0.0.1"))
    missing = sandbox.path("missing.pem")
    start(sandbox, registry, https(server, caFile=missing))
    eventually(lambda: reason(registry).endswith(f" in {missing}"))


def test_https_needs_a_server_with_tls(sandbox, registry, serve):
    server = serve(lambda _: 200)
    start(sandbox, registry, https(server))
    eventually(lambda: reason(registry) == f"no TLS with https://127.0.0.1:{server.port}/: wrong version number")


@pytest.mark.parametrize("kind", ["http", "https"])
def test_a_server_that_is_silent_and_restarted(sandbox, registry, serve, kind):
    certificate = Certificate(sandbox, "127.0.0.1") if kind == "https" else None
    server = serve(lambda _: 200, certificate)
    program = start(sandbox, registry, check(kind, port=server.port, timeoutInMilli=1000))
    eventually(lambda: up(registry))
    server.script = lambda _: None
    eventually(lambda: reason(registry) == f"no answer from {kind}://127.0.0.1:{server.port}/ within 1000 ms")
    server.close()
    eventually(lambda: last_reason(program) == f"connection refused by 127.0.0.1:{server.port}")
    server.script = lambda _: 200
    server.open()
    eventually(lambda: up(registry))
    always(lambda: up(registry), 0.3)


def test_many_https_checks_leave_no_socket_behind(sandbox, registry, serve):
    server = serve(lambda _: 200, Certificate(sandbox, "localhost"))
    keys = {"checkIntervalInMilli": 10, "timeoutInMilli": 10_000}
    program = start(sandbox, registry, *[https(server, host="localhost", **keys) for _ in range(5)])
    eventually(lambda: len(server.requests) > 100)
    assert up(registry)
    assert len(program.open_sockets()) < 20


def test_environment_proxies_are_not_used(sandbox, registry, serve, monkeypatch):
    for name in ("http_proxy", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    server = serve(lambda _: 200, Certificate(sandbox, "127.0.0.1"))
    start(sandbox, registry, https(server))
    eventually(lambda: up(registry))


def test_libcurl_is_loaded_only_when_it_is_needed(sandbox, registry, serve):
    server = serve(lambda _: 200)
    checks = [check("tcp"), check("http"), check("http", expectBody="", expectStatus="200")]
    program = sandbox.nerve(nerve(nerve_service(server.port, registry, checks=checks)))
    eventually(lambda: up(registry))
    for library in ("libcurl", "libssl", "libnghttp2"):
        assert library not in mapped(program)
    program.stop()
    program = start(sandbox, registry, http(server, followRedirects=True))
    eventually(lambda: up(registry))
    assert "libcurl" in mapped(program)


def test_a_missing_libcurl_is_named_with_its_package(sandbox, registry, serve, monkeypatch):
    open(sandbox.path("libcurl.so.4"), "w").close()
    monkeypatch.setenv("LD_LIBRARY_PATH", sandbox.directory)
    server = serve(lambda _: 200, Certificate(sandbox, "127.0.0.1"))
    start(sandbox, registry, https(server))
    eventually(lambda: reason(registry).startswith("cannot load libcurl.so.4: "))
    assert reason(registry).endswith("; install libcurl4")


def test_what_is_wrong_with_the_keys_is_told(sandbox):
    checks = [
        check("http", expectStatus="20x"),
        check("http", expectBody="/a(/", method="get", headers={"Content-Length": "1", "a b": "c"}),
        check("https", verify=False, caFile="/ca.pem"),
        check("http", unixSocket="relative"),
    ]
    program = sandbox.nerve(nerve(nerve_service(80, checks=checks)), arguments=["--check"], wait=False)
    assert program.wait() != 0
    for words in (
        'expectStatus: must be statuses from 100 to 599 and ranges of them, such as "200,204,301-302", got "20x"',
        "expectBody: is no extended regular expression: ",
        'method: must be an HTTP method such as GET, HEAD or POST, got "get"',
        "headers: Content-Length is for nerve to say; leave it out",
        'headers: must have names of letters, digits and \'-\', got "a b"',
        "caFile: has no effect with verify: false; leave one of them out",
        "unixSocket: must be an absolute path of at most 107 bytes",
    ):
        assert words in program.log(), words


def test_a_service_of_noop_is_always_announced(sandbox, registry):
    program = start(sandbox, registry, check("noop"))
    eventually(lambda: up(registry))
    assert json.loads(program.get("/services/web/status")[1])["Available"] is True

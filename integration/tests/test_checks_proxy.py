"""The proxyhttp check through a real tinyproxy."""

import pytest

from harness.configs import check, nerve, nerve_service
from harness.ports import free_port
from harness.servers_http import Certificate, Tinyproxy
from harness.verdicts import assert_kept_secret, last_reason, reason, start, up
from harness.wait import always, eventually

PASSWORD = "s3cr3t-Wd0rt"


@pytest.fixture
def proxy(sandbox):
    return proxy_for(sandbox)


def proxy_for(sandbox, *users):
    server = Tinyproxy(sandbox.path(sandbox.unique("tinyproxy")), *users).start()
    sandbox.processes.append(server.process)
    return server


def proxied(proxy, *urls, **keys):
    return check("proxyhttp", proxyPort=proxy.port, urls=list(urls), **keys)


def url(server, path="/"):
    return f"http://127.0.0.1:{server.port}{path}"


def test_it_passes_when_any_url_answers(sandbox, registry, serve, proxy):
    there = serve(lambda _: 200)
    nobody = f"http://127.0.0.1:{free_port()}/"
    start(sandbox, registry, proxied(proxy, nobody, f"127.0.0.1:{there.port}/health"))
    eventually(lambda: up(registry))
    assert there.requests[-1].path == "/health"
    assert "tinyproxy" in there.requests[-1].headers["Via"]
    there.script = lambda _: (503, "closed today")
    told = f"through proxy 127.0.0.1:{proxy.port}: HTTP 500 from {nobody}; HTTP 503 from {url(there, '/health')}: closed today"
    eventually(lambda: reason(registry) == told)


def test_it_can_ask_for_all_urls(sandbox, registry, serve, proxy):
    servers = [serve(lambda _: 200), serve(lambda _: 404)]
    start(sandbox, registry, proxied(proxy, *map(url, servers), failOnAnyUnreachable=True))
    eventually(lambda: up(registry))
    servers[1].script = lambda _: (502, "nobody home")
    told = f"through proxy 127.0.0.1:{proxy.port}: HTTP 502 from {url(servers[1])}: nobody home"
    eventually(lambda: reason(registry) == told)


def test_the_urls_are_asked_side_by_side(sandbox, registry, serve, proxy):
    silent = [serve(lambda _: None) for _ in range(3)]
    there = serve(lambda _: 200)
    keys = {"timeoutInMilli": 1000}
    program = start(sandbox, registry, proxied(proxy, *map(url, silent), url(there), **keys))
    eventually(lambda: up(registry))
    there.script = lambda _: 500
    words = [f"no answer from {url(server)} within 1000 ms" for server in silent]
    expected = "; ".join([*words, f"HTTP 500 from {url(there)}"])
    eventually(lambda: last_reason(program) == f"through proxy 127.0.0.1:{proxy.port}: {expected}")


def test_https_goes_through_a_tunnel(sandbox, registry, serve, proxy):
    server = serve(lambda _: 200, Certificate(sandbox, "127.0.0.1"))
    secure = f"https://127.0.0.1:{server.port}/"
    program = start(sandbox, registry, proxied(proxy, secure))
    eventually(lambda: up(registry))
    assert "Via" not in server.requests[-1].headers
    program.stop()
    start(sandbox, registry, proxied(proxy, secure, verify=True))
    eventually(lambda: "self-signed certificate" in reason(registry))


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_wrong_password_is_told(sandbox, registry, serve, scheme):
    proxy = proxy_for(sandbox, f"nerve {PASSWORD}")
    server = serve(lambda _: 200, Certificate(sandbox, "127.0.0.1") if scheme == "https" else None)
    target = f"{scheme}://127.0.0.1:{server.port}/"
    user = {"proxyUsername": "nerve"}
    program = start(sandbox, registry, proxied(proxy, target, proxyPassword=PASSWORD, **user))
    eventually(lambda: up(registry))
    assert_kept_secret(program, registry, PASSWORD)
    program.stop()
    program = start(sandbox, registry, proxied(proxy, target, proxyPassword="wr0ng-Wd0rt", **user))
    refuses = f"through proxy 127.0.0.1:{proxy.port}: proxy 127.0.0.1:{proxy.port} refuses {target}: HTTP"
    eventually(lambda: reason(registry) == f"{refuses} 401, it wants another user or password")
    assert_kept_secret(program, registry, "wr0ng-Wd0rt")
    program.stop()
    start(sandbox, registry, proxied(proxy, target))
    eventually(lambda: reason(registry) == f"{refuses} 407, it wants another user or password")


def test_a_401_of_the_server_is_an_answer(sandbox, registry, serve):
    proxy = proxy_for(sandbox, f"nerve {PASSWORD}")
    server = serve(lambda _: 401)
    start(sandbox, registry, proxied(proxy, url(server), proxyUsername="nerve", proxyPassword=PASSWORD))
    eventually(lambda: up(registry))


def test_passwords_in_urls_are_kept_secret(sandbox, registry, serve, proxy):
    server = serve(lambda _: 500)
    with_password = f"http://me:{PASSWORD}@127.0.0.1:{server.port}/"
    program = start(sandbox, registry, proxied(proxy, with_password))
    eventually(lambda: url(server) in reason(registry))
    assert "Authorization" in server.requests[-1].headers
    assert_kept_secret(program, registry, PASSWORD)


def test_a_proxy_that_is_restarted(sandbox, registry, serve, proxy):
    server = serve(lambda _: 200)
    program = start(sandbox, registry, proxied(proxy, url(server), timeoutInMilli=1000))
    eventually(lambda: up(registry))
    proxy.kill()
    # The check that was under way is told in other words, and the record keeps the first reason.
    eventually(lambda: f"connection refused by proxy 127.0.0.1:{proxy.port}" in last_reason(program))
    proxy.start()
    sandbox.processes.append(proxy.process)
    eventually(lambda: up(registry))
    proxy.process.pause()
    eventually(lambda: f"no answer from {url(server)} within 1000 ms" in last_reason(program))
    proxy.process.resume()
    eventually(lambda: up(registry))
    always(lambda: up(registry), 0.3)


def test_it_needs_urls(sandbox):
    checks = [check("proxyhttp", proxyHost="a b"), check("proxyhttp", urls=["ftp://me:pass@x/"])]
    program = sandbox.nerve(nerve(nerve_service(80, checks=checks)), arguments=["--check"], wait=False)
    assert program.wait() != 0
    assert "urls: must name 1 to 20 urls to ask for through the proxy" in program.log()
    assert 'proxyHost: must be an IP address or a host name, got "a b"' in program.log()
    assert 'urls: must be http or https urls, got "ftp://x/"' in program.log()

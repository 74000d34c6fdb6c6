"""The grpc check on a real gRPC server."""

import pytest

from harness.configs import check, nerve, nerve_service
from harness.servers_http import Certificate, GrpcServer
from harness.verdicts import last_reason, reason, start, up
from harness.wait import always, eventually


def grpc_server(sandbox, certificate=None):
    server = GrpcServer(sandbox.path(sandbox.unique("grpc")), certificate).start()
    sandbox.processes.append(server.process)
    return server


def grpc(server, **keys):
    return check("grpc", port=server.port, **keys)


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
def test_it_follows_the_servers_health(sandbox, registry, tls):
    server = grpc_server(sandbox, Certificate(sandbox, "127.0.0.1") if tls else None)
    start(sandbox, registry, grpc(server, tls=tls))
    eventually(lambda: up(registry))
    always(lambda: up(registry), 0.3)
    server.set_health({"": "NOT_SERVING"})
    target = f"{'grpcs' if tls else 'grpc'}://127.0.0.1:{server.port}"
    eventually(lambda: reason(registry) == f"the server is NOT_SERVING, says {target}")
    server.set_health({"": "SERVING"})
    eventually(lambda: up(registry))


def test_it_asks_for_one_service(sandbox, registry):
    server = grpc_server(sandbox)
    server.set_health({"": "NOT_SERVING", "shop.Orders": "SERVING"})
    program = start(sandbox, registry, grpc(server, service="shop.Orders"))
    eventually(lambda: up(registry))
    server.set_health({"": "SERVING", "shop.Orders": "NOT_SERVING"})
    told = f"service shop.Orders is NOT_SERVING, says grpc://127.0.0.1:{server.port}"
    eventually(lambda: reason(registry) == told)
    server.set_health({"": "SERVING"})
    told = f"NOT_FOUND from grpc://127.0.0.1:{server.port}: unknown service «shop.Orders»"
    eventually(lambda: last_reason(program) == told)


def test_the_certificate_can_be_verified(sandbox, registry):
    certificate = Certificate(sandbox, "orders.example.org")
    server = grpc_server(sandbox, certificate)
    program = start(sandbox, registry, grpc(server, caFile=certificate.file, serverName="orders.example.org"))
    eventually(lambda: up(registry))
    program.stop()
    start(sandbox, registry, grpc(server, tls=True, verify=True))
    refused = f"the certificate of grpcs://127.0.0.1:{server.port} is not accepted: self-signed certificate"
    eventually(lambda: reason(registry) == refused)


def test_a_server_that_is_silent_and_restarted(sandbox, registry):
    server = grpc_server(sandbox)
    keys = {"timeoutInMilli": 1000}
    program = start(sandbox, registry, grpc(server, **keys))
    eventually(lambda: up(registry))
    server.process.pause()
    target = f"grpc://127.0.0.1:{server.port}"
    eventually(lambda: reason(registry) == f"no answer from {target} within 1000 ms")
    server.process.resume()
    eventually(lambda: up(registry))
    server.kill()
    eventually(lambda: last_reason(program) == f"connection refused by 127.0.0.1:{server.port}")
    server.start()
    sandbox.processes.append(server.process)
    eventually(lambda: up(registry))


def test_a_method_that_hangs(sandbox, registry):
    server = grpc_server(sandbox)
    server.set_health({"": "hang"})
    start(sandbox, registry, grpc(server, timeoutInMilli=1000))
    # Who of the two is first to notice is chance: the deadline is the server's, too.
    eventually(lambda: "within 1000 ms" in reason(registry) or "DEADLINE_EXCEEDED" in reason(registry))


def test_what_is_no_grpc_server(sandbox, registry, serve):
    plain = serve(lambda _: 200)
    program = start(sandbox, registry, grpc(plain))
    eventually(lambda: f"grpc://127.0.0.1:{plain.port}" in reason(registry))
    program.stop()
    secure = serve(lambda _: (404, "no such page"), Certificate(sandbox, "127.0.0.1"))
    start(sandbox, registry, grpc(secure, tls=True))
    told = f"HTTP 404 from grpcs://127.0.0.1:{secure.port}, no gRPC answer: no such page"
    eventually(lambda: reason(registry) == told)


def test_tls_keys_need_tls(sandbox):
    checks = [check("grpc", tls=False, caFile="/ca.pem")]
    program = sandbox.nerve(nerve(nerve_service(80, checks=checks)), arguments=["--check"], wait=False)
    assert program.wait() != 0
    assert "tls: must be true for verify, caFile and serverName to have an effect" in program.log()

"""The rabbitmq check on the management plugin of a real RabbitMQ."""

from harness.configs import check
from harness.servers_db import PASSWORD, USER
from harness.verdicts import assert_kept_secret, last_reason, reason, start, up
from harness.wait import eventually


def alive(server, **keys):
    given = {"port": server.management_port, "username": USER, "password": PASSWORD, "timeoutInMilli": 15_000}
    return check("rabbitmq", **{**given, **keys})


def url(server, vhost="%2F"):
    return f"http://127.0.0.1:{server.management_port}/api/aliveness-test/{vhost}"


def test_it_passes_and_keeps_the_password_to_itself(sandbox, registry, rabbitmq):
    program = start(sandbox, registry, alive(rabbitmq))
    eventually(lambda: up(registry))
    assert_kept_secret(program, registry, PASSWORD)


def test_a_wrong_password_is_told_in_the_servers_words(sandbox, registry, rabbitmq):
    program = start(sandbox, registry, alive(rabbitmq, password="wr0ng-Wd0rt"))
    eventually(lambda: reason(registry).startswith(f"HTTP 401 from {url(rabbitmq)}: "))
    assert_kept_secret(program, registry, "wr0ng-Wd0rt")


def test_a_vhost_that_is_not_there(sandbox, registry, rabbitmq):
    start(sandbox, registry, alive(rabbitmq, vhost="shop/eu"))
    eventually(lambda: reason(registry).lower() == f"http 404 from {url(rabbitmq, 'shop%2feu').lower()}: not found")


def test_a_broker_that_is_silent(sandbox, registry, rabbitmq):
    program = start(sandbox, registry, alive(rabbitmq, timeoutInMilli=3000))
    eventually(lambda: up(registry))
    rabbitmq.process.pause()
    eventually(lambda: reason(registry) == f"no answer from {url(rabbitmq)} within 3000 ms")
    rabbitmq.process.resume()
    eventually(lambda: up(registry))
    eventually(lambda: last_reason(program) == "")

"""The amqp check on a real RabbitMQ."""

import os
import time

import pytest

from harness.configs import check
from harness.servers_db import PASSWORD, USER
from harness.verdicts import assert_kept_secret, failures, reason, start, up
from harness.wait import always, eventually


def amqp(broker, **keys):
    return check("amqp", **{"port": broker.port, "username": USER, "password": PASSWORD, "timeoutInMilli": 5000, **keys})


@pytest.mark.parametrize(
    "keys",
    [
        {},
        {"queue": ""},
        {"vhost": "/", "host": "localhost"},
        {"datasource": f"amqp://{USER}:{PASSWORD}@127.0.0.1:PORT/%2F", "username": "nobody", "password": ""},
    ],
    ids=["queue", "channel", "vhost", "datasource"],
)
def test_it_passes_and_keeps_the_password_to_itself(sandbox, registry, rabbitmq, keys):
    keys = {key: text.replace("PORT", str(rabbitmq.port)) for key, text in keys.items()}
    program = start(sandbox, registry, amqp(rabbitmq, **keys))
    eventually(lambda: up(registry))
    always(lambda: up(registry), 0.3)
    assert failures(program) == 0
    assert_kept_secret(program, registry, PASSWORD)


def test_a_wrong_password_is_told_in_the_brokers_words(sandbox, registry, rabbitmq):
    program = start(sandbox, registry, amqp(rabbitmq, password="wr0ng-Wd0rt"))
    words = f"amqp at 127.0.0.1:{rabbitmq.port}: ACCESS_REFUSED - Login was refused"
    eventually(lambda: reason(registry).startswith(words))
    assert_kept_secret(program, registry, "wr0ng-Wd0rt")


def test_an_unknown_vhost_is_told_in_the_brokers_words(sandbox, registry, rabbitmq):
    start(sandbox, registry, amqp(rabbitmq, vhost="no/where"))
    words = f"amqp at 127.0.0.1:{rabbitmq.port}: NOT_ALLOWED - vhost no/where not found"
    eventually(lambda: reason(registry) == words)


def test_a_queue_of_another_kind_is_told_in_the_brokers_words(sandbox, registry, rabbitmq):
    start(sandbox, registry, amqp(rabbitmq, queue="amq.taken"))
    words = f"amqp at 127.0.0.1:{rabbitmq.port}: ACCESS_REFUSED - queue name 'amq.taken' contains reserved prefix"
    eventually(lambda: reason(registry).startswith(words))


def test_a_broker_that_hangs_has_failed_and_blocks_nothing(sandbox, registry, rabbitmq):
    # One says that the broker hangs while the other still waits for it.
    program = start(sandbox, registry, *(amqp(rabbitmq, timeoutInMilli=timeout) for timeout in (1000, 10_000)))
    eventually(lambda: up(registry))
    rabbitmq.process.pause()
    eventually(lambda: reason(registry) == f"no answer from amqp at 127.0.0.1:{rabbitmq.port} within 1000 ms")
    before = time.monotonic()
    for _ in range(10):
        assert program.get("/version")[0] == 200
    assert time.monotonic() - before < 5, "the loop waits for nobody"
    assert len(os.listdir(f"/proc/{program.pid}/task")) < 8, "one job at a time for each check"
    rabbitmq.process.resume()
    eventually(lambda: up(registry))


def test_stopping_does_not_wait_for_a_broker_that_hangs(sandbox, registry, rabbitmq):
    program = start(sandbox, registry, amqp(rabbitmq, timeoutInMilli=60_000))
    eventually(lambda: up(registry))
    rabbitmq.process.pause()
    before = failures(program)
    always(lambda: failures(program) == before, 0.2, "it waits")
    started = time.monotonic()
    assert program.stop() == 0
    assert time.monotonic() - started < 15


def test_a_broker_that_was_restarted_is_up_again(sandbox, registry, rabbitmq):
    program = start(sandbox, registry, amqp(rabbitmq))
    eventually(lambda: up(registry))
    rabbitmq.kill()
    eventually(lambda: f"connection refused by 127.0.0.1:{rabbitmq.port}" in program.log())
    rabbitmq.start()
    eventually(lambda: up(registry))

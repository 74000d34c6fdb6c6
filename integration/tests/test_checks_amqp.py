"""The amqp check, and the rabbitmq check, on a real RabbitMQ."""

import os
import time

import pytest

from harness.configs import check
from harness.explained import Explained
from harness.servers_db import PASSWORD, USER
from harness.wait import always, eventually


def amqp(broker, **keys):
    return check("amqp", **{"port": broker.port, "username": USER, "password": PASSWORD, "timeoutInMilli": 2000, **keys})


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
    service = Explained(sandbox, registry, amqp(rabbitmq, **keys))
    eventually(service.up)
    always(service.up, 0.3)
    assert service.failures() == 0
    assert not service.tells(PASSWORD)


def test_a_wrong_password_is_told_in_the_brokers_words(sandbox, registry, rabbitmq):
    service = Explained(sandbox, registry, amqp(rabbitmq, password="wr0ng-Wd0rt"))
    words = f"amqp at 127.0.0.1:{rabbitmq.port}: ACCESS_REFUSED - Login was refused"
    eventually(lambda: service.reason().startswith(words))
    assert not service.tells("wr0ng-Wd0rt")


def test_an_unknown_vhost_is_told_in_the_brokers_words(sandbox, registry, rabbitmq):
    service = Explained(sandbox, registry, amqp(rabbitmq, vhost="no/where"))
    words = f"amqp at 127.0.0.1:{rabbitmq.port}: NOT_ALLOWED - vhost no/where not found"
    eventually(lambda: service.reason() == words)


def test_a_queue_of_another_kind_is_told_in_the_brokers_words(sandbox, registry, rabbitmq):
    service = Explained(sandbox, registry, amqp(rabbitmq, queue="amq.taken"))
    words = f"amqp at 127.0.0.1:{rabbitmq.port}: ACCESS_REFUSED - queue name 'amq.taken' contains reserved prefix"
    eventually(lambda: service.reason().startswith(words))


def test_a_broker_that_hangs_has_failed_and_blocks_nothing(sandbox, registry, rabbitmq):
    service = Explained(sandbox, registry, amqp(rabbitmq, timeoutInMilli=200))
    eventually(service.up)
    rabbitmq.process.pause()
    eventually(lambda: service.reason() == f"no answer from amqp at 127.0.0.1:{rabbitmq.port} within 200 ms")
    before = time.monotonic()
    for _ in range(10):
        assert service.program.get("/version")[0] == 200
    assert time.monotonic() - before < 0.5, "the loop waits for nobody"
    assert len(os.listdir(f"/proc/{service.program.pid}/task")) < 8, "one job at a time for each check"
    rabbitmq.process.resume()
    eventually(service.up)


def test_stopping_does_not_wait_for_a_broker_that_hangs(sandbox, registry, rabbitmq):
    service = Explained(sandbox, registry, amqp(rabbitmq, timeoutInMilli=60_000))
    eventually(service.up)
    rabbitmq.process.pause()
    before = service.failures()
    always(lambda: service.failures() == before, 0.2, "it waits")
    started = time.monotonic()
    assert service.program.stop() == 0
    assert time.monotonic() - started < 3


def aliveness(broker, **keys):
    return check("rabbitmq", **{"port": broker.management_port, "username": USER, "password": PASSWORD, **keys})


def test_aliveness_passes_and_keeps_the_password_to_itself(sandbox, registry, rabbitmq):
    service = Explained(sandbox, registry, aliveness(rabbitmq, timeoutInMilli=5000))
    eventually(service.up)
    assert not service.tells(PASSWORD)


@pytest.mark.parametrize("keys,status", [({"password": "wr0ng-Wd0rt"}, 401), ({"vhost": "nowhere"}, 404)], ids=str)
def test_aliveness_is_refused_in_the_managements_words(sandbox, registry, rabbitmq, keys, status):
    service = Explained(sandbox, registry, aliveness(rabbitmq, timeoutInMilli=5000, **keys))
    eventually(lambda: f"HTTP {status} from http://127.0.0.1:{rabbitmq.management_port}/api/" in service.reason())
    assert not service.tells("wr0ng-Wd0rt")


def test_a_broker_that_was_restarted_is_up_again(sandbox, registry, rabbitmq):
    service = Explained(sandbox, registry, amqp(rabbitmq), aliveness(rabbitmq, timeoutInMilli=5000))
    eventually(service.up)
    rabbitmq.kill()
    eventually(lambda: f"connection refused by 127.0.0.1:{rabbitmq.port}" in service.program.log())
    rabbitmq.start()
    eventually(service.up)

"""The redis check on a real Redis."""

import socketserver
import threading

import pytest

from harness.configs import check
from harness.explained import Explained
from harness.servers_db import PASSWORD, USER
from harness.wait import always, eventually


def redis_check(server, **keys):
    return check("redis", port=server.port, **keys)


@pytest.mark.parametrize("keys", [{"password": PASSWORD}, {"username": USER, "password": PASSWORD}], ids=["all", "user"])
def test_it_passes_and_keeps_the_password_to_itself(sandbox, registry, redis, keys):
    service = Explained(sandbox, registry, redis_check(redis, **keys))
    eventually(service.up)
    always(service.up, 0.3)
    assert service.failures() == 0
    assert not service.tells(PASSWORD)


def test_a_refusal_is_told_in_the_servers_words(sandbox, registry, redis):
    service = Explained(sandbox, registry, redis_check(redis))
    eventually(lambda: service.reason() == f"redis at 127.0.0.1:{redis.port}: NOAUTH Authentication required.")


def test_a_wrong_password_is_told_in_the_servers_words(sandbox, registry, redis):
    service = Explained(sandbox, registry, redis_check(redis, username=USER, password="wr0ng-Wd0rt"))
    eventually(lambda: service.reason().startswith(f"redis at 127.0.0.1:{redis.port}: WRONGPASS "))
    assert not service.tells("wr0ng-Wd0rt")


def test_a_server_that_hangs_has_failed(sandbox, registry, redis):
    service = Explained(sandbox, registry, redis_check(redis, password=PASSWORD, timeoutInMilli=200))
    eventually(service.up)
    redis.process.pause()
    eventually(lambda: service.reason() == f"no answer from redis at 127.0.0.1:{redis.port} within 200 ms")
    redis.process.resume()
    eventually(service.up)


def test_a_server_that_was_restarted_is_up_again(sandbox, registry, redis):
    service = Explained(sandbox, registry, redis_check(redis, password=PASSWORD))
    eventually(service.up)
    redis.kill()
    eventually(lambda: f"connection refused by 127.0.0.1:{redis.port}" in service.program.log())
    redis.start()
    eventually(service.up)


class Answers(socketserver.BaseRequestHandler):
    """Something on Redis' port that says `answer`."""

    answer = b""

    def handle(self):
        self.request.recv(1000)
        self.request.sendall(self.answer)


@pytest.mark.parametrize(
    "answer,reason",
    [
        (b"-LOADING Redis is loading the dataset in memory\r\n", ": LOADING Redis is loading the dataset in memory"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", " did not answer as Redis does: HTTP/1.1 400 Bad Request"),
        (b"+PONG", " did not answer as Redis does: +PONG"),
        (b"x" * 100_000, " did not answer as Redis does: " + "x" * 200 + "..."),
        (b"", " closed the connection without an answer"),
    ],
    ids=["loading", "http", "half", "endless", "nothing"],
)
def test_any_other_answer_is_told(sandbox, registry, answer, reason):
    handler = type("Handler", (Answers,), {"answer": answer})
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=[0.02], daemon=True).start()
        service = Explained(sandbox, registry, check("redis", port=server.server_address[1]))
        eventually(lambda: service.reason() == f"redis at 127.0.0.1:{server.server_address[1]}{reason}")
        server.shutdown()

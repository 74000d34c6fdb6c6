"""The redis check on a real Redis."""

import socketserver
import threading

import pytest

from harness.configs import check
from harness.servers_db import PASSWORD, USER
from harness.verdicts import assert_kept_secret, failures, reason, start, up
from harness.wait import always, eventually


def redis_check(server, **keys):
    return check("redis", port=server.port, **keys)


@pytest.mark.parametrize("keys", [{"password": PASSWORD}, {"username": USER, "password": PASSWORD}], ids=["all", "user"])
def test_it_passes_and_keeps_the_password_to_itself(sandbox, registry, redis, keys):
    program = start(sandbox, registry, redis_check(redis, **keys))
    eventually(lambda: up(registry))
    always(lambda: up(registry), 0.3)
    assert failures(program) == 0
    assert_kept_secret(program, registry, PASSWORD)


def test_a_refusal_is_told_in_the_servers_words(sandbox, registry, redis):
    start(sandbox, registry, redis_check(redis))
    eventually(lambda: reason(registry) == f"redis at 127.0.0.1:{redis.port}: NOAUTH Authentication required.")


def test_a_wrong_password_is_told_in_the_servers_words(sandbox, registry, redis):
    program = start(sandbox, registry, redis_check(redis, username=USER, password="wr0ng-Wd0rt"))
    eventually(lambda: reason(registry).startswith(f"redis at 127.0.0.1:{redis.port}: WRONGPASS "))
    assert_kept_secret(program, registry, "wr0ng-Wd0rt")


def test_a_server_that_hangs_has_failed(sandbox, registry, redis):
    start(sandbox, registry, redis_check(redis, password=PASSWORD, timeoutInMilli=1000))
    eventually(lambda: up(registry))
    redis.process.pause()
    eventually(lambda: reason(registry) == f"no answer from redis at 127.0.0.1:{redis.port} within 1000 ms")
    redis.process.resume()
    eventually(lambda: up(registry))


def test_a_server_that_was_restarted_is_up_again(sandbox, registry, redis):
    program = start(sandbox, registry, redis_check(redis, password=PASSWORD))
    eventually(lambda: up(registry))
    redis.kill()
    eventually(lambda: f"connection refused by 127.0.0.1:{redis.port}" in program.log())
    redis.start()
    eventually(lambda: up(registry))


class Answers(socketserver.BaseRequestHandler):
    """Something on Redis' port that says `answer`."""

    answer = b""

    def handle(self):
        self.request.recv(1000)
        self.request.sendall(self.answer)


@pytest.mark.parametrize(
    "answer,words",
    [
        (b"-LOADING Redis is loading the dataset in memory\r\n", ": LOADING Redis is loading the dataset in memory"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", " did not answer as Redis does: HTTP/1.1 400 Bad Request"),
        (b"+PONG", " did not answer as Redis does: +PONG"),
        (b"x" * 100_000, " did not answer as Redis does: " + "x" * 200 + "..."),
        (b"", " closed the connection without an answer"),
    ],
    ids=["loading", "http", "half", "endless", "nothing"],
)
def test_any_other_answer_is_told(sandbox, registry, answer, words):
    handler = type("Handler", (Answers,), {"answer": answer})
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=[0.02], daemon=True).start()
        start(sandbox, registry, check("redis", port=server.server_address[1]))
        eventually(lambda: reason(registry) == f"redis at 127.0.0.1:{server.server_address[1]}{words}")
        server.shutdown()

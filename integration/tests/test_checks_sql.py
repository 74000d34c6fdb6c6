"""The sql check on a real PostgreSQL and a real MariaDB."""

import json
import os
import time
import urllib.parse

import pytest

from harness.configs import check, explained_service, nerve
from harness.ports import free_port
from harness.servers_db import PASSWORD, USER, Mariadb, Postgres
from harness.verdicts import assert_kept_secret, failures, reason, start, up
from harness.wait import always, eventually

WRONG = "wr0ng-Wd0rt"


@pytest.fixture(params=["mysql", "postgres"])
def database(request, shared_servers):
    for server in shared_servers.lend({"mysql": Mariadb, "postgres": Postgres}[request.param]):
        server.driver = request.param
        yield server


def sql(database, **keys):
    given = {"driver": database.driver, "port": database.port, "username": USER, "password": PASSWORD}
    return check("sql", **{**given, **keys})


def test_it_passes_and_keeps_the_password_to_itself(sandbox, registry, database):
    program = start(sandbox, registry, sql(database))
    eventually(lambda: up(registry))
    always(lambda: up(registry), 0.3)
    assert failures(program) == 0
    assert_kept_secret(program, registry, PASSWORD)


def test_a_wrong_password_is_told_in_the_servers_words(sandbox, registry, database):
    program = start(sandbox, registry, sql(database, password=WRONG))
    words = {
        "mysql": f"mysql at 127.0.0.1:{database.port}: Access denied for user '{USER}'@",
        "postgres": f"postgres at 127.0.0.1:{database.port}: FATAL: password authentication failed for user \"{USER}\"",
    }
    eventually(lambda: reason(registry).startswith(words[database.driver]))
    eventually(lambda: words[database.driver] in program.log())
    assert_kept_secret(program, registry, WRONG)


def test_a_query_that_fails_is_told_in_the_servers_words(sandbox, registry, database):
    start(sandbox, registry, sql(database, request="select x from nowhere.at_all"))
    words = {
        "mysql": "SELECT command denied to user",
        "postgres": 'ERROR: relation "nowhere.at_all" does not exist',
    }
    eventually(lambda: words[database.driver] in reason(registry))


def test_only_the_start_of_a_large_answer_is_read(sandbox, registry, database):
    rows = {
        "mysql": "select repeat('x', 1000) from information_schema.columns, information_schema.columns as more",
        "postgres": "select repeat('x', 1000) from generate_series(1, 10000000)",
    }
    start(sandbox, registry, sql(database, request=rows[database.driver], timeoutInMilli=15_000))
    eventually(lambda: up(registry))


def test_a_server_that_hangs_has_failed_and_blocks_nothing(sandbox, registry, database):
    # One says that the server hangs while the other still waits for it.
    program = start(sandbox, registry, *(sql(database, timeoutInMilli=timeout) for timeout in (1000, 10_000)))
    eventually(lambda: up(registry))
    database.process.pause()
    words = f"no answer from {database.driver} at 127.0.0.1:{database.port} within 1000 ms"
    eventually(lambda: reason(registry) == words)
    before = time.monotonic()
    for _ in range(10):
        assert program.get("/version")[0] == 200
    assert time.monotonic() - before < 5, "the loop waits for nobody"
    database.process.resume()
    eventually(lambda: up(registry))


def test_a_cancelled_check_leaves_nothing_open(sandbox, registry, database):
    program = start(sandbox, registry, sql(database, timeoutInMilli=500, checkIntervalInMilli=10))
    eventually(lambda: up(registry))
    database.process.pause()
    eventually(lambda: failures(program) > 3)
    descriptors = len(os.listdir(f"/proc/{program.pid}/fd"))
    eventually(lambda: failures(program) > 15)
    assert len(os.listdir(f"/proc/{program.pid}/fd")) <= descriptors + 2
    database.process.resume()
    program.stop()


def test_a_server_that_was_restarted_is_up_again(sandbox, registry, database):
    program = start(sandbox, registry, sql(database))
    eventually(lambda: up(registry))
    database.kill()
    eventually(lambda: f"connection refused by 127.0.0.1:{database.port}" in program.log())
    database.start()
    eventually(lambda: up(registry))


MYSQL_DATASOURCES = [
    "{{.Username}}:{{.Password}}@tcp({{ .Host }}:{{.Port}})/information_schema?timeout=3s&readTimeout=10s",
    '{{"{{.Username}}"}}:{{.Password}}@tcp(localhost:{{.Port}})/?charset=utf8mb4,utf8&sql_mode=ANSI&tls=false',
    f"{USER}:{PASSWORD}@unix(SOCKET)/",
]
POSTGRES_DATASOURCES = [
    "postgres://{{.Username}}:{{.Password}}@{{.Host}}:{{.Port}}/postgres?sslmode=disable&connect_timeout=10",
    f"postgresql://{USER}:{urllib.parse.quote(PASSWORD)}@localhost:{{{{.Port}}}}/postgres?search_path=public",
    "user={{.Username}} password='{{.Password}}' host={{.Host}} port={{.Port}} dbname=postgres sslmode=prefer",
    f"user={USER} password={PASSWORD} host=DIRECTORY port={{{{.Port}}}} dbname=postgres",
]


@pytest.mark.parametrize(
    "database,datasource",
    [("mysql", text) for text in MYSQL_DATASOURCES] + [("postgres", text) for text in POSTGRES_DATASOURCES],
    indirect=["database"],
    ids=str,
)
def test_gos_data_source_names(sandbox, registry, database, datasource):
    datasource = datasource.replace("SOCKET", getattr(database, "socket", "")).replace("DIRECTORY", database.directory)
    config = nerve(explained_service(registry, sql(database, datasource="DATASOURCE")), apiPort=free_port())
    # A template's quotes are gone when the file is read as JSON.
    sandbox.nerve(json.dumps(config).replace("DATASOURCE", datasource))
    eventually(lambda: registry.only_record()["weight"] == 255)

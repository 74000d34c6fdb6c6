"""What synapse tells of a configuration that is full of secrets, also when HAProxy does not take it."""

import copy
import json
import os
import stat

import pytest

from harness.configs import synapse_service
from harness.ports import free_port
from harness.wait import eventually

SECRET = "geheim-4711"
HAPROXYS_OWN = "geheim-4712"  # in the environment; HAProxy puts it in
SECRETS = [SECRET, HAPROXYS_OWN, "geheim"]


def secret_config(sandbox, registry):
    web = synapse_service(
        registry,
        free_port(),
        name="web",
        mode="http",
        routerOptions={
            "frontend": [f'http-request set-header Authorization "Bearer {SECRET}" if {{ path /a }}'],
            "backend": [
                "option httpchk GET /",
                f"http-check send meth GET uri / hdr X-Api-Key {SECRET}",
                "cookie SRV insert dynamic indirect nocache",
                f"dynamic-cookie-key {SECRET}",
                f"http-request deny if {{ req.hdr(X-Token) -m str {SECRET} }}",
            ],
        },
    )
    redis = {
        "name": "redis",
        "port": free_port(),
        "mode": "tcp",
        "watcher": {"type": "fixed", "servers": [{"host": "127.0.0.1", "port": free_port(), "labels": {"az": "a"}}]},
        "serverOptions": "check inter 100ms fall 1",
        "routerOptions": {"backend": ["option tcp-check", f"tcp-check send AUTH\\ {SECRET}\\r\\n", "tcp-check expect string +OK"]},
    }
    haproxy = {
        "type": "haproxy",
        "services": [web, redis],
        "global": [f"setenv APP_PASSWORD {SECRET}", f"presetenv OTHER {SECRET}"],
        "listen": {
            "stats": [
                "mode http",
                f"bind 127.0.0.1:{free_port()}",
                "stats enable",
                f"stats auth admin:{SECRET}",
                'stats auth "second:${SYNAPSE_TEST_PW}"',
            ]
        },
        "extraSections": {"userlist people": [f"user bob insecure-password {SECRET}", f"user eve password $1${SECRET}"]},
    }
    template = {
        "type": "template",
        "template": f"password={SECRET}\n{{{{#services}}}}{{{{name}}}}{{{{/services}}}}\n",
        "destinationFile": sandbox.path("template.out"),
        "postTemplateCommand": ["sh", "-c", f"exit 3; reload --token {SECRET}"],
        "services": [synapse_service(registry, name="web")],
    }
    return {"routers": [haproxy, template]}


@pytest.fixture
def program(sandbox, registry, monkeypatch):
    monkeypatch.setenv("SYNAPSE_TEST_PW", HAPROXYS_OWN)
    registry.add("a", sandbox.backend("a").port)
    config = secret_config(sandbox, registry)
    program = sandbox.synapse(config, arguments=["-L", "trace"])
    eventually(lambda: "HAProxy" in program.log() and " runs (worker " in program.log(), 30, "HAProxy runs")
    return program


def everything_told(sandbox, program):
    """The log, every route, also those that are none, and what the commands print."""
    texts = {"log": program.log()}
    paths = ["/", "/config", "/events", "/services", "/services/web", "/services/redis", "/diff", "/explain/web/a"]
    paths += ["/status", "/ready?verbose", "/health", "/metrics", "/version", "/nowhere", "/services/nobody", "/events?limit=x"]
    for path in paths:
        texts[path] = program.get(path)[1]
    api = ["--api", f"127.0.0.1:{program.api_port}"]
    for words in (["status"], ["status", "redis"], ["status", "--json"], ["explain", "web", "a"], ["explain", "web", "b"], ["diff"]):
        told = sandbox.synapse_command(*words, *api)
        texts[" ".join(words)] = told.stdout + told.stderr
    assert all(texts.values()), [what for what, text in texts.items() if not text]
    return texts


def shows_no_secret(sandbox, program):
    for what, text in everything_told(sandbox, program).items():
        for secret in SECRETS:
            assert secret not in text, (what, [line for line in text.splitlines() if secret in line])


def test_nothing_that_is_told_shows_a_secret(sandbox, program):
    # Its checks fail, and so does the command: there is something to tell.
    eventually(lambda: "redis" in program.log() and " is DOWN" in program.log(), 20)
    eventually(lambda: "template.out" in program.log() and "exit status 3" in program.log(), 20)
    assert f"stats auth admin:{SECRET}" in program.haproxy_config()
    shows_no_secret(sandbox, program)
    shown = json.loads(program.get("/config")[1])["routers"]
    assert shown[0]["listen"]["stats"][3:] == ["stats auth ***"] * 2
    assert shown[0]["extraSections"]["userlist people"][0] == "user bob insecure-password ***"
    assert shown[0]["global"][0] == "setenv APP_PASSWORD ***"
    assert shown[0]["services"][0]["routerOptions"]["backend"][3] == "dynamic-cookie-key ***"
    assert shown[1]["postTemplateCommand"][:2] == ["sh", "-c"]


# Each has HAProxy quote what it does not like.
REFUSED = {
    "a condition that is a secret": (f"http-request set-header Authorization Bearer {SECRET}", "but found '***'"),
    "a secret with a blank": ("http-request set-header Authorization Bearer geheim\\ x", "but found '***'"),
    "a secret of the environment": ('http-request set-header Authorization Bearer "${SYNAPSE_TEST_PW}"', "but found '***'"),
    "a quote without an end": (f'stats auth admin:{SECRET}"x', "unmatched quote at position"),
    "a quote without an end behind much": (f'stats auth {"a" * 100}:{SECRET}"x', "unmatched quote at position"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_a_refused_reload_shows_no_secret(sandbox, program, kind):
    line, said = REFUSED[kind]
    config = copy.deepcopy(program.config)
    config["routers"][0]["listen"]["stats"].append(line)
    program.replace_config(json.dumps(config))
    eventually(lambda: "HAProxy refuses the new configuration" in program.log(), 30)
    eventually(lambda: said in program.log())
    rejected = program.router["configPath"] + ".rejected"
    assert stat.S_IMODE(os.stat(rejected).st_mode) == 0o640
    with open(rejected, encoding="utf-8") as file:
        text, words = file.read().split("\n# HAProxy refused this file:\n")
    assert line in text and said in words
    assert not any(secret in words for secret in SECRETS), words
    assert program.metrics().value("synapse_config_last_reload_successful") == 0
    shows_no_secret(sandbox, program)


def test_a_command_that_says_what_haproxy_said_shows_no_secret(sandbox, registry):
    service = synapse_service(registry, free_port(), name="web")
    router = {
        "type": "haproxy",
        "services": [service],
        "configPath": sandbox.path("haproxy.cfg"),
        "global": [f"stats socket {sandbox.path('haproxy.sock')} level admin", f"setenv APP_PASSWORD {SECRET}"],
        "reloadCommand": ["sh", "-c", f'echo said; grep PASSWORD "$HAP_CONFIG"; exit 3; reload --token {SECRET}'],
    }
    registry.add("a", free_port())
    program = sandbox.synapse({"routers": [router]}, arguments=["-L", "trace"])
    eventually(lambda: "exit status 3: said\\n  ***" in program.log(), 30)
    shows_no_secret(sandbox, program)


@pytest.mark.parametrize(
    "keys",
    [
        {"global": [f"setenv PW {SECRET}", ["no", "line"]]},
        {"global": {"setenv": SECRET}},
        {"listen": {"stats": [f"stats auth admin:{SECRET}", {}]}},
        {"extraSections": {"userlist a": [f"user a insecure-password {SECRET}"], "userlist  a": []}},
        {"extraSections": {"backend a": [f"http-request set-header Authorization {SECRET}"]}},
        {"sharedFrontend": [f"http-request set-header Authorization {SECRET}"]},
        {"cleanupCommand": {"token": SECRET}},
        {"reloadCommand": f"reload --token {SECRET}", "global": [f"setenv PW {SECRET}"]},
    ],
)
def test_an_error_of_the_configuration_shows_no_secret(sandbox, keys):
    path = sandbox.path("bad.yml")
    service = {"name": "web", "port": 1, "watcher": {"type": "fixed", "servers": ["127.0.0.1:1"]}}
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"routers": [{"type": "haproxy", "services": [service], **keys}]}, file)
    told = sandbox.synapse_command("--check", path)
    assert told.returncode == 1, told.stdout + told.stderr
    assert SECRET not in told.stdout + told.stderr

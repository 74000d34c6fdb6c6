"""Routers that write files: template and file; and --oneshot."""

import json
import os
import stat

import pytest

from harness.configs import synapse_service
from harness.ports import free_port
from harness.wait import always, eventually
from harness.zookeeper import Registry

LIST = "{{#services}}\n[{{name}}]\n{{#servers}}\n{{name}} {{address}} {{labels.az}}\n{{/servers}}\n{{/services}}\n"


@pytest.fixture
def registries(zookeeper, registry):
    """Paths of services below the registry of this test; they exist, empty."""
    made = []

    def make(name):
        made.append(Registry(zookeeper, f"{registry.path}/{name}"))
        made[-1].client.ensure_path(made[-1].path)
        return made[-1]

    yield make
    for each in made:
        each.close()


def text_of(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def script(sandbox, text):
    path = sandbox.path(sandbox.unique("command"))
    with open(path, "w", encoding="ascii") as file:
        file.write(f"#!/bin/sh\ncd {sandbox.directory}\n{text}\n")
    os.chmod(path, 0o755)
    return [path]


def test_a_template_sees_all_services_and_the_command_runs_when_the_file_changed(sandbox, registries):
    web, api = registries("web"), registries("api")
    web.add("a", 8001, labels={"az": "<eu-1>"})
    out, ran = sandbox.path("out.conf"), sandbox.path("ran")
    program = sandbox.synapse(
        {
            "routers": [
                {
                    "type": "template",
                    "destinationFile": out,
                    "destinationFileMode": "0640",
                    "template": LIST,
                    "postTemplateCommand": script(sandbox, f"cat {out} >>{ran}; echo . >>{ran}"),
                    "services": [synapse_service(web, name="web"), synapse_service(api, name="api")],
                }
            ]
        }
    ).await_ready()
    first = "[web]\na 127.0.0.1:8001 <eu-1>\n[api]\n"
    assert text_of(out) == first
    assert stat.S_IMODE(os.stat(out).st_mode) == 0o640
    assert text_of(ran) == first + ".\n"
    api.add("b", 8002)
    second = first + "b 127.0.0.1:8002 \n"
    eventually(lambda: text_of(ran) == f"{first}.\n{second}.\n")
    assert text_of(out) == second
    # A change that changes nothing here: neither a write nor a command.
    inode = os.stat(out).st_ino
    api.add("b", 8002, weight=7)
    always(lambda: os.stat(out).st_ino == inode and text_of(ran) == f"{first}.\n{second}.\n", 0.5)
    assert program.metrics().value("synapse_router_update_failure", type="template") == 0
    assert program.stop() == 0
    assert text_of(out) == second


def test_a_template_waits_for_every_service(sandbox, registries):
    dead = sandbox.zookeeper()
    unknown = Registry(dead, "/services/unknown")
    dead.stop()
    web = registries("web")
    web.add("a", 8001)
    out = sandbox.path("out")
    with open(out, "w", encoding="ascii") as file:
        file.write("of an earlier life\n")
    router = {"type": "template", "destinationFile": out, "template": LIST}
    services = [synapse_service(web, name="web"), synapse_service(unknown, name="unknown")]
    program = sandbox.synapse({"routers": [{**router, "services": services}]})
    eventually(lambda: "web: 1 servers available" in program.log())
    always(lambda: text_of(out) == "of an earlier life\n", 0.5)
    assert not program.ready()
    dead.start()
    eventually(lambda: text_of(out) == "[web]\na 127.0.0.1:8001 \n[unknown]\n", 20)
    program.await_ready()
    unknown.close()


def test_a_command_that_fails_is_told_counted_and_tried_again(sandbox, registries):
    web = registries("web")
    out, fixed = sandbox.path("out"), sandbox.path("fixed")
    command = script(sandbox, f"echo ran >>ran; [ -e {fixed} ] || {{ echo broken pipe; exit 3; }}")
    program = sandbox.synapse(
        {
            "routers": [
                {
                    "type": "template",
                    "destinationFile": out,
                    "templateFile": _file(sandbox, "x.mustache", LIST),
                    "postTemplateCommand": command,
                    "services": [synapse_service(web, name="web")],
                }
            ]
        }
    )
    eventually(lambda: "postTemplateCommand" in program.log() and "exit status 3: broken pipe" in program.log())
    eventually(lambda: program.metrics().value("synapse_router_update_failure", type="template") >= 1)
    assert not program.ready()
    _file(sandbox, "fixed", "")
    program.await_ready(20)
    eventually(lambda: "is up to date again" in program.log())
    assert program.log().count("exit status 3") == 1, "a trouble is said once"


def _file(sandbox, name, text):
    path = sandbox.path(name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def test_a_bad_template_is_an_error_with_its_place(sandbox, registry):
    bad = _file(sandbox, "bad.mustache", "x\n{{#services}}\n")
    router = {"type": "template", "destinationFile": "/x", "templateFile": bad, "services": [synapse_service(registry)]}
    program = sandbox.synapse({"routers": [router]}, wait=False)
    assert program.wait(10) == 1
    assert f'routers[0].templateFile: {bad}: line 2: Unclosed section "services"' in program.log()


def test_each_service_is_a_json_file_as_airbnb_writes_it(sandbox, registries):
    web, api = registries("web"), registries("api")
    web.add("a", 8001, child="i-1_0000000017", weight=5, labels={"az": "eu-1"}, haproxy_server_options="backup")
    web.add("down", 8003, available=False)
    directory = sandbox.path("out")
    services = [synapse_service(web, name="web"), synapse_service(api, name="api")]
    config = {"routers": [{"type": "file", "outputDirectory": directory, "services": services}]}
    program = sandbox.synapse(config).await_ready()
    web_file, api_file = os.path.join(directory, "web.json"), os.path.join(directory, "api.json")
    assert json.loads(text_of(web_file)) == [
        {
            "name": "a",
            "host": "127.0.0.1",
            "port": 8001,
            "id": 17,
            "weight": 5,
            "haproxy_server_options": "backup",
            "labels": {"az": "eu-1"},
        }
    ]
    assert text_of(api_file) == "[]"
    inode = os.stat(web_file).st_ino
    api.add("b", 8002)
    eventually(lambda: [each["port"] for each in json.loads(text_of(api_file))] == [8002])
    assert os.stat(web_file).st_ino == inode
    program.stop()
    # The next one does not touch what is right, and removes what is of a service that is gone: nothing else.
    mine = _file(sandbox, "out/mine.json", "[]")
    config["routers"][0]["services"] = services[:1]
    sandbox.synapse(config).await_ready()
    eventually(lambda: not os.path.exists(api_file))
    assert os.path.exists(mine) and os.stat(web_file).st_ino == inode


def test_a_changed_template_is_taken_while_synapse_runs(sandbox, registries):
    web = registries("web")
    web.add("a", 8001)
    out, template = sandbox.path("out"), _file(sandbox, "x.mustache", LIST)
    router = {
        "type": "template",
        "destinationFile": out,
        "templateFile": template,
        "services": [synapse_service(web, name="web")],
    }
    program = sandbox.synapse({"routers": [router]}).await_ready()
    first = text_of(out)
    _file(sandbox, "x.mustache", "{{#services}}")
    eventually(lambda: 'line 1: Unclosed section "services"' in program.log(), 15)
    web.add("b", 8002)
    eventually(lambda: text_of(out) == first + "b 127.0.0.1:8002 \n")
    _file(sandbox, "x.mustache", "{{#services}}{{#servers}}<{{name}}>{{/servers}}{{/services}}")
    eventually(lambda: sorted(text_of(out)) == sorted("<a><b>"), 15)


def once(sandbox, config, *arguments, timeout=60):
    """(exit status, what it says on stderr and stdout) of a synapse that ends by itself."""
    program = sandbox.synapse(config, arguments=["--oneshot", *arguments], wait=False)
    return program.wait(timeout), program.log(), program


def test_oneshot_prints_and_writes_what_the_routers_make_and_ends(sandbox, registries):
    web, api = registries("web"), registries("api")
    web.add("a", 8001)
    api.add("b", 8002, host="localhost")
    services = [synapse_service(web, free_port(), name="web"), synapse_service(api, free_port(), name="api")]
    out = sandbox.path("out")
    os.mkdir(out)
    config = {
        "routers": [
            {"type": "console", "services": services},
            {"type": "template", "destinationFile": f"{out}/x.conf", "template": LIST, "services": services},
            {"type": "file", "outputDirectory": out, "services": services},
            {"type": "haproxy", "services": services},
        ]
    }
    status, log, program = once(sandbox, config)
    assert status == 0, log
    lines = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    assert {line["service"]: len(line["servers"]) for line in lines} == {"web": 1, "api": 1}
    assert text_of(f"{out}/x.conf") == "[web]\na 127.0.0.1:8001 \n[api]\nb localhost:8002 \n"
    assert [each["port"] for each in json.loads(text_of(f"{out}/api.json"))] == [8002]
    written = program.haproxy_config()
    assert "server a 127.0.0.1:8001 weight" in written and "server b 127.0.0.1:8002 weight" in written
    assert f"stats socket {program.router['runtimeDir']}/haproxy.sock" in written
    assert not os.path.exists(os.path.join(program.router["runtimeDir"], "haproxy.pid")), "HAProxy is not started"
    with pytest.raises(OSError):
        program.get("/ready")
    # What it wrote is what a synapse that stays would have written: that one starts with it as it is.
    stays = sandbox.synapse(program.config).await_ready()
    assert stays.haproxy_config() == written


def test_oneshot_names_the_services_that_it_could_not_read(sandbox, registries):
    dead = sandbox.zookeeper()
    unknown = Registry(dead, "/services/unknown")
    dead.stop()
    web = registries("web")
    web.add("a", 8001)
    services = [synapse_service(web, name="web"), synapse_service(unknown, name="unknown")]
    out = sandbox.path("out")
    config = {
        "routers": [
            {"type": "template", "destinationFile": out, "template": LIST, "services": services},
            {"type": "console", "services": services},
        ]
    }
    status, log, _ = once(sandbox, config, "--timeout", "8")
    assert status == 1
    assert "not read within 8000 ms: unknown, unknown; " in log
    assert "not routed: web, unknown, unknown" in log
    assert not os.path.exists(out), "half of the services is no file"
    unknown.close()


def test_oneshot_takes_what_an_earlier_run_kept(sandbox):
    server = sandbox.zookeeper()
    registry = Registry(server, "/services/web")
    registry.add("a", 8001)
    state, out = sandbox.path("state"), sandbox.path("out")
    config = {
        "statePath": state,
        "routers": [
            {
                "type": "template",
                "destinationFile": out,
                "template": LIST,
                "services": [synapse_service(registry, name="web")],
            }
        ],
    }
    program = sandbox.synapse(config).await_ready()
    eventually(lambda: [name for name in os.listdir(state) if name.endswith(".json")])
    assert program.stop() == 0
    os.unlink(out)
    server.stop()
    kept = {name: text_of(os.path.join(state, name)) for name in os.listdir(state)}
    status, log, _ = once(sandbox, config, "--timeout", "1")
    assert status == 0, log
    assert "not read within 1000 ms: web; taking what an earlier run kept" in log
    assert text_of(out) == "[web]\na 127.0.0.1:8001 \n"
    assert {name: text_of(os.path.join(state, name)) for name in os.listdir(state)} == kept
    registry.close()


def test_oneshot_refuses_what_haproxy_refuses(sandbox, registries):
    web = registries("web")
    service = synapse_service(web, free_port(), name="web", routerOptions={"backend": ["zork on"]})
    status, log, program = once(sandbox, {"routers": [{"type": "haproxy", "services": [service]}]}, "--timeout", "30")
    assert status == 1
    assert "unknown keyword 'zork'" in log and "not routed: web" in log
    assert "not read" not in log and "all of them were read" in log
    assert not os.path.exists(program.router["configPath"])
    assert os.path.exists(program.router["configPath"] + ".rejected")


def test_oneshot_leaves_the_file_of_a_running_synapse_alone(sandbox, registries):
    web = registries("web")
    web.add("a", 8001)
    config = {"routers": [{"type": "haproxy", "services": [synapse_service(web, free_port(), name="web")]}]}
    running = sandbox.synapse(config).await_ready()
    status, log, _ = once(sandbox, running.config)
    assert status == 1 and "another synapse uses runtimeDir" in log


def test_oneshot_options(sandbox, registries):
    config = {"routers": [{"type": "console", "services": [synapse_service(registries("web"), name="web")]}]}
    program = sandbox.synapse(config, arguments=["--timeout", "3"], wait=False)
    assert program.wait(10) > 0 and "--oneshot" in program.log()
    status, log, _ = once(sandbox, config, "--timeout", "0")
    assert status > 0 and "--timeout" in log

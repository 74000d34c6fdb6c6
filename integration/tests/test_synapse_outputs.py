"""Routers that write files: template and file; and --oneshot."""

import json
import os
import stat

import pytest

from harness.configs import synapse_service
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
    eventually(lambda: text_of(ran) == f"{first}.\n{second}.\n", 10)
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
    eventually(lambda: "web: 1 servers available" in program.log(), 10)
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
    eventually(lambda: "postTemplateCommand" in program.log() and "exit status 3: broken pipe" in program.log(), 10)
    assert program.metrics().value("synapse_router_update_failure", type="template") >= 1
    assert not program.ready()
    _file(sandbox, "fixed", "")
    program.await_ready(20)
    eventually(lambda: "is up to date again" in program.log(), 10)
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
    eventually(lambda: [each["port"] for each in json.loads(text_of(api_file))] == [8002], 10)
    assert os.stat(web_file).st_ino == inode
    program.stop()
    # The next one does not touch what is right, and removes what is of a service that is gone: nothing else.
    mine = _file(sandbox, "out/mine.json", "[]")
    config["routers"][0]["services"] = services[:1]
    sandbox.synapse(config).await_ready()
    eventually(lambda: not os.path.exists(api_file), 10)
    assert os.path.exists(mine) and os.stat(web_file).st_ino == inode

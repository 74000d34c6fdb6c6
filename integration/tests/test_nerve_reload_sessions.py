"""A reload that gives nerve another session with ZooKeeper."""

import json
import os
import re
import signal

import pytest
from kazoo.security import make_acl, make_digest_acl

from harness.configs import nerve, nerve_service, reporter
from harness.wait import always, eventually
from harness.zookeeper import ChildrenRecorder, Registry

ONE = {"username": "nerve", "password": "one"}
TWO = {"username": "nerve", "password": "two"}
# Everybody may do everything, so that it is the session alone that changes.
OPEN = ["world:anyone:cdrwa"]


def sessions(zookeeper, program):
    ports = program.open_sockets()
    found = re.findall(r"127\.0\.0\.1:(\d+)\[\d+\]\(.*?sid=(0x[0-9a-f]+)", zookeeper.command("cons"))
    return {session for port, session in found if int(port) in ports}


def reload(program, service):
    program.config["services"] = [service]
    with open(f"{program.config_path}.new", "w", encoding="utf-8") as file:
        json.dump(program.config, file)
    os.rename(f"{program.config_path}.new", program.config_path)
    program.signal(signal.SIGHUP)


@pytest.mark.parametrize("node_type", ["ephemeral", "ephemeral_sequential", "persistent"])
def test_the_session_of_the_old_user_ends_when_the_new_one_has_the_node(sandbox, registry, zookeeper, node_type):
    port = sandbox.backend("a").port

    def service(auth):
        return nerve_service(port, reporters=[reporter(registry, auth=auth, acl=OPEN, nodeType=node_type)])

    program = sandbox.nerve(nerve(service(ONE)))
    eventually(lambda: registry.only_record()["weight"] == 255)
    old = eventually(lambda: sessions(zookeeper, program))
    lists = ChildrenRecorder(registry)
    reload(program, service(TWO))
    eventually(lambda: sessions(zookeeper, program) and not sessions(zookeeper, program) & old)
    always(lambda: registry.only_record()["weight"] == 255, 0.5)
    # The recorder sees the registry as it was at the start, too.
    assert {len(names) for names in lists.lists()} == {1}, "never twice, never gone"
    assert program.stop(30) == 0
    assert registry.names() == []


def test_the_session_of_an_old_user_stays_while_the_new_one_may_not_take_over(sandbox, registry, zookeeper):
    port = sandbox.backend("a").port
    admin = zookeeper.client(auth_data=[("digest", "admin:word")])
    admin.ensure_path(registry.path)

    def may(permissions):
        everybody = make_acl("world", "anyone", **permissions)
        admin.set_acls(registry.path, [make_digest_acl("admin", "word", all=True), everybody])

    def service(auth):
        return nerve_service(port, reporters=[reporter(registry, auth=auth, acl=["auth::cdrwa", "world:anyone:r"])])

    program = sandbox.nerve(nerve(service(ONE)))
    eventually(lambda: registry.only_record()["weight"] == 255)
    old = sessions(zookeeper, program)
    may({"read": True})
    reload(program, service(TWO))
    eventually(lambda: "lacks the permission" in program.log())
    always(lambda: len(registry.names()) == 1 and sessions(zookeeper, program) >= old, 1)
    may({"all": True})
    eventually(lambda: sessions(zookeeper, program) and not sessions(zookeeper, program) & old)
    always(lambda: len(registry.names()) == 1, 0.5)
    admin.stop()
    admin.close()


def test_the_session_with_an_old_ensemble_ends_when_the_new_one_has_the_node(sandbox, registry, zookeeper):
    other = sandbox.zookeeper()
    there = Registry(other, registry.path)
    port = sandbox.backend("a").port
    program = sandbox.nerve(nerve(nerve_service(port, registry)))
    eventually(lambda: registry.only_record()["weight"] == 255)
    reload(program, nerve_service(port, there))
    eventually(lambda: there.only_record()["weight"] == 255)
    eventually(lambda: registry.names() == [])
    eventually(lambda: not sessions(zookeeper, program))
    assert len(sessions(other, program)) == 1
    there.close()

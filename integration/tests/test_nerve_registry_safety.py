"""Who may do what in the registry, and how nerve finds its servers: digest authentication, ACLs, chroot, host names."""

import os

import pytest
from kazoo.exceptions import NoAuthError
from kazoo.security import make_acl, make_digest_acl, make_digest_acl_credential

from harness.configs import nerve, nerve_service, reporter
from harness.names import Names
from harness.wait import always, eventually
from harness.zookeeper import Registry

SECRET = "geheim-4711"
AUTH = {"username": "nerve", "password": SECRET}
GUARDED = [make_digest_acl("nerve", SECRET, all=True), make_acl("world", "anyone", read=True)]


def service(sandbox, registry, port=None, **keys):
    reporters = [reporter(registry, **keys)]
    return nerve_service(port or sandbox.backend("a").port, reporters=reporters, reportReplayInMilli=500)


def acl_of(client, path):
    """{(id, permissions)}, the permissions as zkCli writes them. Only an admin of the node sees hashes."""
    found = client.get_acls(path)[0]
    letters = [("c", 4), ("d", 8), ("r", 1), ("w", 2), ("a", 16)]
    return {(entry.id.id, "".join(letter for letter, bit in letters if entry.perms & bit)) for entry in found}


_paths = iter(range(1, 1_000))


@pytest.fixture
def registry(zookeeper):
    """A path that shares no parent with other tests: whoever creates one decides who may use it."""
    registry = Registry(zookeeper, f"/safety-{next(_paths)}")
    yield registry
    registry.close()


@pytest.fixture
def admin(zookeeper):
    """A client that is logged in as nerve."""
    client = zookeeper.client(auth_data=[("digest", f"nerve:{SECRET}")])
    yield client
    client.stop()
    client.close()


def test_only_who_logged_in_may_change_what_nerve_creates(sandbox, registry, zookeeper, admin):
    deep = Registry(zookeeper, f"{registry.path}/deep")
    sandbox.nerve(nerve(service(sandbox, deep, auth=AUTH)))
    eventually(lambda: deep.only_record()["weight"] == 255, what="everybody can read")
    (name,) = deep.names()
    nerves = make_digest_acl_credential("nerve", SECRET)
    for path in (f"{deep.path}/{name}", deep.path, registry.path):
        assert acl_of(admin, path) == {(nerves, "cdrwa"), ("anyone", "r")}, path
    forbidden = {
        "change it": lambda: deep.put(name, "garbage"),
        "remove it": lambda: deep.client.delete(f"{deep.path}/{name}"),
        "put another one beside it": lambda: deep.client.create(f"{deep.path}/{name}-newer", b"{}"),
    }
    for what, call in forbidden.items():
        with pytest.raises(NoAuthError):
            call()
            pytest.fail(what)
    deep.close()


def test_the_acl_is_the_one_that_is_configured(sandbox, registry):
    other = make_digest_acl_credential("other", "word")
    acl = ["auth::cdrw", f"digest:{other}:r", "ip:127.0.0.1:ra"]
    sandbox.nerve(nerve(service(sandbox, registry, auth=AUTH, acl=acl)))
    eventually(lambda: registry.only_record()["weight"] == 255)
    nerves = make_digest_acl_credential("nerve", SECRET)
    assert acl_of(registry.client, registry.path) == {(nerves, "cdrw"), (other, "r"), ("127.0.0.1", "ra")}


def test_without_a_wish_everything_is_open(sandbox, registry):
    sandbox.nerve(nerve(service(sandbox, registry)))
    eventually(registry.only_record)
    assert acl_of(registry.client, registry.path) == {("anyone", "cdrwa")}


def test_all_life_of_a_service_works_with_credentials(sandbox, registry):
    backend = sandbox.backend("a")
    program = sandbox.nerve(nerve(service(sandbox, registry, backend.port, auth=AUTH, nodeType="persistent")))
    eventually(lambda: registry.only_record()["weight"] == 255)
    backend.kill()
    eventually(lambda: registry.names() == [])
    sandbox.backend("a", backend.port)
    eventually(lambda: registry.only_record()["weight"] == 255)
    assert program.stop() == 0
    assert registry.names() == []


def test_the_credentials_are_given_to_each_new_session(sandbox, registry, zookeeper, admin):
    admin.ensure_path(registry.path, acl=GUARDED)
    program = sandbox.nerve(nerve(service(sandbox, registry, auth=AUTH)))
    eventually(lambda: registry.only_record()["weight"] == 255)
    for _ in range(3):
        old = zookeeper.session_of(program)
        zookeeper.expire(old, program)
        eventually(lambda: registry.only_record() and zookeeper.session_of(program) != old)
    assert "lacks" not in program.log()


def test_the_password_can_stand_in_a_file(sandbox, registry, admin):
    path = sandbox.path("password")
    with open(path, "w", encoding="ascii") as file:
        file.write(f"{SECRET}\n")
    os.chmod(path, 0o600)
    admin.ensure_path(registry.path, acl=GUARDED)
    sandbox.nerve(nerve(service(sandbox, registry, auth={"username": "nerve", "passwordFile": path})))
    eventually(lambda: registry.only_record()["weight"] == 255)


@pytest.mark.parametrize("auth", [None, {"username": "nerve", "password": f"not-{SECRET}"}], ids=["nobody", "wrong"])
def test_a_missing_permission_is_told_counted_and_tried_again(sandbox, registry, admin, auth):
    admin.ensure_path(registry.path, acl=GUARDED)
    program = sandbox.nerve(nerve(service(sandbox, registry, **({"auth": auth} if auth else {}))))
    eventually(lambda: program.metrics().value("nerve_reporter_failure_total", name="web", type="zookeeper") >= 3)
    who = 'user "nerve"' if auth else "a client without auth"
    assert f"{who} lacks the permission c (create children) on {registry.path}" in program.log()
    assert SECRET not in program.log()
    admin.set_acls(registry.path, [make_acl("world", "anyone", all=True)])
    eventually(lambda: registry.only_record()["weight"] == 255)


def test_a_node_that_may_not_be_written_is_told_of_too(sandbox, registry, admin):
    """Somebody else's persistent node of our name."""
    backend = sandbox.backend("a")
    admin.ensure_path(registry.path)
    foreign = f"{registry.path}/web_127.0.0.1_{backend.port}"
    admin.create(foreign, b"garbage", acl=[make_acl("world", "anyone", read=True)])
    program = sandbox.nerve(nerve(service(sandbox, registry, backend.port, nodeType="persistent")))
    eventually(lambda: "lacks the permission w (write)" in program.log())


def test_a_server_without_digest_authentication_is_not_hammered(sandbox):
    server = sandbox.zookeeper(properties={"zookeeper.DigestAuthenticationProvider.enabled": "false"})
    registry = Registry(server, "/services/web")
    program = sandbox.nerve(nerve(service(sandbox, registry, auth=AUTH)))
    refusal = 'refuses the credentials of user "nerve"'
    eventually(lambda: refusal in program.log())
    eventually(lambda: program.metrics().value("nerve_reporter_failure_total", name="web", type="zookeeper") >= 5)
    assert program.log().count(refusal) <= 6, "each attempt waits longer"
    assert SECRET not in program.log()
    assert program.get("/services/web/status")[0] in (200, 503)
    registry.close()


def test_a_chroot_that_is_missing_is_created(sandbox, registry, zookeeper):
    inside = Registry(zookeeper, f"{registry.path}/chroot/deep/services/web")
    hosts = [f"{zookeeper.hosts}{registry.path}/chroot/deep"]
    backend = sandbox.backend("a")
    keys = {"type": "zookeeper", "path": "/services/web"}
    sandbox.nerve(nerve(nerve_service(backend.port, reporters=[{**keys, "hosts": hosts}])))
    eventually(lambda: inside.only_record()["weight"] == 255)
    (name,) = inside.names()
    inside.remove(name)
    eventually(inside.only_record, what="the watch works there, too")
    inside.close()


def test_a_chroot_that_may_not_be_created_is_told(sandbox, registry, zookeeper, admin):
    admin.ensure_path(registry.path, acl=[make_acl("world", "anyone", read=True)])
    hosts = [f"{zookeeper.hosts}{registry.path}/chroot"]
    program = sandbox.nerve(
        nerve(nerve_service(sandbox.backend("a").port, reporters=[{"type": "zookeeper", "path": "/s", "hosts": hosts}]))
    )
    eventually(lambda: f"lacks the permission c (create children) on {registry.path}" in program.log())


def test_hosts_can_be_names(sandbox, registry, zookeeper):
    hosts = [f"localhost:{zookeeper.port}"]
    sandbox.nerve(nerve(service(sandbox, registry, hosts=hosts)))
    eventually(lambda: registry.only_record()["weight"] == 255)


def test_a_name_that_does_not_resolve_yet_is_asked_for_again(sandbox, registry, zookeeper):
    names = Names(sandbox)
    hosts = [f"zookeeper.test:{zookeeper.port}"]
    program = sandbox.nerve(nerve(service(sandbox, registry, hosts=hosts)), wrapper=names.wrapper)
    eventually(lambda: "no host name resolves" in program.log())
    names.set("zookeeper.test", "127.0.0.1")
    eventually(lambda: registry.only_record()["weight"] == 255, 30)


def test_names_are_resolved_again_when_the_connection_is_lost(sandbox):
    """The servers move to another address, as they do in a cloud."""
    old = sandbox.zookeeper()
    new = sandbox.zookeeper(port=old.port, address="127.0.0.2")
    names = Names(sandbox)
    names.set("zookeeper.test", "127.0.0.1")
    before, after = Registry(old, "/services/web"), Registry(new, "/services/web")
    keys = {"hosts": [f"zookeeper.test:{old.port}"], "connectionTimeoutInMilli": 6000}
    sandbox.nerve(nerve(service(sandbox, before, **keys)), wrapper=names.wrapper)
    eventually(lambda: before.only_record()["weight"] == 255)
    names.set("zookeeper.test", "127.0.0.2")
    always(lambda: before.only_record()["weight"] == 255, 0.5, "a name that changes harms no connection that works")
    before.close()
    old.stop()
    eventually(lambda: after.only_record()["weight"] == 255)
    after.close()

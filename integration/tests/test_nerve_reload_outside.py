"""What the configuration only names changes while nerve runs: a password file, the address of the machine."""

import json
import os
import signal
import subprocess

import pytest
from kazoo.security import make_digest_acl

from harness.configs import check, nerve, nerve_service, reporter
from harness.wait import always, eventually
from harness.zookeeper import Registry

SECRET = "geheim-4711"

# A machine of its own with one more address, over which everything leaves.
MACHINE = ["unshare", "-n", "sh", "-c", 'ip link set lo up; ip addr add 10.9.8.7/24 dev lo; '
           'ip route add default dev lo; exec "$@"', "nerve"]
OTHER_ADDRESS = ("ip addr del 10.9.8.7/24 dev lo; ip addr add 10.9.8.99/24 dev lo; ip route replace default dev lo")


@pytest.fixture
def guarded(zookeeper):
    """A path in which only the user nerve may do something."""
    admin = zookeeper.client(auth_data=[("digest", f"nerve:{SECRET}")])
    registry = Registry(zookeeper, f"/outside-{os.urandom(4).hex()}")
    admin.ensure_path(registry.path, acl=[make_digest_acl("nerve", SECRET, all=True)])
    yield registry, lambda: admin.get_children(registry.path)
    registry.close()
    admin.stop()
    admin.close()


def write_password(path, password):
    """In one step, as what renews secrets does."""
    with open(f"{path}.new", "w", encoding="ascii", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        file.write(f"{password}\n")
    os.rename(f"{path}.new", path)


@pytest.mark.parametrize("watched", [True, False])
def test_a_new_password_in_its_file_is_taken(sandbox, guarded, watched):
    registry, names = guarded
    os.mkdir(sandbox.path("secrets"))
    path = sandbox.path("secrets", "password")
    write_password(path, f"not-{SECRET}")
    auth = {"username": "nerve", "passwordFile": path}
    service = nerve_service(sandbox.backend("a").port, reporters=[reporter(registry, auth=auth)])
    program = sandbox.nerve(nerve(service, watchConfig=watched))
    eventually(lambda: "lacks the permission" in program.log())
    write_password(path, SECRET)
    if not watched:
        always(lambda: names() == [], 0.5)
        program.signal(signal.SIGHUP)
    eventually(lambda: len(names()) == 1)
    eventually(lambda: "1 changed (web)" in program.log())
    if not watched:
        program.signal(signal.SIGHUP)
        eventually(lambda: "SIGHUP: the configuration is what runs already" in program.log())


def test_a_new_token_in_its_file_is_taken(sandbox):
    os.mkdir(sandbox.path("secrets"))
    path = sandbox.path("secrets", "token")
    write_password(path, "one")
    program = sandbox.nerve(nerve(nerve_service(1), apiTokenFile=path, statePath=""))
    status = lambda: sandbox.nerve_command("weight", "web", 7, "--config", program.config_path).returncode
    always(lambda: status() == 0, 1, "the look at all files after the start is over", interval=0.2)
    write_password(path, "two")
    eventually(lambda: status() == 0)


def test_sighup_finds_the_new_address_of_the_machine(sandbox):
    report = sandbox.path("report")

    def announced():
        with open(report, encoding="utf-8") as file:
            return json.load(file)["host"]

    service = nerve_service(1, host="auto", checks=[check("noop")], reporters=[{"type": "file", "path": report}])
    program = sandbox.nerve(nerve(service), wrapper=MACHINE, wait=False)
    eventually(lambda: announced() == "10.9.8.7")
    subprocess.run(["nsenter", "-t", str(program.pid), "-n", "sh", "-c", OTHER_ADDRESS], check=True)
    program.signal(signal.SIGHUP)
    eventually(lambda: announced() == "10.9.8.99")

"""What an operator reads when HAProxy, its socket or its configuration is not as it should be: at start, and later."""

import os
import signal
import stat
import subprocess

import pytest

from harness.configs import synapse, synapse_service
from harness.haproxy import RuntimeSocket
from harness.ports import free_port
from harness.processes import Process
from harness.wait import always, eventually
from harness.web import answers
from harness.zookeeper import Registry

# The super-user without the right to pass over the permissions of files.
AS_AN_ORDINARY_USER = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"]


def said(program, *words):
    """Waits until one message of the log has all of these words (HAProxy's own may take several lines)."""

    def found():
        return any(all(word in text for word in words) for text in _messages(program.log()))

    eventually(found, 20, f"{words} in the log")


def _messages(log):
    """Lines, each with those that follow it without a time of their own."""
    messages = []
    for line in log.splitlines():
        if line[:2] == "20" and "T" in line[:12] or not messages:
            messages.append(line)
        else:
            messages[-1] += "\n" + line
    return messages


def fake_haproxy(sandbox, text):
    path = sandbox.path(sandbox.unique("fake-haproxy"))
    with open(path, "w", encoding="ascii") as file:
        file.write("#!/bin/sh\n" + text)
    os.chmod(path, 0o755)
    return path


@pytest.fixture
def service(sandbox, registry):
    """One service with one backend; `service.port` is where it is to be reached."""
    registry.add("a", sandbox.backend("a").port)
    return synapse_service(registry, free_port(), name="web")


def external(sandbox, service, **keys):
    haproxy = sandbox.haproxy()
    return haproxy, {"routers": [haproxy.router([service], **keys)]}


def test_a_missing_binary(sandbox, service):
    program = sandbox.synapse(synapse(service, haproxyBinary="/nowhere/haproxy"))
    said(program, "cannot start /nowhere/haproxy: No such file or directory; install HAProxy 2.4 or later, or set haproxyBinary")
    assert not program.ready()


def test_a_binary_that_cannot_be_run(sandbox, service):
    path = sandbox.path("haproxy-without-x")
    with open(path, "w", encoding="ascii") as file:
        file.write("not a program")
    program = sandbox.synapse(synapse(service, haproxyBinary=path))
    said(program, f"cannot start {path}: Permission denied; haproxyBinary must be a program that this user may run")


def test_an_haproxy_that_is_too_old_for_the_configuration(sandbox, service):
    words = "[ALERT]    (7) : config : parsing [x:5] : unknown keyword 'httpclient.ssl.verify' in 'global' section"
    old = fake_haproxy(sandbox, f'case "$*" in *-c*) echo "{words}"; exit 1;; esac\nexit 1\n')
    program = sandbox.synapse(synapse(service, haproxyBinary=old))
    said(program, "unknown keyword 'httpclient.ssl.verify'", "this HAProxy is older than 2.6")


def test_a_port_that_is_taken_at_start(sandbox, registry):
    backend = sandbox.backend("in the way")
    registry.add("a", sandbox.backend("a").port)
    program = sandbox.synapse(synapse(synapse_service(registry, backend.port, name="web")))
    said(program, "does not come up", "Address already in use", f"127.0.0.1:{backend.port}", "somebody else listens there")
    backend.kill()
    program.await_ready(30)
    assert answers(backend.port, 1) == {"a": 1}


def test_a_port_that_is_taken_later(zookeeper, sandbox, registry):
    """What is served already goes on being served, and so do changes to it."""
    registry.add("a", sandbox.backend("a").port)
    late = Registry(zookeeper, registry.path + "-late")
    late.client.ensure_path(late.path)
    in_the_way = sandbox.backend("in the way")
    port = free_port()
    services = [
        synapse_service(registry, port, name="web"),
        synapse_service(late, in_the_way.port, name="late", declareEmpty=False),
    ]
    program = sandbox.synapse(synapse(*services)).await_ready()
    late.add("l", sandbox.backend("l").port)
    said(program, "reload failed", "Address already in use", f"127.0.0.1:{in_the_way.port}", "somebody else listens there")
    # HAProxy is not even asked: it would let nobody in, on any port, while it tries to get that one.
    always(lambda: answers(port, 1) == {"a": 1}, 4)
    registry.add("b", sandbox.backend("b").port)
    eventually(lambda: set(answers(port, 4)) == {"a", "b"}, 15)
    in_the_way.kill()
    eventually(lambda: answers(in_the_way.port, 1) == {"l": 1}, 40)
    late.close()


def test_frontends_that_come_up_paused_are_resumed(zookeeper, sandbox, registry):
    """A port that is taken when somebody else's HAProxy begins to load, and free before it has given up."""
    registry.add("a", sandbox.backend("a").port)
    late = Registry(zookeeper, registry.path + "-late")
    late.client.ensure_path(late.path)
    in_the_way = sandbox.backend("in the way")
    port = free_port()
    web = synapse_service(registry, port, name="web")
    haproxy = sandbox.haproxy()
    if haproxy.runtime.version() >= (3, 0):
        pytest.skip("only HAProxy before 3.0 is known to do that")
    router = haproxy.router([web, synapse_service(late, in_the_way.port, name="late", declareEmpty=False)])
    program = sandbox.synapse({"routers": [router]}).await_ready()
    late.add("l", sandbox.backend("l").port)
    eventually(lambda: "PAUSED" in haproxy.runtime.command("show stat -1 1 -1"), what="HAProxy tries to get the port")
    in_the_way.kill()
    eventually(lambda: answers(in_the_way.port, 1) == {"l": 1}, 40)
    eventually(lambda: answers(port, 1) == {"a": 1})
    assert "PAUSED" not in haproxy.runtime.command("show stat -1 1 -1")
    said(program, "came up with frontends that accepted nothing", "web_1")
    late.close()


def test_an_address_that_the_host_does_not_have(sandbox, registry):
    registry.add("a", 1)
    service = synapse_service(registry, free_port(), name="web", bindAddress="203.0.113.7")
    program = sandbox.synapse(synapse(service))
    said(program, "Cannot assign requested address", "this host does not have that address: correct bindAddress")


def test_a_refused_configuration_at_start(sandbox, registry):
    registry.add("a", 1)
    service = synapse_service(registry, free_port(), name="web", routerOptions={"backend": ["zork on"]})
    program = sandbox.synapse(synapse(service))
    path = program.router["configPath"]
    said(program, f"kept as {path}.rejected", "unknown keyword 'zork'", "this HAProxy does not know the keyword")
    with open(path + ".rejected", encoding="ascii") as file:
        rejected = file.read()
    assert "zork on\n" in rejected and "# HAProxy refused this file:" in rejected
    # The number in its words is that of the line in the file that is kept.
    line = int(rejected.split(f"{path}.rejected:")[1].split("]")[0])
    assert rejected.splitlines()[line - 1].strip() == "zork on"
    assert not os.path.exists(path), "what HAProxy refuses never gets there"
    assert not program.ready()


def test_a_refused_configuration_later_and_its_end(sandbox, registry):
    """A certificate that vanishes makes the next configuration bad; it never reaches HAProxy, which serves on."""
    registry.add("a", sandbox.backend("a").port)
    port = free_port()
    certificate = sandbox.path("ca.pem")
    _self_signed(certificate)
    options = {"backend": [f"default-server ca-file {certificate}"]}
    program = sandbox.synapse(synapse(synapse_service(registry, port, name="web", routerOptions=options)))
    program.await_ready()
    path, worker = program.router["configPath"], program.runtime.worker_pid()
    eventually(lambda: "server a " in program.haproxy_config())
    before = program.haproxy_config()
    os.rename(certificate, certificate + ".away")
    registry.add("b", sandbox.backend("b").port)
    said(program, f"kept as {path}.rejected", "ca.pem")
    eventually(lambda: os.path.exists(path + ".rejected"))
    assert program.haproxy_config() == before
    assert program.runtime.worker_pid() == worker
    eventually(lambda: set(answers(port, 4)) == {"a", "b"})
    os.rename(certificate + ".away", certificate)
    registry.add("c", sandbox.backend("c").port)
    eventually(lambda: "server c " in program.haproxy_config() and not os.path.exists(path + ".rejected"), 20)


def _self_signed(path):
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=test", "-days", "2"]
        + ["-keyout", path + ".key", "-out", path],
        check=True,
        capture_output=True,
        timeout=30,
    )


def test_a_directory_that_is_not_there(sandbox, service):
    haproxy, config = external(sandbox, service)
    config["routers"][0]["configPath"] = sandbox.path("nowhere", "haproxy.cfg")
    program = sandbox.synapse(config)
    said(program, "nowhere/haproxy.cfg.candidate: No such file or directory; create the directory")


def test_a_directory_that_may_not_be_written_to(sandbox, service):
    haproxy, config = external(sandbox, service)
    directory = sandbox.path("read-only")
    os.mkdir(directory, 0o555)
    config["routers"][0]["configPath"] = os.path.join(directory, "haproxy.cfg")
    program = sandbox.synapse(config, wrapper=AS_AN_ORDINARY_USER)
    said(program, "read-only/haproxy.cfg.candidate: Permission denied; let this user write to the directory")


def test_a_socket_that_is_missing_at_start(sandbox, service):
    """HAProxy runs with another file than the one that synapse writes, and has no socket there."""
    haproxy, config = external(sandbox, service)
    missing = os.path.join(haproxy.directory, "missing.sock")
    config["routers"][0]["global"] = [f"stats socket {missing} level admin"]
    config["routers"][0]["reloadCommand"] = ["true"]
    program = sandbox.synapse(config)
    said(program, f"cannot connect to HAProxy's runtime socket {missing}: No such file or directory; start HAProxy with")
    assert not program.ready()


def test_a_socket_that_vanishes(sandbox, service, registry):
    haproxy, config = external(sandbox, service)
    program = sandbox.synapse(config).await_ready()
    os.unlink(haproxy.socket_path)
    said(program, f"cannot connect to HAProxy's runtime socket {haproxy.socket_path}: No such file or directory; start")
    said(program, "restart it, because a reload keeps the deleted one")
    # Meanwhile reloads bring what is new.
    registry.add("b", sandbox.backend("b").port)
    eventually(lambda: set(answers(service["port"], 4)) == {"a", "b"}, 30)
    haproxy.process.signal(9)
    haproxy.process.wait(10)
    haproxy.start()
    sandbox.processes.append(haproxy.process)
    registry.add("c", sandbox.backend("c").port)
    eventually(lambda: haproxy.runtime.names_in_rotation("web") == {"a", "b", "c"}, 30)


def test_nobody_behind_the_socket(sandbox, service):
    haproxy, config = external(sandbox, service)
    config["routers"][0]["reloadCommand"] = ["true"]
    haproxy.process.signal(9)
    haproxy.process.wait(10)
    eventually(lambda: not _answers(haproxy.runtime))
    program = sandbox.synapse(config)
    said(program, "Connection refused; HAProxy does not run, or has left this socket: start it")


def _answers(runtime):
    try:
        return bool(runtime.info())
    except OSError:
        return False


def test_a_socket_that_may_not_be_written_to(sandbox, service, registry):
    haproxy, config = external(sandbox, service)
    os.chmod(haproxy.socket_path, 0)
    # The command reloads as root; what it starts anew has the mode of the configuration again, so it must not.
    config["routers"][0]["reloadCommand"] = ["true"]
    program = sandbox.synapse(config, wrapper=AS_AN_ORDINARY_USER)
    said(program, f"{haproxy.socket_path}: Permission denied; let this user write to it")
    assert not program.ready()


def test_a_socket_whose_level_is_too_low_later(sandbox, service, registry):
    """Somebody loads another configuration into the HAProxy, with the same fingerprint but a socket of less power."""
    haproxy, config = external(sandbox, service)
    program = sandbox.synapse(config).await_ready()
    eventually(lambda: "server a " in program.haproxy_config())
    # From now on whatever is loaded has a socket for operators only.
    low = os.path.join(haproxy.directory, "low.sh")
    with open(low, "w", encoding="ascii") as file:
        file.write(f"#!/bin/sh\nsed -i 's/level admin/level operator/' {haproxy.config_path}\nexec {haproxy.reload_command[0]}\n")
    os.chmod(low, stat.S_IRWXU)

    def lowered():  # again and again: HAProxy loses a reload that comes right after another one
        subprocess.run([low], check=True, env={**os.environ, "HAP_CONFIG": haproxy.config_path}, timeout=20)
        return "Permission denied" in haproxy.runtime.command("set server web_1/a weight 1")

    eventually(lowered, interval=0.5)
    registry.add("b", sandbox.backend("b").port)
    said(program, f"{haproxy.socket_path} does not allow what is needed", 'write "level admin" behind it')
    # What cannot be said is reloaded, which brings the power back here.
    eventually(lambda: haproxy.runtime.names_in_rotation("web") == {"a", "b"}, 30)


def test_a_socket_whose_level_is_too_low_at_start(sandbox, service):
    directory = sandbox.path("low")
    os.mkdir(directory)
    path, sock = os.path.join(directory, "other.cfg"), os.path.join(directory, "admin.sock")
    with open(path, "w", encoding="ascii") as file:
        file.write(f"global\n stats socket {sock} level user\ndefaults\n timeout connect 1s\n timeout client 1s\n timeout server 1s\n")
    sandbox.processes.append(Process("haproxy", ["haproxy", "-W", "-f", path], os.path.join(directory, "log")))
    eventually(lambda: RuntimeSocket(sock).info())
    router = {
        "type": "haproxy",
        "configPath": os.path.join(directory, "haproxy.cfg"),
        "reloadCommand": ["true"],
        "global": [f"stats socket {sock} level admin"],
        "services": [service],
    }
    program = sandbox.synapse({"routers": [router]})
    said(program, f"{sock} does not allow what is needed", 'write "level admin" behind it in the global that this HAProxy has')
    assert not program.ready()


def test_one_trouble_is_said_once(sandbox, registry):
    backend = sandbox.backend("in the way")
    registry.add("a", 1)
    program = sandbox.synapse(synapse(synapse_service(registry, backend.port, name="web")))
    said(program, "does not come up", "Address already in use")
    eventually(lambda: program.metrics().value("synapse_router_update_failure", type="haproxy") >= 3, 20)
    assert program.log().count("does not come up") == 1, program.log()
    always(program.await_api, 0.1)


def test_an_end_while_the_file_is_checked_leaves_no_maintenance_behind(sandbox, registry):
    """What synapse has taken out of service is not taken for a person's by the next one."""
    slow = sandbox.path("slow")
    binary = fake_haproxy(
        sandbox, f'case "$*" in *-c*) while [ -e {slow} ]; do sleep 0.05; done ;; esac\nexec haproxy "$@"\n'
    )
    directory = sandbox.path("run")
    os.mkdir(directory)
    registry.add("a", sandbox.backend("a").port)
    registry.add("b", sandbox.backend("b").port)
    service = synapse_service(registry, free_port(), name="web")
    program = sandbox.synapse(synapse(service, runtimeDir=directory, haproxyBinary=binary)).await_ready()
    eventually(lambda: program.runtime.names_in_rotation("web") == {"a", "b"})
    eventually(lambda: "server b " in program.haproxy_config())
    with open(slow, "w", encoding="ascii"):
        registry.remove("b")
    eventually(lambda: program.runtime.names_in_rotation("web") == {"a"})
    eventually(lambda: os.path.exists(program.router["configPath"] + ".candidate"))
    program.signal(signal.SIGUSR2)
    always(lambda: program.running, 0.5, "it waits for the check")
    os.remove(slow)
    program.wait(15)
    program = sandbox.synapse(program.config).await_ready()
    registry.add("b", sandbox.backend("b").port)
    eventually(lambda: program.runtime.names_in_rotation("web") == {"a", "b"}, 20)


def test_a_refused_change_that_is_taken_back_is_forgotten(sandbox, registry):
    """Nothing waits for HAProxy's consent any more, and the same words are told when they come again."""
    refuse = sandbox.path("refuse")
    words = "[ALERT] (7) : config : nobody likes this"
    binary = fake_haproxy(
        sandbox, f'case "$*" in *-c*) if [ -e {refuse} ]; then echo "{words}"; exit 1; fi ;; esac\nexec haproxy "$@"\n'
    )
    registry.add("a", sandbox.backend("a").port)
    service = synapse_service(registry, free_port(), name="web")
    program = sandbox.synapse(synapse(service, haproxyBinary=binary)).await_ready()
    path = program.router["configPath"]
    eventually(lambda: "server a " in program.haproxy_config())
    for times in (1, 2):
        with open(refuse, "w", encoding="ascii"):
            registry.add("b", 40_002, weight=5)
        eventually(lambda times=times: program.log().count("nobody likes this") == times, 20)
        assert os.path.exists(path + ".rejected")
        os.remove(refuse)
        registry.remove("b")
        eventually(lambda: not os.path.exists(path + ".rejected"), 20)
        eventually(lambda: program.runtime.names_in_rotation("web") == {"a"})

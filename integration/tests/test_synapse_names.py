"""A service whose name in HAProxy changes: before HAProxy loads the new configuration, when it cannot, and after it did."""

import os
import signal
import socket

from harness.configs import synapse, synapse_service
from harness.live import DRAIN, MAINTENANCE, READY, SOON, by_hand, file_says, reloads, rotation, state
from harness.ports import free_port
from harness.wait import always, eventually
from harness.web import answers

CHECK = "check inter 100ms rise 1 fall 1"
PATIENCE = 30


def held(program):
    return program.metrics().value("synapse_haproxy_held_by_hand", service="web")


def services(program):
    return program.config["routers"][0]["services"]


def taken_port():
    """A port that HAProxy's check of the file accepts, and its load does not get."""
    owner = socket.socket()
    owner.bind(("127.0.0.1", free_port()))
    owner.listen()
    return owner, owner.getsockname()[1]


def test_servers_follow_by_the_old_name_while_the_new_one_cannot_be_loaded(sandbox, registry):
    registry.add("a", sandbox.backend("a").port)
    port = free_port()
    program = sandbox.synapse(synapse(synapse_service(registry, port, name="web"))).await_ready()
    rotation(program, "a")
    owner, taken = taken_port()
    services(program).insert(0, synapse_service(registry, taken, name="other"))
    program.replace_config()
    eventually(lambda: "reload failed" in program.log(), PATIENCE, "the load fails")
    registry.add("b", sandbox.backend("b").port)
    eventually(lambda: set(answers(port, 4)) == {"a", "b"}, PATIENCE, "b serves")
    registry.remove("a")
    eventually(lambda: set(answers(port, 4)) == {"b"}, PATIENCE, "a is away")
    assert {row["be_name"] for row in program.runtime.servers()} == {"web_1"}
    owner.close()
    eventually(lambda: "web_2" in {row["be_name"] for row in program.runtime.servers()}, 60, "the new name is loaded")
    eventually(lambda: set(answers(port, 4)) == {"b"}, PATIENCE)
    eventually(lambda: set(answers(taken, 4)) == {"b"}, PATIENCE)


def test_a_start_that_cannot_load_the_new_name_goes_on_with_the_old_one(sandbox, registry):
    registry.add("a", sandbox.backend("a").port)
    port, directory = free_port(), sandbox.path("run")
    os.mkdir(directory)
    program = sandbox.synapse(synapse(synapse_service(registry, port, name="web"), runtimeDir=directory)).await_ready()
    file_says(program, "server a ")
    program.signal(signal.SIGUSR2)
    program.wait(15)
    owner, taken = taken_port()
    services(program).insert(0, synapse_service(registry, taken, name="other"))
    program = sandbox.synapse(program.config)
    registry.add("b", sandbox.backend("b").port)
    eventually(lambda: set(answers(port, 4)) == {"a", "b"}, PATIENCE, "b serves")
    owner.close()


def test_what_runs_is_kept_under_another_name(sandbox, registry):
    for name in "abcd":
        registry.add(name, sandbox.backend(name).port)
    service = synapse_service(
        registry, free_port(), name="web", serverOptions=CHECK, admission="verified", drainInMilli=600_000
    )
    program = sandbox.synapse(synapse(service)).await_ready()
    rotation(program, *"abcd")
    by_hand(program, "b", "maint")
    by_hand(program, "c", "drain")
    eventually(lambda: held(program) == 2, SOON)
    registry.remove("d")
    state(program, "d", DRAIN)
    file_says(program, "# below: drains")
    for name in ("front", "back", None):
        before = reloads(program)
        services(program)[0].pop("backendName", None)
        if name:
            services(program)[0]["backendName"] = name
        program.replace_config()
        shown = name or "web_1"
        eventually(lambda: {row["be_name"] for row in program.runtime.servers()} == {shown}, PATIENCE, f"named {shown}")
        eventually(lambda: reloads(program) > before, SOON)

        def states():
            return [program.runtime.admin_state(shown, server) for server in "abcd"]

        assert states()[0] == READY, "a is not put through its checks again"
        eventually(lambda: states() == [READY, MAINTENANCE, DRAIN, DRAIN], SOON, "the states are kept")
    eventually(lambda: held(program) == 2)
    eventually(lambda: program.log().count("b is in maintenance by hand") == 1)
    eventually(lambda: program.log().count("c is in drain by hand") == 1)


def test_a_drain_ends_when_it_was_to_although_the_name_changes(sandbox, registry):
    for name in "ab":
        registry.add(name, sandbox.backend(name).port)
    program = sandbox.synapse(
        synapse(synapse_service(registry, free_port(), name="web", drainInMilli=6000))
    ).await_ready()
    rotation(program, *"ab")
    registry.remove("b")
    state(program, "b", DRAIN)
    # A drain that began anew would last as long as this says.
    services(program)[0].update(backendName="front", drainInMilli=900_000)
    program.replace_config()
    eventually(lambda: program.runtime.admin_state("front", "a") == READY, PATIENCE, "the new name is loaded")
    eventually(lambda: program.runtime.admin_state("front", "b") in (MAINTENANCE, None), PATIENCE, "the drain ends")


def test_maintenance_that_is_not_respected_any_more_is_not_counted(sandbox, registry):
    for name in "ab":
        registry.add(name, sandbox.backend(name).port)
    program = sandbox.synapse(synapse(synapse_service(registry, free_port(), name="web"))).await_ready()
    rotation(program, *"ab")
    by_hand(program, "a", "maint")
    eventually(lambda: held(program) == 1, SOON)
    program.config["routers"][0]["respectManualMaintenance"] = False
    program.replace_config()
    rotation(program, *"ab")
    eventually(lambda: held(program) == 0, SOON)
    eventually(lambda: "a is no longer held by hand" in program.log())


def test_a_worker_of_an_older_file_holds_nothing_for_a_person(sandbox, registry):
    for name in "ab":
        registry.add(name, sandbox.backend(name).port)
    haproxy = sandbox.haproxy()
    program = sandbox.synapse(
        {"routers": [haproxy.router([synapse_service(registry, free_port(), name="web")])]}
    ).await_ready()
    rotation(program, *"ab")
    file_says(program, "server b ")
    registry.add("b", registry_port(program, "b"), available=False)
    rotation(program, "a")
    eventually(lambda: " disabled" in program.haproxy_config(), SOON)
    old = program.haproxy_config()
    registry.add("b", registry_port(program, "b"))
    rotation(program, *"ab")
    eventually(lambda: " disabled" not in program.haproxy_config(), SOON)
    new = program.haproxy_config()
    haproxy.process.kill()
    put(haproxy.config_path, old)
    haproxy.start()
    sandbox.processes.append(haproxy.process)
    put(haproxy.config_path, new)
    rotation(program, *"ab")
    assert held(program) == 0


def registry_port(program, name):
    return int(program.runtime.server("web", name)["srv_port"])


def put(path, text):
    with open(path + ".new", "w", encoding="utf-8") as file:
        file.write(text)
    os.rename(path + ".new", path)


def test_a_file_that_fell_behind_holds_nothing_for_a_person(sandbox, registry):
    port = sandbox.backend("b").port
    registry.add("a", sandbox.backend("a").port)
    registry.add("b", port)
    directory, page = sandbox.path("run"), sandbox.path("errors.http")
    os.mkdir(directory)
    with open(page, "w", encoding="utf-8") as file:
        file.write("HTTP/1.0 503 Service Unavailable\r\n\r\n")
    service = synapse_service(
        registry, free_port(), name="web", routerOptions={"backend": [f"errorfile 503 {page}"]}
    )
    program = sandbox.synapse(synapse(service, runtimeDir=directory)).await_ready()
    rotation(program, *"ab")
    file_says(program, "server a ", "server b ")
    os.rename(page, page + ".away")
    registry.add("b", port, available=False)
    rotation(program, "a")
    behind = program.router["configPath"] + ".behind"
    eventually(lambda: os.path.exists(behind), SOON, "the file is known to be behind")
    program.signal(signal.SIGUSR2)
    program.wait(15)
    os.rename(page + ".away", page)
    program = sandbox.synapse(program.config).await_ready()
    always(lambda: held(program) == 0, 1)
    registry.add("b", port)
    rotation(program, *"ab")
    eventually(lambda: not os.path.exists(behind), SOON, "the file is no longer behind")

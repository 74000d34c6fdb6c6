"""A nerve that was killed before it could save what it did last leaves a state that is older than the registry. Its next
life goes on with the session, and what the state does not name must not live on with it."""

import json

import pytest

from harness.configs import nerve, nerve_service, reporter
from harness.ports import free_port
from harness.wait import always, eventually
from harness.zookeeper import ChildrenRecorder

SESSION_MS = 60_000  # nothing goes with its session while a test runs

FORMS = {
    "encoded": {"pathEncoding": True},
    "sequential": {"nodeType": "ephemeral_sequential"},
    "both": {"nodeType": "ephemeral_sequential", "pathEncoding": True},
}
every_form = pytest.mark.parametrize("form", FORMS)


def reporters(registry, **keys):
    return [reporter(registry, connectionTimeoutInMilli=SESSION_MS, **keys)]


def only_name(registry, weight=255):
    assert registry.only_record()["weight"] == weight
    return registry.names()[0]


def killed_with_an_older_state(program, registry):
    """Kills it when its node is another one than the state says; returns the node's name."""
    before = eventually(lambda: only_name(registry))
    eventually(lambda: before in program.kept())
    older = program.kept()
    program.put("/services/web/weight/100")
    if eventually(lambda: only_name(registry, 100)) == before:  # a number that is the node's for as long as it is there
        registry.remove(before)
    last = eventually(lambda: (name := only_name(registry, 100)) != before and name)
    eventually(lambda: last in program.kept())
    program.kill()
    program.keep(older)
    return last


def alone_but_for(theirs, registry, weight=255):
    """The name of the only other node, when it has its full weight."""
    ((name, record),) = ((name, record) for name, record in registry.records().items() if name != theirs)
    assert record["weight"] == weight
    return name


def without_nodes(program):
    """As when it was killed when it had created its first one."""
    state = json.loads(program.kept())
    for session in state["sessions"]:
        session["nodes"] = []
    program.keep(json.dumps(state))


@pytest.mark.parametrize("state", ["names the node before", "names no node"])
@pytest.mark.parametrize("form", ["encoded", "sequential"])
def test_another_form_of_node_replaces_what_the_state_does_not_name(sandbox, registry, form, state):
    service = nerve_service(sandbox.backend("a").port, reporters=reporters(registry, **FORMS[form]))
    settings = nerve(service, apiPort=free_port())
    program = sandbox.nerve(settings)
    last = killed_with_an_older_state(program, registry)
    if state == "names no node":
        without_nodes(program)
    session = registry.stat(last).ephemeralOwner
    # A twin's, which is the twin's affair.
    theirs = registry.put(f"web_127.0.0.1_{service['port']}_0000999999", json.dumps({"host": "127.0.0.1", "port": 1}))
    recorder = ChildrenRecorder(registry)

    service["reporters"] = reporters(registry)
    successor = sandbox.nerve(settings)
    plain = f"web_127.0.0.1_{service['port']}"
    eventually(lambda: registry.names() == sorted([plain, theirs]))
    assert registry.stat(plain).ephemeralOwner == session
    eventually(lambda: recorder.lists()[-1] == registry.names())
    assert all(len(children) == 2 for children in recorder.lists()), "in one transaction"
    eventually(lambda: plain in successor.kept() and last not in successor.kept())
    always(lambda: registry.names() == sorted([plain, theirs]), 0.3)
    assert successor.stop() == 0
    assert registry.names() == [theirs]


def test_what_no_name_tells_of_goes_when_the_others_have_settled(sandbox, registry):
    service = nerve_service(sandbox.backend("a").port, reporters=reporters(registry, **FORMS["both"]))
    settings = nerve(service, apiPort=free_port())
    program = sandbox.nerve(settings)
    killed_with_an_older_state(program, registry)
    service["reporters"] = reporters(registry)
    sandbox.nerve(settings)
    eventually(lambda: registry.names() == [f"web_127.0.0.1_{service['port']}"])


@every_form
def test_the_node_of_a_service_that_is_not_configured_any_more_goes(sandbox, registry, form):
    port = sandbox.backend("a").port
    service = nerve_service(port, reporters=reporters(registry, **FORMS[form]))
    settings = nerve(service, apiPort=free_port())
    program = sandbox.nerve(settings)
    last = killed_with_an_older_state(program, registry)
    session = registry.stat(last).ephemeralOwner
    theirs = registry.put(f"web_127.0.0.1_{port}_0000999999", json.dumps({"host": "127.0.0.1", "port": 1}))

    settings["services"] = [nerve_service(port, name="other", reporters=reporters(registry, **FORMS[form]))]
    successor = sandbox.nerve(settings)
    other = eventually(lambda: alone_but_for(theirs, registry))
    assert registry.records()[other]["name"] == "other"
    assert registry.stat(other).ephemeralOwner == session
    eventually(lambda: f"removed the node {registry.path}/{last}" in successor.log(), what="told when it is acknowledged")
    always(lambda: registry.names() == sorted([other, theirs]), 0.3)


@every_form
def test_the_same_configuration_goes_on_with_what_is_there(sandbox, registry, form):
    service = nerve_service(sandbox.backend("a").port, reporters=reporters(registry, **FORMS[form]), weight=100)
    settings = nerve(service, apiPort=free_port())
    program = sandbox.nerve(settings)
    name = eventually(lambda: only_name(registry, 100))
    before = registry.stats()
    eventually(lambda: name in program.kept())
    program.kill()
    without_nodes(program)
    successor = sandbox.nerve(settings)
    eventually(lambda: name in successor.kept())
    always(lambda: registry.stats() == before, 0.5)

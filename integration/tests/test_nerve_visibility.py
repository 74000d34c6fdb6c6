"""What an operator sees when the registry is not as nerve wants it."""

import json
import re
import subprocess

from harness.configs import nerve, nerve_service
from harness.sandbox import binary
from harness.wait import always, eventually
from harness.zookeeper import Registry


def reporter_of(program, name="web"):
    return json.loads(program.get(f"/services/{name}/status")[1])["Reporters"][0]


def command(program, *words):
    argv = [binary("nerve"), *words, "--api", f"127.0.0.1:{program.api_port}"]
    return subprocess.run(argv, capture_output=True, text=True, timeout=30, check=False)


def test_what_is_not_registered_is_not_said_to_be(sandbox):
    server = sandbox.zookeeper()
    registry = Registry(server, "/services/web")
    service = nerve_service(sandbox.backend("a").port, registry)
    service["reporters"][0]["connectionTimeoutInMilli"] = 6000
    server.stop()
    program = sandbox.nerve(nerve(service))
    eventually(lambda: reporter_of(program)["Error"] and not reporter_of(program)["Confirmed"])
    assert reporter_of(program)["Connected"] is False
    confirmed = r'nerve_reporter_confirmed\{.*type="zookeeper"\} (\d)'
    assert re.search(confirmed, program.get("/metrics")[1])[1] == "0"
    assert "zookeeper: not confirmed: no acknowledgement from ZooKeeper" in command(program, "status").stdout
    assert "has confirmed that it is announced" not in program.log()
    server.start()
    eventually(lambda: reporter_of(program) == {"Type": "zookeeper", "Connected": True, "Confirmed": True, "Error": ""})
    assert re.search(confirmed, program.get("/metrics")[1])[1] == "1"
    assert "has confirmed that it is announced" in program.log()
    registry.close()


def test_a_disable_that_the_registry_has_not_confirmed_does_not_look_like_a_good_one(sandbox):
    server = sandbox.zookeeper()
    registry = Registry(server, "/services/web")
    program = sandbox.nerve(nerve(nerve_service(sandbox.backend("a").port, registry)))
    eventually(registry.names)
    registry.close()
    server.stop()
    eventually(lambda: reporter_of(program)["Connected"] is False)
    result = command(program, "disable", "web")
    assert (result.returncode, "consumers may still come" in result.stderr) == (1, True)
    assert json.loads(program.put("/services/web/disable")[1])["Reporters"][0]["Confirmed"] is False


def test_a_node_that_is_made_again_is_told(sandbox, registry):
    program = sandbox.nerve(nerve(nerve_service(sandbox.backend("a").port, registry)))
    eventually(lambda: registry.names() and registry.only_record()["weight"] == 255)
    path = f"{registry.path}/{registry.names()[0]}"
    registry.client.delete(path)
    eventually(lambda: f"registered again as {path}" in program.log())
    registry.server.expire(registry.server.session_of(program), program)
    eventually(lambda: program.log().count(f"registered again as {path}") == 2)


def test_two_nerves_for_one_instance_are_told_and_the_last_one_keeps_it(sandbox, registry):
    """They take the node from each other, ever more seldom; when one goes, the other has it at once."""
    service = nerve_service(sandbox.backend("a").port, registry)
    first = sandbox.nerve(nerve(service))
    eventually(registry.names)
    second = sandbox.nerve(nerve(service, statePath=sandbox.path("second.json")))
    always(registry.names, 1)
    # By now both wait for four seconds and more before they take it once more.
    fight = "for the 3. time; another nerve seems to announce the same name"
    eventually(lambda: fight in first.log() and fight in second.log(), 30)
    assert first.stop() == 0
    eventually(registry.names, 3, "it is there again at once, whatever the back-off")
    assert registry.stat(registry.names()[0]).ephemeralOwner == registry.server.session_of(second)

"""The configuration changes while nerve runs: by difference, without a gap, and never for the worse."""

import json
import os
import signal
import threading

import pytest

from harness.configs import check, nerve, nerve_service, reporter
from harness.ports import free_port
from harness.wait import always, eventually
from harness.zookeeper import EventRecorder, Registry


class Config:
    """A configuration on disk, and a directory with one file for each further service."""

    def __init__(self, sandbox, *services, **keys):
        self.directory = sandbox.path("services.d")
        os.makedirs(self.directory)
        self.content = nerve(*services, **{"servicesDir": self.directory, **keys})
        self.program = None

    def start(self, sandbox):
        self.program = sandbox.nerve(self.content)
        self.content = self.program.config
        return self.program

    def write(self):
        """In one step, as a configuration tool does."""
        replace(self.program.config_path, json.dumps(self.content))

    def file(self, name):
        return os.path.join(self.directory, name)

    def put(self, name, service):
        replace(self.file(name), service if isinstance(service, str) else json.dumps(service))

    def remove(self, name):
        os.unlink(self.file(name))


def replace(path, text):
    hidden = os.path.join(os.path.dirname(path), ".new")
    with open(hidden, "w", encoding="utf-8") as file:
        file.write(text)
    os.rename(hidden, path)


def warm(registry, count=1, weight=255):
    return eventually(
        lambda: len(registry.names()) == count
        and all(record["weight"] == weight for record in registry.records().values())
        and registry.stats()
    )


def named(registry, name):
    return [child for child in registry.names() if child.startswith(f"{name}_")][0]


def refused(program):
    return program.log().count("the new configuration is refused")


def loaded(program):
    return program.log().count("configuration loaded")


def test_adding_a_service_is_adding_a_file(sandbox, registry):
    backend = sandbox.backend("a")
    config = Config(sandbox, nerve_service(backend.port, registry))
    config.start(sandbox)
    before = warm(registry)
    config.put("more.yml", nerve_service(backend.port, registry, name="more"))
    both = warm(registry, 2)
    assert [both[name] for name in before] == list(before.values()), "the first was not touched"
    config.remove("more.yml")
    eventually(lambda: registry.stats() == before, what="the second is drained and gone, the first as ever")
    eventually(lambda: [service["Name"] for service in json.loads(config.program.get("/status")[1])] == ["web"])
    eventually(lambda: 'name="more"' not in config.program.get("/metrics")[1])


def test_a_removed_service_is_drained_first(sandbox, registry):
    backend = sandbox.backend("a")
    config = Config(sandbox)
    config.put("web.yml", nerve_service(backend.port, disableMinDurationInMilli=4000,
                                        reporters=[reporter(registry, exposeOnUnavailable=True)],
                                        setServiceAsDownOnShutdown=False))
    config.start(sandbox)
    warm(registry)
    config.remove("web.yml")
    eventually(lambda: registry.only_record()["available"] is False)
    always(lambda: len(registry.names()) == 1, 0.7)
    eventually(lambda: registry.names() == [])


def test_sighup_reloads(sandbox, registry):
    backend = sandbox.backend("a")
    config = Config(sandbox, nerve_service(backend.port, registry), watchConfig=False)
    program = config.start(sandbox)
    warm(registry)
    config.content["services"][0]["weight"] = 100
    config.write()
    always(lambda: loaded(program) == 0, 0.5)
    program.signal(signal.SIGHUP)
    warm(registry, weight=100)
    program.signal(signal.SIGHUP)
    eventually(lambda: "SIGHUP: the configuration is what runs already" in program.log())


@pytest.mark.parametrize(
    "change",
    [
        {"weight": 100},
        {"labels": {"az": "b"}},
        {"checks": [check("http")]},
        {"disableMinDurationInMilli": 5},
        {"reporterServiceName": "other"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_changed_service_is_replaced_without_a_gap(sandbox, registry, change):
    backend = sandbox.backend("a")
    config = Config(sandbox, nerve_service(backend.port, registry))
    program = config.start(sandbox)
    (name, before), *_ = warm(registry).items()
    recorder = EventRecorder(registry)
    config.content["services"][0].update(change)
    config.write()
    eventually(lambda: loaded(program) == 1)
    eventually(lambda: program.get("/status")[0] == 200)
    expected = {"weight": 100} if "weight" in change else {"labels": {"az": "b"}} if "labels" in change else {}
    eventually(lambda: expected.items() <= registry.only_record().items())
    always(lambda: registry.stat(name).czxid == before.czxid, 0.3)
    assert registry.only_record()["available"] and registry.only_record()["weight"] >= 100
    written = {event for event, _path in recorder.events}
    assert written <= {"CHANGED"}, recorder.events
    states = [event for event in json.loads(program.get("/events")[1]) if event.get("check") is None]
    assert states[-1]["new"] == "available", "the replacement is no event of the service"
    if "checks" in change:
        eventually(lambda: backend.count("/") > 3, what="the new check runs")


def test_a_service_that_moves_is_registered_anew_before_the_old_place_goes(sandbox, registry):
    first, second = sandbox.backend("a"), sandbox.backend("b")
    config = Config(sandbox, nerve_service(first.port, registry))
    config.start(sandbox)
    warm(registry)
    config.content["services"][0]["port"] = second.port
    config.write()
    eventually(lambda: len(registry.names()) == 1 and registry.only_record()["port"] == second.port)
    # The last change of the list was the removal of the old node: it came after the creation of the new one.
    assert registry.client.exists(registry.path).pzxid > registry.stat(registry.names()[0]).czxid
    assert registry.only_record()["weight"] == 255


@pytest.mark.parametrize("keys", [{"nodeType": "persistent"}, {"nodeType": "ephemeral_sequential"}, {"pathEncoding": True}],
                         ids=lambda keys: "-".join(map(str, keys.items())))
def test_another_kind_of_node_takes_the_place_of_the_one_before(sandbox, registry, keys):
    backend = sandbox.backend("a")
    config = Config(sandbox, nerve_service(backend.port, registry))
    program = config.start(sandbox)
    warm(registry)
    plain = registry.names()[0]
    for reporter_keys in (keys, {}):
        config.content["services"][0]["reporters"] = [reporter(registry, **reporter_keys)]
        seen = loaded(program)
        config.write()
        eventually(lambda: loaded(program) == seen + 1)

        def placed(keys=reporter_keys):
            (child,) = registry.names()
            same_name = (child == plain) == (keys in ({}, {"nodeType": "persistent"}))
            same_kind = (registry.stat(child).ephemeralOwner == 0) == (keys.get("nodeType") == "persistent")
            return same_name and same_kind and registry.only_record()["weight"] == 255

        # For a moment there may be both: the new one is there before the old one goes.
        eventually(placed)
        always(placed, 0.3)


def test_a_new_check_that_fails_takes_the_service_down_only_by_its_verdict(sandbox, registry):
    backend = sandbox.backend("a")
    config = Config(sandbox, nerve_service(backend.port, registry))
    config.start(sandbox)
    warm(registry)
    config.content["services"][0]["checks"] = [check(port=free_port(), fall=10, checkIntervalInMilli=300)]
    config.write()
    eventually(lambda: loaded(config.program) == 1)
    always(lambda: registry.names(), 0.5)
    eventually(lambda: registry.names() == [])


def test_an_unchanged_service_keeps_the_state_of_its_checks(sandbox, registry):
    """Eight failures in a row are needed; a reload after the fifth must not start the count again."""
    backend = sandbox.backend("a")
    config = Config(sandbox, nerve_service(backend.port, registry, checks=[check(fall=8, checkIntervalInMilli=1000)]))
    program = config.start(sandbox)
    warm(registry)
    backend.kill()
    failures = lambda: program.metrics().total("nerve_checker_failure_total", name="web")  # noqa: E731
    eventually(lambda: failures() >= 5)
    config.put("more.yml", nerve_service(free_port(), name="more"))
    eventually(lambda: loaded(program) == 1)
    eventually(lambda: registry.names() == [])
    assert failures() < 5 + 8


def test_a_bad_file_is_refused_as_a_whole(sandbox, registry):
    backend = sandbox.backend("a")
    config = Config(sandbox, nerve_service(backend.port, registry))
    program = config.start(sandbox)
    before = warm(registry)
    running = program.get("/config")[1]
    config.put("bad.yml", {"port": 99999, "weight": 0, "checks": [check()]})
    eventually(lambda: refused(program) == 1)
    config.put("good.yml", nerve_service(backend.port, registry, name="good"))
    eventually(lambda: refused(program) == 2)
    log = program.log()
    assert f"{config.file('bad.yml')}:1: port: must be between 1 and 65535, got 99999" in log
    assert f"{config.file('bad.yml')}:1: weight: must be between 1 and 255, got 0" in log
    assert registry.stats() == before
    assert program.get("/config")[1] == running
    assert "nerve_config_last_reload_successful 0" in program.get("/metrics")[1]
    config.remove("bad.yml")
    warm(registry, 2)
    eventually(lambda: "nerve_config_last_reload_successful 1" in program.get("/metrics")[1])


def test_the_configuration_that_runs_is_shown_without_secrets(sandbox, registry):
    service = nerve_service(sandbox.backend("a").port, registry, checks=[
        check("http", headers={"Authorization": "Bearer hunter2", "Accept": "text/html"})])
    config = Config(sandbox)
    config.put("web.yml", service)
    program = config.start(sandbox)
    text = program.get("/config")[1]
    assert "hunter2" not in text
    shown = json.loads(text)["services"][0]
    assert shown["checks"][0]["headers"] == {"Authorization": "***", "Accept": "text/html"}
    assert {**shown, "checks": None} == {**service, "checks": None}


def test_an_operators_disable_outlives_a_change(sandbox, registry):
    config = Config(sandbox, nerve_service(sandbox.backend("a").port, registry))
    program = config.start(sandbox)
    warm(registry)
    assert program.put("/services/web/disable")[0] == 200
    config.content["services"][0]["weight"] = 100
    config.write()
    eventually(lambda: loaded(program) == 1)
    always(lambda: registry.names() == [], 0.3)
    assert program.put("/services/web/enable")[0] == 200
    warm(registry, weight=100)


def test_a_change_waits_for_a_drain_under_way(sandbox, registry):
    config = Config(sandbox, nerve_service(sandbox.backend("a").port, registry, disableMinDurationInMilli=1000))
    program = config.start(sandbox)
    warm(registry)
    answer = []
    thread = threading.Thread(target=lambda: answer.append(program.put("/services/web/disable")[0]))
    thread.start()
    eventually(lambda: registry.names() == [])
    config.content["services"][0]["weight"] = 100
    config.write()
    thread.join()
    assert answer == [200]
    eventually(lambda: json.loads(program.get("/services/web/status")[1])["MaxWeight"] == 100)


def test_a_service_that_comes_back_while_it_drains(sandbox, registry):
    service = nerve_service(sandbox.backend("a").port, registry, disableMinDurationInMilli=30_000)
    config = Config(sandbox)
    config.put("web.yml", service)
    program = config.start(sandbox)
    warm(registry)
    config.remove("web.yml")
    eventually(lambda: registry.names() == [])
    config.put("web.yml", service)
    warm(registry)
    assert json.loads(program.get("/services/web/status")[1])["Status"] == "enabled"


def test_what_only_counts_at_the_start_is_told(sandbox, registry):
    config = Config(sandbox, nerve_service(sandbox.backend("a").port, registry))
    program = config.start(sandbox)
    port = config.content["apiPort"]
    config.content["apiPort"] = free_port()
    config.write()
    eventually(lambda: "a restart is needed for the new apiPort" in program.log())
    assert program.get("/version")[0] == 200
    # What it has is what it has now.
    config.content.update(apiPort=port, logLevel="debug")
    config.write()
    eventually(lambda: " DEBUG " in program.log())
    assert program.log().count("a restart is needed") == 1


def test_the_log_level_changes_at_once(sandbox, registry):
    config = Config(sandbox, nerve_service(sandbox.backend("a").port, registry))
    program = config.start(sandbox)
    warm(registry)
    assert " DEBUG " not in program.log()
    config.content["logLevel"] = "debug"
    config.write()
    eventually(lambda: "DEBUG service web: check tcp passed" in program.log())


def test_flapping_is_tamed_and_the_last_state_gets_through(sandbox, registry):
    backend = sandbox.backend("a")
    limited = nerve_service(backend.port, registry, checks=[check("http", checkIntervalInMilli=20)], weight=1,
                            rateLimiting={"averageRate": 0.2, "maxBurst": 3})
    program = sandbox.nerve(nerve(limited))
    eventually(registry.names)
    for _ in range(6):
        backend.answer_with(503)
        eventually(lambda: program.get("/status")[0] == 503)
        eventually(lambda: registry.names() == [], what="a dead backend is out at once, whatever the limit")
        backend.answer_with(200)
        eventually(lambda: program.get("/status")[0] == 200)
    eventually(lambda: "the rate limit holds back the next" in program.log())
    eventually(registry.names, what="the last state is reported in the end")


def test_a_path_that_is_changed_and_changed_back_while_zookeeper_is_away_is_no_event(sandbox):
    own = sandbox.zookeeper()
    registry = Registry(own, "/services/here")
    service = nerve_service(sandbox.backend("a").port, registry)
    service["reporters"][0]["connectionTimeoutInMilli"] = 20_000
    config = Config(sandbox, service)
    program = config.start(sandbox)
    before = warm(registry)
    recorder = EventRecorder(registry)
    own.process.pause()
    for count, path in enumerate(("/services/there", registry.path), start=1):
        service["reporters"][0]["path"] = path
        config.write()
        eventually(lambda: loaded(program) == count)
    own.process.resume()
    eventually(lambda: registry.client.exists("/services/there") or "works again" in program.log())
    always(lambda: registry.stats() == before, 1)
    assert recorder.events == []
    registry.close()


def test_the_metrics_of_a_port_that_a_service_comes_back_to_stay(sandbox):
    own = sandbox.zookeeper()
    registry = Registry(own, "/services/web")
    ports = [sandbox.backend("a").port, sandbox.backend("b").port]
    reporters = [reporter(registry, connectionTimeoutInMilli=20_000)]
    config = Config(sandbox, nerve_service(ports[0], reporters=reporters))
    program = config.start(sandbox)
    warm(registry)

    def move_to(port, rise):
        before = loaded(program)
        config.content["services"] = [nerve_service(port, reporters=reporters, checks=[check(rise=rise)])]
        config.write()
        eventually(lambda: loaded(program) == before + 1)

    own.process.pause()  # so that the first one cannot go yet
    move_to(ports[1], rise=1)
    eventually(lambda: json.loads(program.get("/services/web/status")[1])["Port"] == ports[1])
    move_to(ports[0], rise=20)
    own.process.resume()
    eventually(lambda: [record["port"] for record in registry.records().values()] == [ports[0]])
    eventually(lambda: f'nerve_service_available{{ip="127.0.0.1",name="web",port="{ports[0]}"}} 255' in
               program.get("/metrics")[1])
    registry.close()


def test_a_storm_of_changes_ends_in_the_last_one(sandbox, registry):
    """Faster than successors can prove themselves; the neighbour never notices."""
    ports = [sandbox.backend("a").port, sandbox.backend("b").port]
    config = Config(sandbox, nerve_service(ports[0], registry), nerve_service(ports[0], registry, name="still"))
    program = config.start(sandbox)
    warm(registry, 2)
    before = registry.stat(named(registry, "still"))
    for i in range(60):
        changed = {"port": ports[i % 2], "labels": {"i": str(i)}, "checks": [check(rise=1 + i % 3)]}
        config.content["services"][0].update(changed)
        config.write()
        program.signal(signal.SIGHUP)
        assert program.running

    def settled():
        last = registry.records()[named(registry, "web")]
        return len(registry.names()) == 2 and (last["port"], last["labels"]["i"], last["weight"]) == (ports[1], "59", 255)

    eventually(settled)
    always(settled, 0.3)
    assert registry.stat(named(registry, "still")) == before
    assert program.stop() == 0


def test_a_pipe_in_the_directory_holds_nobody_up(sandbox, registry):
    config = Config(sandbox, nerve_service(sandbox.backend("a").port, registry))
    program = config.start(sandbox)
    before = warm(registry)
    os.mkfifo(config.file("pipe.yml"))
    eventually(lambda: f"{config.file('pipe.yml')} is not a file" in program.log())
    assert refused(program) == 1
    assert registry.stats() == before
    os.unlink(config.file("pipe.yml"))
    config.put("more.yml", nerve_service(sandbox.backend("b").port, registry, name="more"))
    warm(registry, 2)

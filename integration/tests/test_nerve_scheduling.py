"""When checks run: at their interval, spread, never twice at once, and faster after a first failure."""

import contextlib
import json
import os
import resource
import time

import pytest

from harness import sanitizers
from harness.checked import CheckedServices, gaps
from harness.configs import check, nerve, nerve_service
from harness.wait import always, eventually

INTERVAL = 0.5
punctual = pytest.mark.skipif(sanitizers.ANY, reason="hundreds of checks a second cost a sanitizer more than a core")


def services(checked, checks, **keys):
    return nerve(*(nerve_service(port, name=f"s{i}", checks=checks, **keys) for i, port in enumerate(checked.ports)))


def regular(kind, **keys):
    return check(kind, checkIntervalInMilli=int(INTERVAL * 1000), timeoutInMilli=5000, **keys)


def held_up(process):
    """For how many seconds its threads had to wait for a core."""
    waited = 0
    for thread in os.listdir(f"/proc/{process.pid}/task"):
        with contextlib.suppress(FileNotFoundError), open(f"/proc/{process.pid}/task/{thread}/schedstat") as file:
            waited += int(file.read().split()[1])
    return waited / 1e9


def watch(checked, program, seconds):
    """What was noted in this time, and whether somebody had to wait so long for a core that it says nothing of nerve: we
    by a fifth of the interval, nerve or what it checks for a quarter of the time. Checks that nerve makes at once, which
    it should not, have them wait for each other for a small part of that."""
    checked.noted()
    latest, end = 0, time.monotonic() + seconds
    before = [held_up(process) for process in (checked, program)]
    while (now := time.monotonic()) < end:
        assert checked.running
        time.sleep(0.05)
        latest = max(latest, time.monotonic() - now - 0.05)
    waited = [held_up(process) for process in (checked, program)]
    starved = any(after - earlier > seconds / 4 for after, earlier in zip(waited, before))
    return checked.noted(), starved or latest >= INTERVAL / 5


def judged(checked, program, seconds, judge):
    """`judge` must like what is noted in one of three windows. One that it dislikes does not count when this machine was too
    busy. No check may run twice at once in any of them."""
    disliked = []
    for _ in range(20):
        noted, too_busy = watch(checked, program, seconds)
        assert max(noted["most_at_once"]) <= 1
        try:
            return judge(noted)
        except AssertionError as error:
            if not too_busy:
                disliked.append(error)
            if len(disliked) == 3:
                raise
    raise AssertionError("in each of 20 windows this machine was too busy to tell whether checks are late")


def assert_spread(times):
    """The starts of the checks fall into every tenth of the interval."""
    tenths = [0] * 10
    assert all(times), "each was checked"
    for starts in times:
        tenths[int(starts[-1] % INTERVAL / INTERVAL * 10)] += 1
    assert min(tenths) >= len(times) / 10 / 3, tenths
    assert max(tenths) <= len(times) / 10 * 3, tenths


@punctual
def test_two_hundred_services_are_checked_at_their_interval(sandbox):
    checked = CheckedServices(sandbox, 200)
    program = sandbox.nerve(services(checked, [regular("tcp"), regular("http")]))
    eventually(lambda: program.get("/status")[0] == 200)

    def regularly(noted):
        for kind in ("tcp", "http"):
            for starts in noted[kind]:
                assert 5 <= len(starts) <= 7
                assert all(0 < gap < 2 * INTERVAL for gap in gaps(starts)), "late by more than its interval"
            assert_spread(noted[kind])

    judged(checked, program, 3, regularly)


def test_a_check_that_outlasts_its_interval_never_runs_twice_at_once(sandbox):
    checked = CheckedServices(sandbox, 40, delay=1.4 * INTERVAL, slow_every=2)
    program = sandbox.nerve(services(checked, [regular("http")]))
    eventually(lambda: program.get("/status")[0] == 200)

    def regularly(noted):
        for starts in noted["http"][::2]:
            assert len(starts) >= 3 and all(gap >= 1.4 * INTERVAL for gap in gaps(starts))
        for starts in noted["http"][1::2]:
            assert len(starts) >= 5 and all(gap < 2 * INTERVAL for gap in gaps(starts)), "the others wait for them"

    judged(checked, program, 3, regularly)


@punctual
def test_checks_stay_spread_after_nerve_stood_still(sandbox):
    checked = CheckedServices(sandbox, 200)
    program = sandbox.nerve(services(checked, [regular("http")]))
    eventually(lambda: program.get("/status")[0] == 200)
    program.pause()
    always(lambda: checked.running, 3 * INTERVAL, interval=0.1)
    checked.noted()
    began = time.monotonic()
    program.resume()
    always(lambda: checked.running, 2, interval=0.1)
    noted = checked.noted()
    due = (time.monotonic() - began) / INTERVAL
    for starts in noted["http"]:
        assert len(starts) <= due + 2, "what was missed is not made up for"
    judged(checked, program, 2, lambda noted: assert_spread(noted["http"]))


def test_a_failure_is_confirmed_at_the_fast_interval(sandbox):
    checked = CheckedServices(sandbox, 1, status=503)
    once_a_minute = check("http", checkIntervalInMilli=60_000, fastIntervalInMilli=200, fall=5)
    program = sandbox.nerve(services(checked, [once_a_minute]))
    eventually(lambda: '"State":"unavailable"' in program.get("/status")[1])
    always(lambda: checked.running, 0.3)
    (starts,) = checked.noted()["http"]
    assert len(starts) == 5, "there is a verdict, and the next check has time"
    assert starts[-1] - starts[0] > 0.5, "four times 200 ms"


def test_a_pass_ends_the_fast_interval(sandbox):
    checked = CheckedServices(sandbox, 1)
    once_a_minute = check("http", checkIntervalInMilli=60_000, fastIntervalInMilli=10, rise=3)
    program = sandbox.nerve(services(checked, [once_a_minute]))
    eventually(lambda: checked.noted()["http"] != [[]])
    always(lambda: program.running, 0.3)
    assert checked.noted()["http"] == [[]]


@contextlib.contextmanager
def descriptors(most):
    """Processes that are started in here get this soft limit."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_many_checks_at_once_do_not_run_out_of_descriptors(sandbox):
    checked = CheckedServices(sandbox, 300, delay=60)
    hanging = check("http", checkIntervalInMilli=1000, timeoutInMilli=900)
    with descriptors(100):
        program = sandbox.nerve(services(checked, [hanging]))
    eventually(lambda: program.get("/status")[1].count('"State":"unavailable"') == 300, 60)
    for service in json.loads(program.get("/status")[1]):
        assert "no answer" in service["Reason"] and "within 900 ms" in service["Reason"], service


def test_the_lateness_of_starts_is_a_metric(sandbox):
    checked = CheckedServices(sandbox, 20)
    program = sandbox.nerve(services(checked, [check("http")]))
    eventually(lambda: program.metrics().value("nerve_check_start_lateness_seconds_count") >= 100)
    metrics = program.metrics()
    count = metrics.value("nerve_check_start_lateness_seconds_count")
    within = [metrics.value("nerve_check_start_lateness_seconds_bucket", le=le) for le in ("0.2", "5", "+Inf")]
    assert 0 < within[0] <= within[1] <= within[2] == count

    def most_are_in_time():
        later = program.metrics()
        count = later.value("nerve_check_start_lateness_seconds_count")
        return later.value("nerve_check_start_lateness_seconds_bucket", le="0.2") >= count * 0.5

    eventually(most_are_in_time, 60)

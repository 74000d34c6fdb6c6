"""What the registry says of a service whose registration stays while it is down (configs.explained_service)."""

import json

from harness.configs import explained_service, nerve


def start(sandbox, registry, *checks, **keys):
    """A nerve with one such service, its log as chatty as it gets: a secret would be found in it."""
    return sandbox.nerve(nerve(explained_service(registry, *checks, **keys)), arguments=["-L", "trace"])


def up(registry):
    return registry.only_record()["weight"] == 255


def reason(registry):
    """Why it went down."""
    record = registry.only_record()
    assert record["available"] is False, record
    return record["unavailable_reason"]


def last_reason(program):
    """Why the last run of its first check failed, as /status says; empty when it passed."""
    return json.loads(program.get("/services/web/status")[1])["Checks"][0]["Reason"]


def failures(program):
    return program.metrics().total("nerve_checker_failure_total")


def assert_kept_secret(program, registry, *secrets):
    answers = [program.get(path)[1] for path in ("/status", "/metrics", "/config", "/events")]
    told = "".join([program.log(), str(registry.records()), *answers])
    for secret in secrets:
        assert secret not in told

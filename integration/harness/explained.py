"""A nerve whose service says in the registry why it is down, and what tests of checks ask about it."""

from harness.configs import explained_service, nerve


class Explained:
    def __init__(self, sandbox, registry, *checks, **keys):
        """With the log as chatty as it gets, so that a secret would be found in it."""
        self.registry = registry
        service = explained_service(registry, *checks, **keys)
        self.program = sandbox.nerve(nerve(service), arguments=["-L", "trace"])

    def up(self):
        return self.registry.only_record()["weight"] == 255

    def reason(self):
        record = self.registry.only_record()
        assert record["available"] is False, record
        return record["unavailable_reason"]

    def failures(self):
        return self.program.metrics().total("nerve_checker_failure_total")

    def tells(self, secret):
        """Whether it stands in the log, the record, or an answer of the admin API."""
        answers = [self.program.get(path)[1] for path in ("/status", "/metrics", "/config", "/events")]
        return any(secret in text for text in [self.program.log(), str(self.registry.records()), *answers])

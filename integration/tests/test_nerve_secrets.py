"""What nerve tells of a configuration that is full of secrets."""

import json

from harness.configs import check, nerve, nerve_service
from harness.ports import free_port
from harness.wait import eventually

SECRET = "geheim-4711"


def test_config_shows_no_secret(sandbox):
    port = free_port()
    checks = [
        check("exec", command=["false", "-a", SECRET]),
        check("exec", command=["sh", "-c", f"exit 1; mysql --password {SECRET}"], environment={"PW": SECRET, "OPTION": SECRET}),
        check("http", port=port, path=f"/x?q={SECRET}", body=f"key: {SECRET}"),
        check("http", port=port, headers={"X-Auth": SECRET, "Cookie": SECRET, "X-Vault-Key": SECRET, "Host": "a.test"}),
        check("proxyhttp", port=port, proxyUsername="u", proxyPassword=SECRET, urls=[f"http://h/a?t={SECRET}", f"h/b?k={SECRET}"]),
        check("redis", port=port, password=SECRET),
        check("sql", port=port, datasource=f"root:{SECRET}@tcp(127.0.0.1:{port})/"),
    ]
    service = nerve_service(1, checks=checks, preAvailableCommand=["c", "--token", SECRET], labels={"api_key": SECRET})
    program = sandbox.nerve(nerve(service))
    eventually(lambda: json.loads(program.get("/services/web/status")[1])["State"] == "unavailable")
    status, shown = program.get("/config")
    assert status == 200
    assert SECRET not in shown
    (seen,) = json.loads(shown)["services"]
    assert seen["preAvailableCommand"] == ["c", "--token", "***"]
    assert seen["labels"] == {"api_key": "***"}
    assert [each["type"] for each in seen["checks"]] == [each["type"] for each in checks]
    assert seen["checks"][1]["environment"] == {"PW": "***", "OPTION": "***"}
    assert seen["checks"][2]["path"] == "/x?***"
    assert seen["checks"][3]["headers"] == {"X-Auth": "***", "Cookie": "***", "X-Vault-Key": "***", "Host": "a.test"}
    assert seen["checks"][4]["urls"] == ["http://h/a?***", "h/b?***"]

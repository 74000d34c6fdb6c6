"""The kubernetes check on a server that answers as the Kubernetes API does."""

import pytest

from harness.configs import check, nerve, nerve_service
from harness.ports import free_port
from harness.servers_http import KubernetesApi
from harness.verdicts import assert_kept_secret, last_reason, reason, start, up
from harness.wait import eventually


@pytest.fixture
def api(sandbox):
    api = KubernetesApi(sandbox)
    api.set_pod("web-1", "True")
    yield api
    api.server.close()


def kubernetes(api, **keys):
    return check("kubernetes", apiServer=api.url, tokenFile=api.token_file, caFile=api.certificate.file, **keys)


def pod_url(api, name="web-1", namespace="default"):
    return f"{api.url}/api/v1/namespaces/{namespace}/pods/{name}"


def test_it_follows_the_pods_ready_condition(sandbox, registry, api):
    program = start(sandbox, registry, kubernetes(api, podName="web-1"))
    eventually(lambda: up(registry))
    api.set_pod("web-1", "False", "ContainersNotReady", "containers with unready status: [web]")
    told = "pod default/web-1 is not ready: ContainersNotReady: containers with unready status: [web]"
    eventually(lambda: reason(registry) == told)
    api.set_pod("web-1", "True")
    eventually(lambda: up(registry))
    assert_kept_secret(program, registry, api.token)


def test_it_asks_in_the_pods_namespace(sandbox, registry, api):
    api.set_pod("web-1", "True", namespace="shop")
    api.set_pod("web-1", "False", namespace="default")
    start(sandbox, registry, kubernetes(api, podName="web-1", namespace="shop"))
    eventually(lambda: up(registry))


def test_a_pod_that_is_not_there(sandbox, registry, api):
    start(sandbox, registry, kubernetes(api, podName="web-2"))
    told = f'HTTP 404 from {pod_url(api, "web-2")}: pods "web-2" not found'
    eventually(lambda: reason(registry) == told)


def test_a_token_is_read_again_when_it_was_replaced(sandbox, registry, api):
    program = start(sandbox, registry, kubernetes(api, podName="web-1"))
    eventually(lambda: up(registry))
    api.set_token("t0ken-2", write=False)
    eventually(lambda: reason(registry) == f"HTTP 401 from {pod_url(api)}: Unauthorized")
    api.set_token("t0ken-2")
    eventually(lambda: up(registry))
    assert_kept_secret(program, registry, "t0ken-1", "t0ken-2")


def test_a_token_that_is_none(sandbox, registry, api):
    api.set_token("two words")
    program = start(sandbox, registry, kubernetes(api, podName="web-1"))
    eventually(lambda: reason(registry) == f"there is no token in {api.token_file}")
    assert_kept_secret(program, registry, "two words")
    program.stop()
    missing = sandbox.path("missing")
    start(sandbox, registry, {**kubernetes(api, podName="web-1"), "tokenFile": missing})
    eventually(lambda: reason(registry) == f"cannot read the token in {missing}: No such file or directory")


def test_the_api_must_be_the_real_one(sandbox, registry, api):
    other = KubernetesApi(sandbox)
    start(sandbox, registry, {**kubernetes(api, podName="web-1"), "caFile": other.certificate.file})
    eventually(lambda: reason(registry).startswith(f"the certificate of {pod_url(api)} is not accepted: "))
    assert api.server.requests == [], "the token was not sent"
    other.server.close()


def test_an_api_that_is_silent_and_restarted(sandbox, registry, api):
    program = start(sandbox, registry, kubernetes(api, podName="web-1", timeoutInMilli=1000))
    eventually(lambda: up(registry))
    api.silent = True
    eventually(lambda: reason(registry) == f"no answer from the Kubernetes API at {pod_url(api)} within 1000 ms")
    api.server.close()
    eventually(lambda: last_reason(program) == f"connection refused by 127.0.0.1:{api.server.port}")
    api.silent = False
    api.server.open()
    eventually(lambda: up(registry))


def test_in_a_pod_the_environment_tells_the_api(sandbox, registry, api, monkeypatch):
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", str(api.server.port))
    inside = kubernetes(api, podName="web-1")
    del inside["apiServer"]
    program = start(sandbox, registry, inside)
    eventually(lambda: up(registry))
    program.stop()
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST")
    start(sandbox, registry, inside)
    eventually(lambda: reason(registry).startswith("no Kubernetes API: KUBERNETES_SERVICE_HOST and _PORT are not set"))


def test_what_is_wrong_with_the_keys_is_told(sandbox):
    checks = [
        check("kubernetes"),
        check("kubernetes", podName="../secrets/a", apiServer=f"http://127.0.0.1:{free_port()}"),
    ]
    program = sandbox.nerve(nerve(nerve_service(80, checks=checks)), arguments=["--check"], wait=False)
    assert program.wait() != 0
    assert "podName: is missing" in program.log()
    assert "podName: must be a name of letters, digits, '-' and '.', got \"../secrets/a\"" in program.log()
    assert "apiServer: must be https://host:port, got" in program.log()

"""Which of a name's addresses is asked."""

import socket
import subprocess

import pytest

from harness.configs import check, nerve, nerve_service
from harness.ports import free_port
from harness.wait import eventually


class Listener:
    """Takes connections without answering, and can say whether there were any."""

    def __init__(self, address, port):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self._socket = socket.create_server((address, port), family=family)
        self._socket.setblocking(False)

    def was_asked(self):
        try:
            self._socket.accept()[0].close()
            return True
        except BlockingIOError:
            return False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._socket.close()


@pytest.fixture
def two_addresses(sandbox):
    """A wrapper for programs to which the name "twofold" is ::1 and 127.0.0.1."""
    hosts = sandbox.path("hosts")
    with open(hosts, "w", encoding="ascii") as file:
        file.write("::1 twofold\n127.0.0.1 twofold\n")
    wrapper = ["unshare", "--mount", "sh", "-c", f'mount --bind {hosts} /etc/hosts && exec "$@"', "wrapper"]
    try:
        Listener("::1", 0).__exit__()
        subprocess.run([*wrapper, "true"], check=True, capture_output=True, timeout=10)
    except (OSError, subprocess.SubprocessError):
        pytest.skip("needs IPv6 and a file system of its own")
    return wrapper


@pytest.mark.parametrize("prefer_ipv4", [False, True])
def test_the_address_that_is_asked_first(sandbox, registry, two_addresses, prefer_ipv4):
    port = free_port()
    service = nerve_service(port, registry, checks=[check(host="twofold")], preferIpv4=prefer_ipv4)
    with Listener("::1", port) as ipv6, Listener("127.0.0.1", port) as ipv4:
        sandbox.nerve(nerve(service), wrapper=two_addresses)
        eventually(registry.only_record)
        assert (ipv4.was_asked(), ipv6.was_asked()) == (prefer_ipv4, not prefer_ipv4)


def test_another_address_is_asked_when_the_first_refuses(sandbox, registry, two_addresses):
    port = free_port()
    service = nerve_service(port, registry, checks=[check(host="twofold")], preferIpv4=True)
    with Listener("::1", port):
        sandbox.nerve(nerve(service), wrapper=two_addresses)
        eventually(registry.only_record)

"""Host names of a test's own."""

import subprocess

import pytest


class Names:
    """Names that one program resolves as the test says: in a mount namespace with another /etc/hosts. `wrapper` is for
    Sandbox.nerve()."""

    def __init__(self, sandbox):
        self._path = sandbox.path("hosts")
        self._names = {"localhost": "127.0.0.1"}
        self._write()
        script = f'mount --bind {self._path} /etc/hosts && exec "$@"'
        for unshare in (["unshare", "-m"], ["unshare", "-rm"]):
            self.wrapper = [*unshare, "sh", "-c", script, "sh"]
            if subprocess.run([*self.wrapper, "true"], capture_output=True, check=False).returncode == 0:
                return
        pytest.skip("this machine allows no mount namespace")

    def set(self, name, address):
        self._names[name] = address
        self._write()

    def _write(self):
        with open(self._path, "w", encoding="ascii") as file:
            file.writelines(f"{address} {name}\n" for name, address in self._names.items())

"""HTTP requests as an application on this host makes them, and the reading of /metrics."""

import collections
import http.client
import json
import re
import socket
import threading


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout):
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def exchange(where, path="/", method="GET", timeout=10.0, host="127.0.0.1", headers=None):
    """(status, headers, body) from a port, or from a unix socket, over a connection of its own; an OSError when there
    is no answer."""
    if isinstance(where, str):
        connection = _UnixConnection(where, timeout)
    else:
        connection = http.client.HTTPConnection(host, where, timeout=timeout)
    try:
        connection.request(method, path, headers={"Connection": "close", **(headers or {})})
        response = connection.getresponse()
        return response.status, response.headers, response.read().decode()
    except http.client.HTTPException as error:
        raise ConnectionError(f"no proper answer from {where}: {error!r}") from error
    finally:
        connection.close()


def request(where, path="/", method="GET", timeout=10.0, host="127.0.0.1"):
    """(status, body); see exchange()."""
    status, _, body = exchange(where, path, method, timeout, host)
    return status, body


def request_json(port, path="/", method="GET", timeout=10.0):
    status, body = request(port, path, method, timeout)
    return status, json.loads(body)


def answers(port, count, path="/"):
    """Who answered how many of `count` requests; anything but a 200 is counted under its status or error."""
    seen = collections.Counter()
    for _ in range(count):
        try:
            status, body = request(port, path)
            seen[body if status == 200 else status] += 1
        except OSError as error:
            seen[type(error).__name__] += 1
    return seen


class Background:
    """One request that is answered late, in a thread of its own."""

    def __init__(self, call):
        self.value = None
        self._thread = threading.Thread(target=self._run, args=(call,), daemon=True)
        self._thread.start()

    def _run(self, call):
        try:
            self.value = call()
        except OSError as error:
            self.value = (None, repr(error))

    def waiting(self):
        return self._thread.is_alive()

    def result(self, timeout=30):
        self._thread.join(timeout)
        assert not self.waiting(), f"no answer within {timeout} s"
        return self.value


class Load:
    """An application that sends one request after another, each over a connection of its own, until it is stopped."""

    def __init__(self, port, path="/"):
        self.answers = collections.Counter()
        self.failures = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(port, path), daemon=True)
        self._thread.start()

    def _run(self, port, path):
        while not self._stop.is_set():
            try:
                status, body = request(port, path, timeout=15)
                if status == 200:
                    self.answers[body] += 1
                else:
                    self.failures.append(status)
            except OSError as error:
                self.failures.append(repr(error))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        self._stop.set()
        self._thread.join(20)


class Download:
    """One long answer, read line by line as it arrives. `server` is who sends it."""

    def __init__(self, port, lines, every_ms):
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=15)
        self._connection.request("GET", f"/?lines={lines}&every={every_ms}")
        self._response = self._connection.getresponse()
        self.server = self._response.readline().decode().rstrip()
        self._missing = lines - 1
        self.error = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        try:
            while self._missing and self._response.readline().decode().rstrip() == self.server:
                self._missing -= 1
        except (OSError, http.client.HTTPException) as error:
            self.error = error
        finally:
            self._connection.close()

    @property
    def running(self):
        return self._thread.is_alive()

    @property
    def complete(self):
        return not self.running and self._missing == 0

    def close(self):
        """Gives it up."""
        self._connection.sock.shutdown(socket.SHUT_RDWR)
        self._thread.join(5)


_SAMPLE = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)")
_LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"')


class Metrics:
    """One reading of /metrics."""

    def __init__(self, text):
        self.text = text
        self.samples = []
        for line in text.splitlines():
            if line and not line.startswith("#"):
                name, labels, value = _SAMPLE.fullmatch(line).groups()
                self.samples.append((name, dict(_LABEL.findall(labels or "")), float(value)))

    @property
    def names(self):
        return {name for name, _, _ in self.samples}

    def values(self, metric, **labels):
        return [
            value
            for sample, found, value in self.samples
            if sample == metric and all(found.get(key) == wanted for key, wanted in labels.items())
        ]

    def value(self, metric, **labels):
        """The one value with these labels; a LookupError when there is none."""
        values = self.values(metric, **labels)
        if len(values) != 1:
            raise LookupError(f"{len(values)} values of {metric} {labels} in:\n{self.text}")
        return values[0]

    def total(self, metric, **labels):
        return sum(self.values(metric, **labels))

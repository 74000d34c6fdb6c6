"""HTTP requests as an application on this host makes them, and the reading of /metrics."""

import collections
import http.client
import json
import re
import threading


def request(port, path="/", method="GET", timeout=5.0, host="127.0.0.1"):
    """(status, body) over a connection of its own; an OSError when there is no answer."""
    connection = http.client.HTTPConnection(host, port, timeout=timeout)
    try:
        connection.request(method, path, headers={"Connection": "close"})
        response = connection.getresponse()
        return response.status, response.read().decode()
    except http.client.HTTPException as error:
        raise ConnectionError(f"no proper answer from port {port}: {error!r}") from error
    finally:
        connection.close()


def request_json(port, path="/", method="GET", timeout=5.0):
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
                status, body = request(port, path)
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
        self._thread.join(10)


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

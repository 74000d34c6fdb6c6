"""The weights that a nerve reported, one after the other."""

import json

STEPS = [1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233]  # of a warm-up to 233


class ReportedWeights:
    """Every weight that was ever reported for a service, in order, without repetitions.

    A watch in the registry misses what is there only while it is set anew; a report to a file is a line of its own.
    """

    def __init__(self, sandbox):
        self._path = sandbox.path(sandbox.unique("weights"))

    def reporter(self):
        """To be given to the service, beside others."""
        return {"type": "file", "path": self._path, "append": True}

    @property
    def seen(self):
        try:
            with open(self._path, encoding="utf-8") as file:
                lines = file.read().splitlines()
        except FileNotFoundError:
            return []
        weights = [json.loads(line)["weight"] for line in lines]
        return [weight for i, weight in enumerate(weights) if i == 0 or weights[i - 1] != weight]

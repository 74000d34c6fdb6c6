"""One fault: what was done when, what the application saw, and how long it took until all was as it should be."""

import collections
import itertools
import time

from faults.application import ASKED_IN_A_SECOND
from harness.wait import eventually


class Case:
    """A context manager around what is done to a world. At its end everything must become as it should be within `within`
    seconds, nothing may be left over, and no request may have failed but `allowed` ones, or for no longer than `away`
    seconds; both need a `why`.

    `also`: one more condition of the end. `leaves`: what ZooKeeper may rightly have more at the end, as in Residue.
    """

    def __init__(self, world, name, allowed=0, away=0, why="", within=60, also=None, leaves=None):
        assert why or not (allowed or away), "a case that costs requests says why"
        self.world, self.name = world, name
        self._allowed = allowed + int(away * ASKED_IN_A_SECOND)
        self._away, self._why, self._within, self._also = away, why, within, also
        self._leaves = leaves or {}
        self.steps = []  # (seconds since the beginning, what)
        self._begun = self._over = None
        self.recovered = None

    def __enter__(self):
        self._before = self.world.application.look()
        self._begun = time.monotonic()
        return self

    def did(self, what, over=False):
        """Notes a step; `over`: from now on nothing is wrong with the surroundings, and the time to recover begins."""
        self.steps.append((round(time.monotonic() - self._begun, 2), what))
        if over:
            self._over = time.monotonic()

    def settle(self):
        """Waits until everything is as it should be. The first time is the time to recover; at the end it is done anyway."""
        over = self._over or time.monotonic()
        self.world.check(self._within)
        if self.recovered is None:
            self.recovered = time.monotonic() - over

    def failures(self):
        """Of the application, since the case began."""
        return [failure for failure in self.world.application.look()["failures"] if failure.ended >= self._begun]

    def __exit__(self, kind, *_):
        if kind is not None:
            return
        self.settle()
        if self._also:
            eventually(self._also, self._within, f"the end of {self.name}")
        leaks = [None]

        def clean():
            leaks[0] = self.world.leaks(self._leaves)
            return not leaks[0]

        try:
            eventually(clean, self._within, interval=0.1)
        except AssertionError as error:
            raise AssertionError(f"{self.name} left something over: {leaks[0]}; {error}") from None
        self.world.application.await_answers()
        self._tell()

    def _tell(self):
        seen = self.world.application.look()
        failures = [failure for failure in seen["failures"] if failure.ended >= self._begun]
        requests = sum(seen["requests"].values()) - sum(self._before["requests"].values())
        lasted = failures[-1].ended - min(failure.begun for failure in failures) if failures else 0.0
        kinds = collections.Counter(f"{failure.kind}: {failure.what}" for failure in failures)
        result = {
            "case": self.name,
            "did": self.steps,
            "requests": requests,
            "failed": len(failures),
            "failures": dict(kinds),
            "failed_for_s": round(lasted, 2),
            "repeated": seen["repeated"] - self._before["repeated"],
            "allowed": self._allowed,
            "away_s": self._away,
            "why": self._why,
            "longest_s": round(seen["longest"], 3),
            "recovered_s": round(self.recovered, 2),
        }
        self.world.reports.append(result)
        print(line(result), flush=True)
        assert len(failures) <= self._allowed, f"{self.name}: {len(failures)} of {requests} failed: {dict(kinds)}"
        assert not self._away or lasted <= self._away, f"{self.name}: requests failed for {lasted:.1f} s"


def line(result):
    """A result as one line for people."""
    allowed = f" (at most {bound(result)}: {result['why']})" if result["allowed"] else ""
    repeated = f", {result['repeated']} repeated" if result["repeated"] else ""
    did = "; ".join(f"{seconds:.1f} s: {what}" for seconds, what in result["did"])
    return (
        f"{result['case']}: {result['requests']:,} requests, {result['failed']} failed{allowed}{repeated}; all as it should be "
        f"{result['recovered_s']} s after it" + (f" [{did}]" if did else "")
    )


def table(results):
    """Them in lines of Markdown; of those that were done several times the sums, and the longest time."""
    yield "| case | times | requests | failed | all as it should be after s |\n|---|---|---|---|---|\n"
    for name, same in itertools.groupby(sorted(results, key=lambda each: each["case"]), lambda each: each["case"]):
        same = list(same)
        failed = str(sum(each["failed"] for each in same))
        if same[0]["allowed"]:
            failed += f" (at most {bound(same[0])} each time)"
        recovered = max(each["recovered_s"] for each in same)
        yield f"| {name} | {len(same)} | {sum(each['requests'] for each in same):,} | {failed} | {recovered} |\n"


def bound(result):
    """Of the failures, in words."""
    return f"for {result['away_s']} s" if result["away_s"] else result["allowed"]

"""Waiting for a condition with a deadline: the only way in which a test may wait."""

import time

from kazoo.exceptions import KazooException


def eventually(condition, timeout=20.0, what=None, interval=0.01):
    """Calls `condition` until it returns something true, and returns that.

    An AssertionError, OSError, LookupError, ValueError or an error of kazoo's (the connection is lost, the node is not
    there) counts as "not yet"; the last one is told when time is up.
    """
    deadline = time.monotonic() + timeout
    while True:
        problem = None
        try:
            value = condition()
            if value:
                return value
        except (AssertionError, OSError, LookupError, ValueError, KazooException) as error:
            value, problem = None, error
        if time.monotonic() > deadline:
            name = what or getattr(condition, "__name__", "the condition")
            last = f"{type(problem).__name__}: {problem}" if problem else repr(value)
            raise AssertionError(f"not within {timeout} s: {name}; last: {last}") from problem
        time.sleep(interval)


def always(condition, duration, what=None, interval=0.01):
    """Asserts that `condition` holds for as long as `duration` seconds: for what must not happen."""
    end = time.monotonic() + duration
    while time.monotonic() < end:
        value = condition()
        assert value, f"did not hold: {what or getattr(condition, '__name__', 'the condition')}; it was {value!r}"
        time.sleep(interval)

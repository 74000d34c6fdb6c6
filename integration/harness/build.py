"""How the programs that are tested were built."""

import os
import re

from harness import sanitizers
from harness.sanitizers import BUILD


def setting(key):
    """One of CMake's variables; empty when there is none."""
    try:
        with open(os.path.join(BUILD, "CMakeCache.txt"), encoding="utf-8") as file:
            found = re.search(rf"^{key}:\w+=(.*)$", file.read(), re.MULTILINE)
    except FileNotFoundError:
        return ""
    return found[1] if found else ""


def sanitized():
    """A sanitizer needs more of the system than the program."""
    return sanitizers.ANY

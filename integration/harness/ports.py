"""Ports for servers that cannot bind port 0 themselves."""

import os
import random
import socket

# Below the kernel's range for outgoing connections, which would otherwise take a port between our look and its use.
_FIRST, _LAST = 10_000, 32_000
_random = random.Random(os.urandom(8))
_given = set()


def free_port():
    """A port of 127.0.0.1 that nobody listens on, and that this process was not given before."""
    for _ in range(1000):
        port = _random.randrange(_FIRST, _LAST)
        if port in _given:
            continue
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
                probe.listen()
            except OSError:
                continue
        _given.add(port)
        return port
    raise OSError("no free port")

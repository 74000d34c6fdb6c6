"""Ports for servers that cannot bind port 0 themselves, or that are to be found again where they were."""

import os
import random
import socket

# Below the kernel's range for outgoing connections, which would otherwise take a port between our look and its use.
_FIRST, _LAST = 10_000, 32_000
_BLOCK = 100
_random = random.Random(os.urandom(8))
_claims = []  # one socket for each block of ports that is ours
_ours = []


def _claim_block():
    """Makes a block of ports ours as long as this process lives: others that search like this leave it alone, also
    while nobody listens there. An abstract unix socket says so, of which nothing is left behind."""
    starts = list(range(_FIRST, _LAST, _BLOCK))
    _random.shuffle(starts)
    for start in starts:
        claim = socket.socket(socket.AF_UNIX)
        try:
            claim.bind(f"\0nerve-synapse-test-ports-{start}")
        except OSError:
            claim.close()
            continue
        _claims.append(claim)
        _ours.extend(_random.sample(range(start, start + _BLOCK), _BLOCK))
        return
    raise OSError("no free port")


def free_port():
    """A port of 127.0.0.1 that nobody listens on, and that neither this process nor one that runs beside was given."""
    while True:
        if not _ours:
            _claim_block()
        port = _ours.pop()
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
                probe.listen()
            except OSError:
                continue
        return port

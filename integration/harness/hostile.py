"""Clients that do not mean well, on bare sockets, and what a process holds meanwhile."""

import os
import re
import socket
import time

from harness import sanitizers


def connect(where, timeout=20.0):
    """A connection to a port of this machine, or to a unix socket."""
    client = socket.socket(socket.AF_UNIX if isinstance(where, str) else socket.AF_INET)
    client.settimeout(timeout)
    client.connect(where if isinstance(where, str) else ("127.0.0.1", where))
    return client


def read_all(client, limit=4_000_000):
    """What comes until the other side closes, be it by a reset."""
    answer = b""
    try:
        while len(answer) < limit and (part := client.recv(65536)):
            answer += part
    except ConnectionError:
        pass
    return answer


def exchange(where, *parts, timeout=20.0):
    """Sends the parts one after the other, each in a write of its own, and gives all that comes back."""
    with connect(where, timeout) as client:
        try:
            for part in parts:
                client.sendall(part)
        except ConnectionError:
            pass
        return read_all(client)


def statuses(answer):
    """The status of each response in it, in order."""
    return [int(status) for status in re.findall(rb"HTTP/1\.[01] (\d\d\d) ", answer)]


def closed(client):
    """Whether the other side has closed it; what it has sent before is read away."""
    client.setblocking(False)
    try:
        while client.recv(65536):
            pass
        return True
    except BlockingIOError:
        return False
    except ConnectionError:
        return True
    finally:
        client.setblocking(True)


def trickle(client, text, seconds):
    """A byte a tenth of a second, for so long or until the other side has closed it. Gives the seconds that it took."""
    start = time.monotonic()
    for byte in text:
        if time.monotonic() - start > seconds or closed(client):
            break
        try:
            client.send(bytes([byte]))
        except ConnectionError:
            break
        time.sleep(0.1)
    return time.monotonic() - start


def memory(process):
    """Its resident memory in bytes; nothing with a sanitizer, which keeps what was freed."""
    if sanitizers.ANY:
        return 0
    with open(f"/proc/{process.pid}/status", encoding="ascii") as file:
        return int(re.search(r"VmRSS:\s+(\d+) kB", file.read())[1]) * 1024


def descriptors(process):
    return len(os.listdir(f"/proc/{process.pid}/fd"))

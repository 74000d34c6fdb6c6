"""A name server on loopback that answers what the test says: right, wrong, late, or not at all."""

import contextlib
import ipaddress
import socket
import struct
import threading
import time

from harness.ports import free_port

A, AAAA, SRV = 1, 28, 33
SERVFAIL, NXDOMAIN, REFUSED = 2, 3, 5
_TYPES = {"A": A, "AAAA": AAAA, "SRV": SRV}
_LARGEST_DATAGRAM = 1200


def _wire(name):
    parts = [part.encode() for part in name.rstrip(".").split(".") if part]
    return b"".join(bytes([len(part)]) + part for part in parts) + b"\0"


def _record(name, kind, ttl, data):
    return _wire(name) + struct.pack("!HHIH", kind, 1, ttl, len(data)) + data


class NameServer:
    """Answers over UDP and TCP on one port. Names that it was told nothing of do not exist.

    `mode`: "answer", "silent", "garbage", or the number of an error that every question gets.
    """

    def __init__(self, address="127.0.0.1", port=None):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.mode = "answer"
        self.silent_about = set()  # names
        self.delay = 0.0  # seconds until an answer is sent
        self.questions = []  # (name, type), in lower case
        self._zone = {}  # (name, type) -> list of records' wires
        self._names = set()
        self.port = port or free_port()
        self._datagrams = socket.socket(family, socket.SOCK_DGRAM)
        self._datagrams.bind((address, self.port))
        self._streams = socket.socket(family, socket.SOCK_STREAM)
        self._streams.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._streams.bind((address, self.port))
        self._streams.listen()
        self.place = f"[{address}]:{self.port}" if ":" in address else f"{address}:{self.port}"
        self._stopping = False
        for serve in (self._serve_datagrams, self._serve_streams):
            threading.Thread(target=serve, daemon=True).start()

    def close(self):
        self._stopping = True
        with contextlib.suppress(OSError):
            self._datagrams.shutdown(socket.SHUT_RDWR)  # whoever waits there would keep the port
        self._datagrams.close()
        with contextlib.suppress(OSError):
            self._streams.shutdown(socket.SHUT_RDWR)
        self._streams.close()

    # What it says.

    def addresses(self, name, *addresses, ttl=1):
        """The A and AAAA records of a name, instead of those before; none: the name exists and has nothing."""
        sorted_out = {A: [], AAAA: []}
        for address in map(ipaddress.ip_address, addresses):
            kind = A if address.version == 4 else AAAA
            sorted_out[kind].append(_record(name, kind, ttl, address.packed))
        self._set(name, sorted_out)

    def services(self, name, *services, ttl=1):
        """The SRV records of a name: (priority, weight, port, target)."""
        wires = [
            _record(name, SRV, ttl, struct.pack("!HHH", priority, weight, port) + _wire(target))
            for priority, weight, port, target in services
        ]
        self._set(name, {SRV: wires})

    def forget(self, name):
        """The name does not exist any more."""
        self._names.discard(name)
        for kind in _TYPES.values():
            self._zone.pop((name, kind), None)

    def asked(self, name, kind):
        return self.questions.count((name, _TYPES[kind]))

    def _set(self, name, wires):
        self._names.add(name)
        self._zone.update({(name, kind): records for kind, records in wires.items()})

    # How it says it.

    def _answer(self, question, largest):
        """The bytes to send back; None: nothing."""
        name, at = [], 12
        while question[at]:
            name.append(question[at + 1 : at + 1 + question[at]].decode())
            at += 1 + question[at]
        kind = struct.unpack("!H", question[at + 1 : at + 3])[0]
        asked = question[12 : at + 5]
        name = ".".join(name).lower()
        self.questions.append((name, kind))
        time.sleep(self.delay)
        mode = self.mode
        if mode == "silent" or name in self.silent_about:
            return None
        if mode == "garbage":
            return question[:2] + b"\x81\x80\0\1\0\xff\0\0\0\0" + asked + b"\xc0\x0c\0\1"
        records = self._zone.get((name, kind), [])
        error = mode if isinstance(mode, int) else 0 if name in self._names else NXDOMAIN
        if error:
            records = []
        body = asked + b"".join(records)
        if 12 + len(body) > largest:
            return question[:2] + struct.pack("!HHHHH", 0x8780, 1, 0, 0, 0) + asked
        return question[:2] + struct.pack("!HHHHH", 0x8580 | error, 1, len(records), 0, 0) + body

    def _serve_datagrams(self):
        while not self._stopping:
            try:
                question, sender = self._datagrams.recvfrom(4096)
                if not question:
                    continue
                threading.Thread(target=self._reply, args=(question, sender), daemon=True).start()
            except OSError:
                return

    def _reply(self, question, sender):
        answer = self._answer(question, _LARGEST_DATAGRAM)
        if answer is not None:
            with contextlib.suppress(OSError):
                self._datagrams.sendto(answer, sender)

    def _serve_streams(self):
        while not self._stopping:
            try:
                connection, _ = self._streams.accept()
                threading.Thread(target=self._converse, args=(connection,), daemon=True).start()
            except OSError:
                return

    def _converse(self, connection):
        with connection, contextlib.suppress(OSError, struct.error):
            connection.settimeout(10)
            stream = connection.makefile("rb")
            while size := stream.read(2):
                answer = self._answer(stream.read(struct.unpack("!H", size)[0]), 65_535)
                if answer is not None:
                    connection.sendall(struct.pack("!H", len(answer)) + answer)

"""ZooKeeper's protocol over one blocking socket, in the thread of the caller: for measuring, where the threads of a
full client would be measured too. No pings: the session's timeout must be longer than the silence."""

import socket
import struct

_CREATE, _DELETE, _GET_DATA, _SET_DATA = 1, 2, 4, 5
_EVENT = -1


def _text(value):
    data = value if isinstance(value, bytes) else value.encode()
    return struct.pack(">i", len(data)) + data


class ZookeeperWire:
    def __init__(self, port, timeout_ms=600_000):
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = b""
        self._xid = 0
        self._events = 0
        self._send(struct.pack(">iqiq", 0, 0, timeout_ms, 0) + _text(bytes(16)) + b"\0")
        self._receive()

    def _send(self, packet):
        self._socket.sendall(struct.pack(">i", len(packet)) + packet)

    def _receive(self):
        """The next whole packet."""
        while len(self._buffer) < 4 or len(self._buffer) < 4 + struct.unpack(">i", self._buffer[:4])[0]:
            part = self._socket.recv(65536)
            if not part:
                raise ConnectionError("ZooKeeper closed the connection")
            self._buffer += part
        end = 4 + struct.unpack(">i", self._buffer[:4])[0]
        packet, self._buffer = self._buffer[4:end], self._buffer[end:]
        return packet

    def _ask(self, kind, body):
        self._xid += 1
        self._send(struct.pack(">ii", self._xid, kind) + body)

    # What sends a request does not wait for its answer; done() does.

    def create(self, path, data):
        """An ephemeral node that everybody may do everything with."""
        acl = struct.pack(">ii", 1, 31) + _text("world") + _text("anyone")
        self._ask(_CREATE, _text(path) + _text(data) + acl + struct.pack(">i", 1))

    def set(self, path, data):
        self._ask(_SET_DATA, _text(path) + _text(data) + struct.pack(">i", -1))

    def delete(self, path):
        self._ask(_DELETE, _text(path) + struct.pack(">i", -1))

    def watch(self, path):
        """Reads a node and leaves a watch on its data."""
        self._ask(_GET_DATA, _text(path) + b"\1")

    def done(self):
        """Waits for the answer to the last request; an error when it was refused."""
        while True:
            xid, _, error = struct.unpack(">iqi", self._receive()[:16])
            if xid == _EVENT:
                self._events += 1
            elif xid == self._xid:
                if error != 0:
                    raise RuntimeError(f"ZooKeeper answered with error {error}")
                return

    def await_event(self):
        """Waits until a watch fires."""
        while self._events == 0:
            if struct.unpack(">i", self._receive()[:4])[0] == _EVENT:
                self._events += 1
        self._events -= 1

    def close(self):
        self._socket.close()

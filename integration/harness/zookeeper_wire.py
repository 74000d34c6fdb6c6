"""ZooKeeper's protocol over one blocking socket, in the thread of the caller: for measuring, where the threads of a
full client would be measured too, and for what no client offers. No pings: a session must be longer than the silence.
"""

import socket
import struct
import time

_CREATE, _DELETE, _GET_DATA, _SET_DATA, _GET_CHILDREN, _CLOSE_SESSION = 1, 2, 4, 5, 8, -11
_EVENT = -1
_CONNECT_ANSWER_BYTES = 41  # length, version, timeout, session, password, read-only


def _text(value):
    data = value if isinstance(value, bytes) else value.encode()
    return struct.pack(">i", len(data)) + data


def _framed(packet):
    return struct.pack(">i", len(packet)) + packet


def _connect_request(timeout_ms, session_id=0, password=bytes(16)):
    return _framed(struct.pack(">iqiQ", 0, 0, timeout_ms, session_id) + _text(password) + b"\0")


def session_password(session_id):
    """As ZooKeeperServer.generatePasswd computes it: java.util.Random, seeded with the id and a constant."""
    state = ((session_id ^ 0xB3415C00) ^ 0x5DEECE66D) & ((1 << 48) - 1)
    password = b""
    while len(password) < 16:
        state = (state * 0x5DEECE66D + 0xB) & ((1 << 48) - 1)
        password += struct.pack("<I", (state >> 16) & 0xFFFFFFFF)
    return password


def close_session(port, session_id):
    """Takes a session over and closes it under its living owner. A server that has no leader hangs up at once."""
    session_id &= 2**64 - 1
    request = _connect_request(10_000, session_id, session_password(session_id))
    request += _framed(struct.pack(">ii", 1, _CLOSE_SESSION))
    end = time.monotonic() + 30
    while time.monotonic() < end:
        answer = b""
        with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
            connection.sendall(request)
            try:
                while part := connection.recv(4096):
                    answer += part
            except ConnectionResetError:
                pass
        taken = struct.unpack(">Q", answer[12:20])[0] if len(answer) >= 20 else session_id
        # Nothing behind the answer to the connect request: the owner was quick enough to take its session back.
        if taken != session_id or len(answer) > _CONNECT_ANSWER_BYTES:
            return
        time.sleep(0.01)
    raise RuntimeError(f"the owner of session {session_id:#x} does not let it go")


class ZookeeperWire:
    def __init__(self, port, timeout_ms=600_000):
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = b""
        self._xid = 0
        self._events = 0
        self._socket.sendall(_connect_request(timeout_ms))
        self._receive()

    def local_port(self):
        return self._socket.getsockname()[1]

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
        self._socket.sendall(_framed(struct.pack(">ii", self._xid, kind) + body))

    # What sends a request does not wait for its answer; done() does.

    def create(self, path, data, ephemeral=True):
        """A node that everybody may do everything with."""
        acl = struct.pack(">ii", 1, 31) + _text("world") + _text("anyone")
        self._ask(_CREATE, _text(path) + _text(data) + acl + struct.pack(">i", int(ephemeral)))

    def set(self, path, data):
        self._ask(_SET_DATA, _text(path) + _text(data) + struct.pack(">i", -1))

    def delete(self, path):
        self._ask(_DELETE, _text(path) + struct.pack(">i", -1))

    def watch(self, path):
        """Reads a node and leaves a watch on its data."""
        self._ask(_GET_DATA, _text(path) + b"\1")

    def done(self):
        """Waits for the answer to the last request and returns its body; an error when it was refused."""
        while True:
            packet = self._receive()
            xid, _, error = struct.unpack(">iqi", packet[:16])
            if xid == _EVENT:
                self._events += 1
            elif xid == self._xid:
                if error != 0:
                    raise RuntimeError(f"ZooKeeper answered with error {error}")
                return packet[16:]

    def children(self, path):
        """The number of children of a node; leaves a watch on them."""
        self.ask_children(path)
        return struct.unpack(">i", self.done()[:4])[0]

    def ask_children(self, path):
        """Asks for the children of a node and leaves a watch on them."""
        self._ask(_GET_CHILDREN, _text(path) + b"\1")

    def take_children(self):
        """The names in the next answer, when nothing but lists was asked for."""
        packet = self._receive()
        while struct.unpack(">i", packet[:4])[0] == _EVENT:
            self._events += 1
            packet = self._receive()
        body, names, at = packet[16:], [], 4
        for _ in range(struct.unpack(">i", body[:4])[0]):
            end = at + 4 + struct.unpack(">i", body[at : at + 4])[0]
            names.append(body[at + 4 : end].decode())
            at = end
        return names

    def await_children(self, path, count):
        """Waits until the children, which an earlier call has left a watch on, have become that many; the time at which
        the watch said so."""
        while True:
            self.await_event()
            seen = time.perf_counter()
            if self.children(path) == count:
                return seen

    def await_event(self):
        """Waits until a watch fires."""
        while self._events == 0:
            if struct.unpack(">i", self._receive()[:4])[0] == _EVENT:
                self._events += 1
        self._events -= 1

    def close(self):
        self._socket.close()

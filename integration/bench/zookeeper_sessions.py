"""Many sessions that follow a registry as a synapse does, in one process: PORT ROOT SERVICES SESSIONS ENCODED.

Each watches the children of its services and, unless their names hold the records, the data of every child; a change makes
it read what synapse would read. Commands come as lines, and each is answered with one line of JSON:
  start SECONDS      all connect and read everything, spread over that time; answered when all have everything
  reconnect SECONDS  all connections are cut at once; each comes back at its place in that time, with its session, sets
                     its watches again with one request and reads the lists
  end SECONDS        all sessions are over at once; each comes back at its place in that time, with a new one, reads the
                     lists and looks at every node
  quiet SECONDS      answered when nothing has come for that long
The answer: how long it took, and what was asked and told meanwhile, of all sessions.
"""

import collections
import contextlib
import json
import random
import selectors
import socket
import struct
import sys
import time

_EXISTS, _GET_DATA, _GET_CHILDREN, _SET_WATCHES, _CLOSE_SESSION = 3, 4, 8, 101, -11
_NAMES = {_EXISTS: "exists", _GET_DATA: "getData", _GET_CHILDREN: "getChildren", _SET_WATCHES: "setWatches"}
_CHILDREN_CHANGED, _DATA_CHANGED = 4, 3
_SESSION_TIMEOUT_MS = 600_000  # so that no pings are needed


def text(value):
    data = value.encode()
    return struct.pack(">i", len(data)) + data


def texts(values):
    return struct.pack(">i", len(values)) + b"".join(map(text, values))


def framed(packet):
    return struct.pack(">i", len(packet)) + packet


class Session:
    def __init__(self, fleet):
        self.fleet = fleet
        self.socket = None
        self.children = {}  # path of a service -> names of its children
        self.forget_session()
        self.forget_connection()

    def forget_session(self):
        self.session, self.password, self.zxid = 0, bytes(16), 0
        self.unwatched = set(self.children)  # paths whose children are known, without watches

    def forget_connection(self):
        self.buffer, self.out, self.xid, self.asked, self.connected = b"", b"", 0, {}, False

    @property
    def busy(self):
        return not self.connected or bool(self.asked)

    def connect(self):
        self.socket = socket.create_connection(("127.0.0.1", self.fleet.port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        self.fleet.selector.register(self.socket, selectors.EVENT_READ, self)
        body = struct.pack(">iqiQ", 0, self.zxid, _SESSION_TIMEOUT_MS, self.session)
        self.count_packet()
        self.send(framed(body + struct.pack(">i", len(self.password)) + self.password + b"\0"))

    def count_packet(self, way="up"):
        self.fleet.counts[f"packets {way}"] += 1

    def cut(self):
        self.fleet.selector.unregister(self.socket)
        self.socket.close()
        self.forget_connection()

    def end(self):
        """Ends the session, which is not counted: its owner takes no part in that."""
        self.fleet.selector.unregister(self.socket)
        self.socket.setblocking(True)
        self.socket.sendall(framed(struct.pack(">ii", self.xid + 1, _CLOSE_SESSION)))

    def await_end(self):
        with contextlib.suppress(ConnectionResetError):
            while self.socket.recv(262_144):
                pass
        self.socket.close()
        self.forget_connection()
        self.forget_session()

    def send(self, data):
        self.fleet.counts["bytes up"] += len(data)
        self.out += data
        self.flush()

    def flush(self):
        try:
            while self.out:
                self.out = self.out[self.socket.send(self.out) :]
        except BlockingIOError:
            pass
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if self.out else 0)
        self.fleet.selector.modify(self.socket, wanted, self)

    def ask(self, kind, path, body):
        self.xid += 1
        self.asked[self.xid] = kind, path
        self.fleet.counts[_NAMES[kind]] += 1
        self.count_packet()
        return framed(struct.pack(">ii", self.xid, kind) + body)

    def read(self, kind, path):
        return self.ask(kind, path, text(path) + b"\1")

    def begin(self):
        """The connection is there."""
        requests = b""
        if self.children and not self.unwatched:
            data = [] if self.fleet.encoded else [f"{path}/{n}" for path, names in self.children.items() for n in names]
            watches = struct.pack(">q", self.zxid) + texts(data) + texts([]) + texts(list(self.children))
            requests = self.ask(_SET_WATCHES, "", watches)
        self.send(requests + b"".join(self.read(_GET_CHILDREN, path) for path in self.fleet.paths))

    def readable(self):
        try:
            data = self.socket.recv(262_144)
        except BlockingIOError:
            return
        if not data:
            raise ConnectionError("ZooKeeper closed a connection")
        self.fleet.counts["bytes down"] += len(data)
        self.buffer += data
        at = 0
        while len(self.buffer) - at >= 4:
            (length,) = struct.unpack_from(">i", self.buffer, at)
            if len(self.buffer) - at < 4 + length:
                break
            self.packet(self.buffer[at + 4 : at + 4 + length])
            at += 4 + length
        self.buffer = self.buffer[at:]

    def packet(self, body):
        self.count_packet("down")
        if not self.connected:
            _, _, self.session, length = struct.unpack_from(">iiQi", body)
            assert self.session, "the session has ended"
            self.password = body[20 : 20 + length]
            self.connected = True
            self.begin()
            return
        xid, zxid, error = struct.unpack_from(">iqi", body)
        if xid == -1:
            self.event(body[16:])
            return
        self.zxid = max(self.zxid, zxid)
        kind, path = self.asked.pop(xid)
        if kind == _GET_CHILDREN and error == 0:
            self.listed(path, body[16:])

    def event(self, body):
        self.fleet.counts["events"] += 1
        kind, _, length = struct.unpack_from(">iii", body)
        path = body[12 : 12 + length].decode()
        if kind == _CHILDREN_CHANGED:
            self.send(self.read(_GET_CHILDREN, path))
        elif kind == _DATA_CHANGED:
            self.send(self.read(_GET_DATA, path))

    def listed(self, path, body):
        (count,), at, names = struct.unpack_from(">i", body), 4, set()
        for _ in range(count):
            (length,) = struct.unpack_from(">i", body, at)
            names.add(body[at + 4 : at + 4 + length].decode())
            at += 4 + length
        new = names - self.children.get(path, set())
        self.children[path] = names
        known = names - new if path in self.unwatched else ()
        self.unwatched.discard(path)
        if self.fleet.encoded:
            return
        requests = [(_GET_DATA, name) for name in new] + [(_EXISTS, name) for name in known]
        if requests:
            self.send(b"".join(self.read(kind, f"{path}/{name}") for kind, name in requests))


class Sessions:
    def __init__(self, port, root, services, sessions, encoded):
        self.port, self.encoded = port, encoded
        self.paths = [f"{root}/s{service}" for service in range(services)]
        self.selector = selectors.DefaultSelector()
        self.counts = collections.Counter()
        self.sessions = [Session(self) for _ in range(sessions)]
        self.random = random.Random(1)

    def serve(self, seconds):
        """Takes part for that long; whether anything came."""
        ready = self.selector.select(max(0.0, seconds))
        for key, mask in ready:
            if mask & selectors.EVENT_WRITE:
                key.data.flush()
            if mask & selectors.EVENT_READ:
                key.data.readable()
        return bool(ready)

    def connect(self, spread):
        begun = time.monotonic()
        due = sorted((begun + self.random.uniform(0, spread), i) for i in range(len(self.sessions)))
        for at, i in due:
            while (wait := at - time.monotonic()) > 0:
                self.serve(wait)
            self.sessions[i].connect()
            self.serve(0)
        while any(session.busy for session in self.sessions):
            self.serve(0.01)

    def command(self, word, seconds):
        begun = time.monotonic()
        if word == "start":
            self.connect(seconds)
        elif word == "reconnect":
            for session in self.sessions:
                session.cut()
            self.connect(seconds)
        elif word == "end":
            for session in self.sessions:
                session.end()
            for session in self.sessions:
                session.await_end()
            begun = time.monotonic()
            self.connect(seconds)
        else:
            last = begun
            while time.monotonic() - last < seconds:
                if self.serve(0.05):
                    last = time.monotonic()
        counts, self.counts = self.counts, collections.Counter()
        return {"seconds": time.monotonic() - begun, **counts}

    def run(self):
        self.selector.register(sys.stdin, selectors.EVENT_READ, None)
        while True:
            # Between two commands everything that comes is answered.
            for key, mask in self.selector.select():
                if key.data is not None:
                    if mask & selectors.EVENT_WRITE:
                        key.data.flush()
                    if mask & selectors.EVENT_READ:
                        key.data.readable()
                    continue
                line = sys.stdin.readline()
                if not line:
                    return
                self.selector.unregister(sys.stdin)
                word, seconds = line.split()
                print(json.dumps(self.command(word, float(seconds))), flush=True)
                self.selector.register(sys.stdin, selectors.EVENT_READ, None)


port, root, services, sessions, encoded = sys.argv[1:6]
Sessions(int(port), root, int(services), int(sessions), encoded == "1").run()

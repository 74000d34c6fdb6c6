"""A relay in front of ZooKeeper that counts what one client asks and is told, by reading the frames that pass."""

import collections
import contextlib
import socket
import struct
import threading

NAMES = {3: "exists", 4: "getData", 5: "setData", 8: "getChildren", 12: "getChildren", 101: "setWatches", 105: "setWatches"}
_CONNECT, _PING = 0, 11
_EVENT = -1


class _Frames:
    """Finds the frames in one direction of one connection; `seen` is called with the body of each."""

    def __init__(self, seen):
        self._seen = seen
        self._rest = b""

    def feed(self, data):
        self._rest += data
        while len(self._rest) >= 4:
            (length,) = struct.unpack_from(">i", self._rest)
            if len(self._rest) < 4 + length:
                return
            self._seen(self._rest[4 : 4 + length])
            self._rest = self._rest[4 + length :]


class CountingRelay:
    """`counts`: requests by name, `events`, packets and bytes each way; pings are left out."""

    def __init__(self, port):
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.counts = collections.Counter()
        self._connections = []
        threading.Thread(target=self._accept, daemon=True).start()

    def drop(self):
        """Cuts every connection; new ones are taken at once."""
        connections, self._connections = self._connections, []
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def close(self):
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.drop()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._target))
                for end in (client, server):
                    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._connections += [client, server]
                for source, sink, count in ((client, server, self._asked), (server, client, self._told)):
                    threading.Thread(target=self._pass, args=(source, sink, count), daemon=True).start()

    def _pass(self, source, sink, count):
        first = True

        def seen(body):
            nonlocal first
            count(body, first)
            first = False

        frames = _Frames(seen)
        with contextlib.suppress(OSError):
            while data := source.recv(262_144):
                sink.sendall(data)
                frames.feed(data)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _asked(self, body, first):
        kind = _CONNECT if first else struct.unpack_from(">i", body, 4)[0]
        if kind == _PING:
            return
        self.counts["connect" if first else NAMES.get(kind, f"type {kind}")] += 1
        self.counts["packets up"] += 1
        self.counts["bytes up"] += 4 + len(body)

    def _told(self, body, first):
        xid = None if first else struct.unpack_from(">i", body)[0]
        if xid == -2:
            return
        self.counts["packets down"] += 1
        self.counts["bytes down"] += 4 + len(body)
        if xid == _EVENT:
            self.counts["events"] += 1

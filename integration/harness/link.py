"""The network between a client and a server, as a test wants it: a TCP relay that can be cut, silent, slow or lossy, and
that can lose what a test picks out of ZooKeeper's packets.

It stands between processes, not between kernels: a loss is a pause as TCP makes one until it has sent again.
"""

import contextlib
import random
import select
import socket
import struct
import threading
import time

from harness.ports import free_port

_LOOK_SECONDS = 0.05
# As Linux does: nothing is sent again sooner.
_RETRANSMISSION_SECONDS = 0.2
_RESET = struct.pack("ii", 1, 0)


class Link:
    """Passes connections to its port on to another port of 127.0.0.1.

    `intercept`: None, or a function of (whether it comes from the client, one whole packet of ZooKeeper's protocol) that
    says what becomes of the packet: None, it is passed on; "cut", the connection ends before it; "half", in its middle.
    It sees the connections that began after it was set.
    """

    def __init__(self, target, listen_on=0):
        self.target = target
        self.delay = 0.0  # seconds, in each direction
        self.loss = 0.0  # the share of what is sent that must be sent again
        self.intercept = None
        self.connections = 0  # since the start
        self._lock = threading.Lock()
        self._pairs = set()
        self._swallowed = set()  # (pair, the end whose words are lost)
        self._flowing = threading.Event()
        self._flowing.set()
        self._fillers = []
        self._random = random.Random(target)
        self._listener = None
        self.port = listen_on or free_port()
        self._listen()

    # What a test does.

    def cut(self):
        """Connections are reset, and new ones refused."""
        listener, self._listener = self._listener, None
        if listener:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        self.reset()

    def silence(self):
        """Nothing passes and nobody is told. What is sent arrives when it ends, if both still want it by then; an
        attempt to connect gets no answer either."""
        self._flowing.clear()
        if self._listener and not self._fillers:
            self._fill()

    def forget(self):
        """The same, but what there is does not outlive it: when it ends, both sides are reset."""
        self.silence()
        self._lost = True

    def half_open(self, to_client=True, to_server=True):
        """What is sent over the connections that there are is lost in these directions, for ever and without a word, as
        when a firewall has forgotten them or the other side is gone. New connections are as ever."""
        with self._lock:
            self._swallowed |= {(pair, pair[0]) for pair in self._pairs if to_server}
            self._swallowed |= {(pair, pair[1]) for pair in self._pairs if to_client}

    def reset(self):
        with self._lock:
            pairs = list(self._pairs)
        for pair in pairs:
            _end(pair)

    def heal(self):
        """Passes everything at once, again."""
        self.delay = self.loss = 0.0
        self.intercept = None
        for filler in self._fillers:
            filler.close()
        self._fillers = []
        if self._listener is None:
            self._listen()
        if not self._flowing.is_set() and self._lost:
            self.reset()
        self._lost = False
        self._listener.listen(128)
        self._flowing.set()

    def close(self):
        self.cut()
        self._flowing.set()

    _lost = False

    @property
    def open_connections(self):
        with self._lock:
            return len(self._pairs)

    def ports_to_server(self):
        """From which it is connected to the server."""
        with self._lock:
            return {server.getsockname()[1] for _, server in self._pairs}

    # How.

    def _listen(self):
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self.port))
        listener.listen(128)
        self.port = listener.getsockname()[1]
        self._listener = listener
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def _fill(self):
        """A listener whose queue is full does not answer."""
        self._listener.listen(0)
        for _ in range(8):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", self.port))
            self._fillers.append(filler)
            if not select.select([], [filler], [], 0.1)[1]:
                return

    def _accept(self, listener):
        with contextlib.suppress(OSError, ValueError):
            while True:
                ready = select.select([listener], [], [], _LOOK_SECONDS)[0]
                if self._listener is not listener:
                    return
                if not ready or not self._flowing.is_set():
                    if ready:
                        time.sleep(_LOOK_SECONDS)
                    continue
                client, _ = listener.accept()
                self._begin(client)

    def _begin(self, client):
        try:
            server = socket.create_connection(("127.0.0.1", self.target), timeout=5)
        except OSError:
            _end((client,))
            return
        server.settimeout(None)
        pair = (client, server)
        self.connections += 1
        with self._lock:
            self._pairs.add(pair)
        for end in pair:
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for source, sink, of_client in ((client, server, True), (server, client, False)):
            threading.Thread(target=self._pass, args=(pair, source, sink, of_client), daemon=True).start()

    def _pass(self, pair, source, sink, of_client):
        read = self._packets if self.intercept else self._pieces
        with contextlib.suppress(OSError):
            for data, last in read(source, of_client):
                self._hold_up()
                if (pair, source) in self._swallowed:
                    continue
                sink.sendall(data)
                if last:
                    break
        self._flowing.wait()  # nor is the end of a connection told in silence
        with self._lock:
            self._pairs.discard(pair)
            self._swallowed -= {(pair, end) for end in pair}
        _end(pair)

    def _hold_up(self):
        pause = self.delay
        again = _RETRANSMISSION_SECONDS
        while self._random.random() < self.loss and again < 3:
            pause += again
            again *= 2
        if pause:
            time.sleep(pause)
        self._flowing.wait()

    @staticmethod
    def _pieces(source, _):
        while data := source.recv(65536):
            yield data, False

    def _packets(self, source, of_client):
        """(bytes, whether they are the last)"""
        stream = source.makefile("rb")
        while len(size := stream.read(4)) == 4:
            packet = stream.read(struct.unpack(">i", size)[0])
            fate = self.intercept(of_client, packet) if self.intercept else None
            if fate == "cut":
                return
            if fate == "half":
                yield size + packet[: len(packet) // 2], True
                return
            yield size + packet, False


def _end(sockets):
    """Resets them, whatever they still hold."""
    for end in sockets:
        with contextlib.suppress(OSError):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
        with contextlib.suppress(OSError):
            end.close()

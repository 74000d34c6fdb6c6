"""HAProxy's view of its servers, asked again and again on one connection."""

import socket


class RuntimeState:
    """One connection in prompt mode to the runtime socket at `path`."""

    def __init__(self, path):
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(10)
        self._socket.connect(path)
        self._socket.sendall(b"prompt\n")
        self._answer()

    def _answer(self):
        parts = [b""]
        end = b""
        while not end.endswith(b"\n> "):
            part = self._socket.recv(262_144)
            if not part:
                raise ConnectionError("HAProxy closed its socket")
            parts.append(part)
            end = (end + part)[-3:]
        return b"".join(parts)

    def text(self, backend=b""):
        """The whole answer; of all backends when none is named."""
        self._socket.sendall(b"show servers state %s\n" % backend)
        return self._answer()

    def weights(self, backend=b""):
        return weights(self.text(backend))

    def servers(self, backend=b""):
        """(backend, server) -> (weight, port) of those that take traffic."""
        return {
            (fields[1], fields[3]): (int(fields[7]), int(fields[18]))
            for fields in map(bytes.split, self.text(backend).splitlines())
            if len(fields) > 18 and fields[0] != b"#" and fields[5:7] == [b"2", b"0"]
        }

    def weight(self, backend, server):
        """The server's weight when it takes traffic, else 0."""
        return self.weights(backend).get((backend, server), 0)

    def close(self):
        self._socket.close()


def weights(text):
    """(backend, server) -> the weight of a server that takes traffic, else 0."""
    found = {}
    for line in text.splitlines():
        fields = line.split()
        # be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight ...
        if len(fields) > 7 and fields[0] != b"#":
            found[fields[1], fields[3]] = int(fields[7]) if fields[5] == b"2" and fields[6] == b"0" else 0
    return found

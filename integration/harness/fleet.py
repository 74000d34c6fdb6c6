"""Many services with many backends that exist in the registry only, and the synapse that routes them."""

import json
import re

from harness.configs import synapse
from harness.ports import free_port
from harness.zookeeper_wire import ZookeeperWire

_FIRST_PORT = 1024
_AHEAD = 256  # requests under way


def record(name, number, weight=100, **fields):
    """The data of a backend; `number` gives it an address of its own."""
    host, port = f"127.{1 + number // 60_000 % 250}.0.1", _FIRST_PORT + number % 60_000
    content = {"available": True, "host": host, "port": port, "name": name, "weight": weight, **fields}
    return json.dumps(content, separators=(",", ":"))


class Fleet:
    """`services` paths with `backends` nodes each, on a server of its own. Its clients are no more than a socket, so
    that none of their threads run beside what is measured."""

    def __init__(self, server, services, backends, prefix=""):
        self.server = server
        self.services = services
        self.backends = backends
        self.root = f"/{prefix}{services}x{backends}"
        self.writer = ZookeeperWire(server.port)
        paths = [self.root, *(self.path(service) for service in range(services))]
        self.pipeline([lambda path=path: self.writer.create(path, b"", ephemeral=False) for path in paths])
        self.pipeline(
            [
                lambda s=service, b=backend: self.writer.create(self.node(s, b), self.data(s, b))
                for service in range(services)
                for backend in range(backends)
            ]
        )

    def pipeline(self, requests):
        for start in range(0, len(requests), _AHEAD):
            for request in requests[start : start + _AHEAD]:
                request()
            self.writer.done()

    def path(self, service):
        return f"{self.root}/s{service}"

    def node(self, service, backend):
        return f"{self.path(service)}/b{backend}"

    def data(self, service, backend, weight=100, **fields):
        return record(f"b{backend}", service * self.backends + backend, weight, **fields)

    def proxy(self, service):
        """HAProxy's name of a service."""
        return b"s%d_%d" % (service, service + 1)

    def config(self, **router_keys):
        services = [
            {
                "name": f"s{service}",
                "port": free_port(),
                "watcher": {"type": "zookeeper", "hosts": [self.server.hosts], "path": self.path(service)},
            }
            for service in range(self.services)
        ]
        return synapse(*services, **router_keys)

    def read_all(self):
        """What a bare client does to know everything: each list, then each node, pipelined, on a session of its own."""
        client = ZookeeperWire(self.server.port)
        read = 0
        for service in range(self.services):
            client.ask_children(self.path(service))
        names = [client.take_children() for _ in range(self.services)]
        paths = [f"{self.path(service)}/{name}" for service, children in enumerate(names) for name in children]
        for start in range(0, len(paths), _AHEAD):
            for path in paths[start : start + _AHEAD]:
                client.watch(path)
            client.done()
            read += len(paths[start : start + _AHEAD])
        client.close()
        return read

    def traffic(self, program):
        """What the program's connection has asked of ZooKeeper, and the watches that the server keeps, for all."""
        ports = program.open_sockets()
        connections = re.findall(r"127\.0\.0\.1:(\d+)\[\d+\]\(.*?recved=(\d+)", self.server.command("cons"))
        watches = re.search(r"zk_watch_count\t(\d+)", self.server.command("mntr"))
        return {
            "requests": sum(int(received) for port, received in connections if int(port) in ports),
            "watches": int(watches[1]),
        }

"""The registry's side of the storm: PORT SERVICES BACKENDS RATE SECONDS. Makes the changes at their pace, then prints
each as a line [time, HAProxy's backend, server, weight]; weight 0: it shall not take traffic. The nodes are there, at
100."""

import json
import os
import random
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.dirname(HERE)]

from harness.fleet import record  # noqa: E402
from harness.zookeeper_wire import ZookeeperWire  # noqa: E402

port, services, backends = map(int, sys.argv[1:4])
rate, seconds = float(sys.argv[4]), float(sys.argv[5])
client = ZookeeperWire(port)
chance = random.Random(os.getpid())
ADD, REMOVE, WEIGHT, FLIP = range(4)
# weight of each node that is there; a negative one says that it is unavailable
nodes = {(service, backend): 100 for service in range(services) for backend in range(backends)}
gone = []
changes = []


def another(weight):
    """Not the one before, so that HAProxy's state shows which of them it has."""
    return (abs(weight) + chance.randrange(1, 200)) % 255 + 1


def change(service, backend, kind):
    path = f"/{services}x{backends}/s{service}/b{backend}"
    key = service, backend
    if kind == REMOVE:
        client.delete(path)
        gone.append((key, nodes.pop(key)))
        return 0
    before = nodes.get(key, 0)
    weight = another(before)
    if kind == FLIP and before > 0:
        weight = -weight
    fields = {"available": weight > 0}
    data = record(f"b{backend}", service * backends + backend, abs(weight), **fields)
    client.set(path, data) if key in nodes else client.create(path, data, ephemeral=False)
    nodes[key] = weight
    return max(0, weight)


start = time.monotonic()
for number in range(int(rate * seconds)):
    time.sleep(max(0.0, start + number / rate - time.monotonic()))
    kind = chance.choice((ADD, REMOVE, WEIGHT, FLIP))
    if kind == ADD and gone:
        (service, backend), before = gone.pop(chance.randrange(len(gone)))
    else:
        kind = WEIGHT if kind == ADD or (kind == REMOVE and len(gone) > len(nodes) // 4) else kind
        service, backend = chance.choice(list(nodes))
        before = nodes[service, backend]
    at = time.monotonic()
    weight = change(service, backend, kind)
    if weight or before > 0:
        changes.append((at, f"s{service}_{service + 1}", f"b{backend}", weight))
    client.done()
for line in changes:
    print(json.dumps(line))

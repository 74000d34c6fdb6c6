"""Many small services in one process, each on a port of its own, that note when they are checked; run by
harness.checked.CheckedServices.

A connection on which a request comes counts as an http check and is answered with STATUS, on every SLOW_EVERY-th service
after DELAY seconds; one that is closed without a request counts as a tcp check. The time is the machine's monotonic clock
when the connection came.
The first line of output says the ports. On the control port, GET / gives what was noted and begins anew:
{"http": [[time, ...] for each service], "tcp": likewise, "most_at_once": [http checks at the same time, ...]}
"""

import asyncio
import gc
import json
import resource
import sys
import time

count, delay, slow_every, status = int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])


class Noted:
    def __init__(self):
        self.times = {"http": [[] for _ in range(count)], "tcp": [[] for _ in range(count)]}
        self.most_at_once = [0] * count


noted = Noted()
running = [0] * count
ANSWER = f"HTTP/1.1 {status} Status\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()


class Checked(asyncio.Protocol):
    def __init__(self, index):
        self.index = index
        self.came = time.perf_counter()
        self.transport = None
        self.request = b""
        self.answering = False

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.request += data
        if self.answering or not self.request.endswith(b"\r\n\r\n"):
            return
        self.answering = True
        noted.times["http"][self.index].append(self.came)
        running[self.index] += 1
        noted.most_at_once[self.index] = max(noted.most_at_once[self.index], running[self.index])
        if delay and self.index % slow_every == 0:
            asyncio.get_running_loop().call_later(delay, self.answer)
        else:
            self.answer()

    def answer(self):
        if self.answering:
            self.end()
            self.transport.write(ANSWER)
            self.transport.close()

    def end(self):
        self.answering = False
        running[self.index] -= 1

    def connection_lost(self, _error):
        if self.answering:
            self.end()
        elif not self.request:
            noted.times["tcp"][self.index].append(self.came)


async def report(reader, writer):
    global noted
    await reader.readuntil(b"\r\n\r\n")
    text = json.dumps({**noted.times, "most_at_once": noted.most_at_once}).encode()
    noted = Noted()
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(text) + text)
    await writer.drain()
    writer.close()


async def main():
    loop = asyncio.get_running_loop()
    control = await asyncio.start_server(report, "127.0.0.1", 0)
    servers = [
        await loop.create_server(lambda index=index: Checked(index), "127.0.0.1", 0, backlog=16)
        for index in range(count)
    ]
    ports = [server.sockets[0].getsockname()[1] for server in (control, *servers)]
    print(json.dumps(ports), flush=True)
    gc.freeze()
    await control.serve_forever()


hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
asyncio.run(main())

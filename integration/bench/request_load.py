"""An application that asks at a steady pace, whether or not earlier requests were answered: PORT RATE. One connection
for each request, never a second try. Until its input ends; then it prints one JSON document: for each request its
start (monotonic), its milliseconds, and null or what went wrong; and how late it was itself."""

import asyncio
import json
import sys
import time

TIMEOUT_SECONDS = 10
REQUEST = b"GET / HTTP/1.0\r\nHost: localhost\r\n\r\n"

port, rate = int(sys.argv[1]), float(sys.argv[2])
done = []
late = []


class Exchange(asyncio.Protocol):
    def __init__(self, ended):
        self._ended = ended
        self._answer = b""

    def connection_made(self, transport):
        transport.write(REQUEST)

    def data_received(self, data):
        self._answer += data

    def connection_lost(self, error):
        if self._ended.done():
            return
        status = self._answer.partition(b"\r\n")[0]
        if error is not None:
            self._ended.set_result(repr(error))
        elif b" 200 " not in status:
            self._ended.set_result(f"answer {status.decode(errors='replace')!r}")
        else:
            self._ended.set_result(None)


async def ask(loop):
    start = time.monotonic()
    ended = loop.create_future()
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            await loop.create_connection(lambda: Exchange(ended), "127.0.0.1", port)
            problem = await ended
    except (OSError, TimeoutError) as error:
        problem = repr(error)
    done.append((start, round((time.monotonic() - start) * 1000, 3), problem))


async def main():
    loop = asyncio.get_running_loop()
    stop = loop.create_future()
    loop.add_reader(sys.stdin, lambda: stop.done() or stop.set_result(None))
    tasks = set()
    begin, number = time.monotonic(), 0
    while not stop.done():
        due = begin + number / rate
        wait = due - time.monotonic()
        if wait > 0:
            await asyncio.sleep(wait)
        late.append(max(0.0, time.monotonic() - due))
        task = asyncio.create_task(ask(loop))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        number += 1
    await asyncio.gather(*tasks)
    late.sort()
    print(json.dumps({"requests": done, "late_ms_p99": round(late[int(len(late) * 0.99)] * 1000, 3)}))


asyncio.run(main())

"""An application that asks through its localhost port: PORT RATE. At a steady pace, whether or not earlier requests were
answered, each over a connection of its own and never a second time; and beside that one after the other over a connection
that it keeps: when that ends just as a request is on its way, the request is repeated, and counted as such. To each line on its input it answers with one JSON document: how many requests there were of each kind, the
failures (monotonic time of the end, of the beginning, kind, what), the longest time, who answered how often since the last
line. It ends with its input."""

import asyncio
import collections
import json
import sys
import time

TIMEOUT_SECONDS = 20
REPEATED = "repeated"
port, rate = int(sys.argv[1]), float(sys.argv[2])
counts = collections.Counter()
failures = []
answered = collections.Counter()
longest = 0.0


async def exchange(reader, writer, keep):
    """(status, body, whether the connection can be used again); an EOFError when there was nothing at all."""
    how = "keep-alive" if keep else "close"
    writer.write(f"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: {how}\r\n\r\n".encode())
    await writer.drain()
    line = await reader.readline()
    if not line:
        raise EOFError
    status = int(line.split()[1])
    length, close = 0, False
    while header := (await reader.readline()).decode().strip().lower():
        key, _, value = header.partition(":")
        length = int(value) if key == "content-length" else length
        close = close or (key == "connection" and value.strip() == "close")
    return status, (await reader.readexactly(length)).decode(), keep and not close


def note(kind, begun, problem, body=""):
    global longest
    now = time.monotonic()
    counts[kind] += 1
    longest = max(longest, now - begun)
    if problem is None:
        answered[body] += 1
    elif len(failures) < 100_000:
        failures.append((now, begun, kind, problem))


async def ask_once():
    begun = time.monotonic()
    writer, body, problem = None, "", None
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            status, body, _ = await exchange(reader, writer, False)
            problem = None if status == 200 else f"status {status}"
    except (OSError, TimeoutError, EOFError, ValueError, IndexError) as error:
        problem = repr(error)
    if writer:
        writer.close()
    note("own connection", begun, problem, body)


async def keep_asking():
    """As any client does: a kept connection that has ended between two requests is none, and the request goes over a new
    one; likewise, once, when it ends before there is a word of an answer."""
    reader = writer = None
    while True:
        await asyncio.sleep(4 / rate)
        begun = time.monotonic()
        body, problem = "", None
        if writer and reader.at_eof():
            writer.close()
            writer = None
        for fresh in (writer is None, True):
            try:
                async with asyncio.timeout(TIMEOUT_SECONDS):
                    if writer is None:
                        reader, writer = await asyncio.open_connection("127.0.0.1", port)
                    status, body, keep = await exchange(reader, writer, True)
                    problem = None if status == 200 else f"status {status}"
            except (OSError, TimeoutError, EOFError, ValueError, IndexError) as error:
                problem, keep = repr(error), False
                ended_before = isinstance(error, (EOFError, ConnectionResetError, BrokenPipeError))
                if writer:
                    writer.close()
                writer = None
                if ended_before and not fresh:
                    counts[REPEATED] += 1
                    continue
            break
        if writer and not keep:
            writer.close()
            writer = None
        note("kept connection", begun, problem, body)


def tell():
    requests = {kind: count for kind, count in counts.items() if kind != REPEATED}
    document = {"requests": requests, "repeated": counts[REPEATED], "failures": failures, "longest": longest, "answered": answered}
    print(json.dumps(document), flush=True)
    answered.clear()


async def main():
    loop = asyncio.get_running_loop()
    ended = loop.create_future()

    def asked():
        line = sys.stdin.readline()
        if line:
            tell()
        elif not ended.done():
            ended.set_result(None)

    loop.add_reader(sys.stdin, asked)
    kept = loop.create_task(keep_asking())
    tasks = set()
    begin, number = time.monotonic(), 0
    while not ended.done():
        await asyncio.sleep(max(0.0, begin + number / rate - time.monotonic()))
        task = asyncio.create_task(ask_once())
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        number += 1
    kept.cancel()


asyncio.run(main())

"""A small HTTP/1.1 server that answers its name; run as a process of its own by harness.backend.

/            the name, after ?delay=MILLISECONDS when given; with ?lines=N the name in N lines, ?every=MILLISECONDS apart
/_status/N   from now on every other path answers with status N
/_count      how many requests each path has had, as JSON
/_connections  how many connections there have been
/_busy       200 while another request is being answered, else 404
"""

import asyncio
import collections
import json
import sys
import urllib.parse

name = sys.argv[1]
port = int(sys.argv[2])
status = 200
count = collections.Counter()
busy = 0
connections = 0


async def answer(target):
    """(status, the parts of the body, seconds between them)"""
    global status
    url = urllib.parse.urlsplit(target)
    if url.path.startswith("/_status/"):
        status = int(url.path.rpartition("/")[2])
        return 200, [str(status)], 0
    if url.path == "/_count":
        return 200, [json.dumps(count)], 0
    if url.path == "/_connections":
        return 200, [str(connections)], 0
    if url.path == "/_busy":
        return (200 if busy > 1 else 404), [""], 0
    count[url.path] += 1
    query = dict(urllib.parse.parse_qsl(url.query))
    if "delay" in query:
        await asyncio.sleep(int(query["delay"]) / 1000)
    if "lines" in query:
        return status, [f"{name}\n"] * int(query["lines"]), int(query["every"]) / 1000
    return status, [name], 0


async def send(writer, method, code, parts, pause, close):
    length = sum(len(part) for part in parts)
    connection = "close" if close else "keep-alive"
    writer.write(
        f"HTTP/1.1 {code} Status\r\nContent-Type: text/plain\r\nContent-Length: {length}\r\n"
        f"Connection: {connection}\r\n\r\n".encode()
    )
    for part in parts if method != "HEAD" else ():
        writer.write(part.encode())
        await writer.drain()
        if pause:
            await asyncio.sleep(pause)
    await writer.drain()


async def serve(reader, writer):
    global busy, connections
    connections += 1
    try:
        while line := await reader.readline():
            method, target, version = line.decode("latin-1").split()
            close = version == "HTTP/1.0"
            length = 0
            while header := (await reader.readline()).decode("latin-1").strip():
                key, _, value = header.partition(":")
                if key.lower() == "content-length":
                    length = int(value)
                elif key.lower() == "connection":
                    close = value.strip().lower() == "close"
            await reader.readexactly(length)
            busy += 1
            try:
                await send(writer, method, *await answer(target), close)
            finally:
                busy -= 1
            if close:
                break
    except (OSError, ValueError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", port, backlog=512)
    print(f"listening on {server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


asyncio.run(main())
